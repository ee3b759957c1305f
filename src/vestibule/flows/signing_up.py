"""What both ways of signing up share: what is kept sealed, what is sent, and how one proof becomes one account."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError
from django.db.transaction import atomic

from vestibule.accounts import directory, identifiers, lifecycle, passwords
from vestibule.accounts.applicant import Applicant
from vestibule.accounts.identifiers import Email, FullName, Phone, Username
from vestibule.accounts.lifecycle import Particulars
from vestibule.accounts.models import User
from vestibule.audit import events
from vestibule.audit.record import on_record, record
from vestibule.challenges.desk import challenges
from vestibule.challenges.policy import Purpose
from vestibule.challenges.results import Issued, Proof, Standing
from vestibule.challenges.store import Challenge
from vestibule.courier import allowances, messages, outbox
from vestibule.courier.allowances import Permit
from vestibule.courier.messages import Kind
from vestibule.flows import owner
from vestibule.flows.entering import SignedIn, enter
from vestibule.guards import texting
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.sessions import devices

Kept = Mapping[str, Any]
PURPOSES = (Purpose.REGISTRATION, Purpose.PENDING_REGISTRATION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A code is on its way. `registration` is the signed handle that confirm, resend and status want; `address` is
    where to, and `user_id` the PENDING user, where there is one."""

    registration: str
    channel: str
    address: str
    standing: Standing
    user_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """The account is there; `entered` where the person was signed in."""

    user: User
    entered: SignedIn | None


def kept(applicant: Applicant, device: Mapping[str, str] | None) -> dict[str, Any]:
    """What the person typed, as it is sealed until the proof: the password as its hash. Raises Unavailable."""
    return {
        "channel": applicant.channel,
        "email": applicant.email,
        "phone": applicant.phone,
        "username": applicant.username,
        "full_name": applicant.full_name,
        "password_hash": passwords.hashed(applicant.password),
        "mark": marks(applicant.password)[0],
        "device": dict(device) if device else None,
    }


def marks(password: str) -> list[str]:
    """Twelve bits of a keyed digest of the password, under each key of the ring: of many sign-ups on one address they
    find the few that are worth a hash, and save an attacker who has the keys twelve bits of the search."""
    return [found.hex()[:3] for found in settings.KEYS.digests("sign-up mark", password.encode(errors="replace"))]


def particulars(payload: Kept, chosen: Username | None = None) -> Particulars:
    """What the account will hold. An address is kept once it is proved: whoever signs up by SMS adds and proves an
    e-mail address later."""
    typed = Username(payload["username"]) if payload["username"] else None
    return Particulars(
        password=payload["password_hash"],
        email=Email(payload["email"]) if payload["channel"] == "email" else None,
        username=chosen or typed,
        full_name=FullName(payload["full_name"]),
        phone_number=Phone(payload["phone"]) if payload["phone"] else None,
    )


def address_of(payload: Kept) -> Email | Phone:
    """The address that has to be proved."""
    return Phone(payload["phone"]) if payload["channel"] == "sms" else Email(payload["email"])


def refuse_known(payload: Kept) -> bool:
    """Whether somebody has an account on the address. Raises UsernameTaken; and EmailTaken or PhoneTaken where
    enumeration protection is off."""
    address = address_of(payload)
    subject = identifiers.digest(address)
    if payload["username"] and directory.username_taken(Username(payload["username"])):
        raise errors.UsernameTaken(subject=subject)
    by_sms = payload["channel"] == "sms"
    holder = directory.holder_of_phone(Phone(address)) if by_sms else directory.holder_of_email(Email(address))
    if holder is not None and not settings.ENUMERATION_PROTECTION:
        raise (errors.PhoneTaken if by_sms else errors.EmailTaken)(subject=subject)
    return holder is not None


def found(registration: str) -> Challenge:
    """The sign-up behind a handle, of either way. Raises TokenInvalid, Expired."""
    for purpose in PURPOSES:
        with suppress(errors.TokenInvalid):
            return challenges.find(purpose, registration)
    raise errors.TokenInvalid


def may_tell(client: Client, purpose: Purpose, payload: Kept, *, known: bool) -> Permit:
    """Whether `tell` will send what it writes, counted in the caller's transaction. Raises Throttled."""
    return owner.may_write(client, _kind(purpose, known=known), address_of(payload))


def room(client: Client, seen: Challenge) -> bool:
    """Whether the address of a sign-up has room for one more message. Counts nothing."""
    address = address_of(challenges.payload(seen))
    return allowances.room(client, owner.channel_to(address), identifiers.digest(address))


def tell(client: Client, issued: Issued, purpose: Purpose, permit: Permit) -> None:
    """The code (and the link) to its address; for a decoy, a notice to the owner of the account."""
    address = address_of(issued.payload)
    params: dict[str, str | int] = {
        "address": client.address or "",
        "at": f"{client.at:%d %B %Y, %H:%M} UTC",
        "minutes": max(1, issued.standing.code_expires_in // 60),
        "hours": max(1, issued.standing.expires_in // 3600),
        "code": issued.code or "",
        "link": _page(issued.link) if issued.link else "",
        "reject": f"{_page(issued.link)}&reject=1" if issued.link else "",
    }
    outbox.post(
        client,
        _kind(purpose, known=issued.decoy),
        to=address,
        hint=identifiers.masked(address),
        channel=owner.channel_to(address),
        recipient=identifiers.digest(address),
        params=params,
        topic=issued.id,
        first=issued.first,
        useless_at=None if issued.decoy else issued.expires_at,
        permit=permit,
    )


def _kind(purpose: Purpose, *, known: bool) -> Kind:
    if known:
        return messages.ALREADY_REGISTERED
    return messages.REGISTRATION_CODE if purpose is Purpose.REGISTRATION else messages.VERIFY_ADDRESS


def as_before(client: Client, seen: Challenge, payload: Kept) -> Sent:
    """What the person is told of a code that is not sent, to whom it would go by `payload`: where the one that was
    stands."""
    return Sent(
        registration=challenges.safe.handle(seen.purpose, seen.id),
        channel=payload["channel"],
        address=address_of(payload),
        standing=challenges.standing(seen, client.at),
    )


def sent(issued: Issued, user_id: UUID | None = None) -> Sent:
    """What the person is told of it."""
    return Sent(
        registration=issued.handle,
        channel=issued.payload["channel"],
        address=address_of(issued.payload),
        standing=issued.standing,
        user_id=user_id,
    )


def make_account(
    client: Client,
    proof: Proof,
    chosen: Username | None,
    *,
    sign_in: bool = False,
    page: timedelta | None = None,
) -> Registered:
    """The work of one proof, in one transaction; a unique constraint that refuses it says why afterwards. `page`: the
    person is signed in by a session of the pages that lives so long.

    Raises UsernameTaken and, where the address has an account by now, AlreadyUsed.
    """
    by_sms = proof.payload["channel"] == "sms"
    brought = particulars(proof.payload, chosen)
    waits_as = proof.payload.get("user_id")
    try:
        with atomic():
            user = lifecycle.activate(
                brought,
                waits_as=UUID(waits_as) if waits_as else None,
                email_at=None if by_sms else client.at,
                phone_at=client.at if by_sms else None,
            )
            record(
                events.ACCOUNT_REGISTERED,
                client,
                user_id=user.id,
                subject=proof.subject,
                challenge_id=proof.id,
                channel=proof.payload["channel"],
            )
            said = devices.described(client.agent) if page else proof.payload["device"]
            entered = None
            if sign_in:
                entered = enter(client, user, amr=_amr(by_sms), said=said, page=page)
            else:
                devices.remember(user, said, client.at)
            if by_sms:
                texting.proved(client.at)
    except IntegrityError as error:
        raise _conflict(proof, brought.username) from error
    return Registered(user=user, entered=entered)


def _conflict(proof: Proof, username: Username | None) -> errors.Refusal:
    """Which of the unique constraints refused, read after the fact."""
    if on_record(proof.id):
        return errors.AlreadyUsed(subject=proof.subject)
    if username and directory.username_taken(username):
        return errors.UsernameTaken(subject=proof.subject)
    # The address has an account by now, through another registration that its owner proved: whoever holds the
    # right code is done, and signs in.
    return errors.AlreadyUsed(subject=proof.subject)


def _amr(by_sms: bool) -> list[str]:
    """How the person proved themselves (RFC 8176)."""
    return ["pwd", "sms" if by_sms else "otp"]


def _page(token: str) -> str:
    """The page that a link opens; never from the Host of a request."""
    if settings.FRONTEND_URL:
        return f"{settings.FRONTEND_URL}/verify-email?token={token}"
    return f"{settings.BASE_URL}/verify-email/?token={token}"
