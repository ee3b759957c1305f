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
from vestibule.accounts.lifecycle import AccountDetails
from vestibule.accounts.models import User
from vestibule.audit import events
from vestibule.audit.record import is_proof_recorded, record_event
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.policy import Purpose
from vestibule.challenges.results import ChallengeStatus, Issued, Proof
from vestibule.challenges.store import Challenge
from vestibule.courier import allowances, messages, outbox
from vestibule.courier.allowances import Permit
from vestibule.courier.messages import MessageKind
from vestibule.flows import notices
from vestibule.flows.completion import SignedIn, complete_sign_in
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.limits import sms_costs
from vestibule.sessions import devices

SignUpPayload = Mapping[str, Any]
PURPOSES = (Purpose.REGISTRATION, Purpose.PENDING_REGISTRATION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A code is on its way. `registration` is the signed handle that confirm, resend and status want; `address` is
    where to, and `user_id` the PENDING user, where there is one."""

    registration: str
    channel: str
    address: str
    challenge_status: ChallengeStatus
    user_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """The account is there; `entered` where the person was signed in."""

    user: User
    signed_in: SignedIn | None


def build_hashed_payload(applicant: Applicant, device: Mapping[str, str] | None) -> dict[str, Any]:
    """What the person typed, as it is sealed until the proof: the password as its hash. Raises Unavailable."""
    return {
        "channel": applicant.channel,
        "email": applicant.email,
        "phone": applicant.phone,
        "username": applicant.username,
        "full_name": applicant.full_name,
        "password_hash": passwords.hash_password(applicant.password),
        "mark": password_marks(applicant.password)[0],
        "device": dict(device) if device else None,
    }


def password_marks(password: str) -> list[str]:
    """Twelve bits of a keyed digest of the password, under each key of the ring: of many sign-ups on one address they
    find the few that are worth a hash, and save an attacker who has the keys twelve bits of the search."""
    return [found.hex()[:3] for found in settings.KEYS.all_digests("sign-up mark", password.encode(errors="replace"))]


def account_details(payload: SignUpPayload, chosen: Username | None = None) -> AccountDetails:
    """What the account will hold. An address is kept once it is proved: whoever signs up by SMS adds and proves an
    e-mail address later."""
    typed = Username(payload["username"]) if payload["username"] else None
    return AccountDetails(
        password=payload["password_hash"],
        email=Email(payload["email"]) if payload["channel"] == "email" else None,
        username=chosen or typed,
        full_name=FullName(payload["full_name"]),
        phone_number=Phone(payload["phone"]) if payload["phone"] else None,
    )


def address_to_prove(payload: SignUpPayload) -> Email | Phone:
    """The address that has to be proved."""
    return Phone(payload["phone"]) if payload["channel"] == "sms" else Email(payload["email"])


def check_known_address(payload: SignUpPayload) -> bool:
    """Whether somebody has an account on the address. Raises UsernameTaken; and EmailTaken or PhoneTaken where
    enumeration protection is off."""
    address = address_to_prove(payload)
    subject = identifiers.address_digest(address)
    if payload["username"] and directory.is_username_taken(Username(payload["username"])):
        raise errors.UsernameTaken(subject=subject)
    by_sms = payload["channel"] == "sms"
    holder = (
        directory.find_account_by_phone(Phone(address)) if by_sms else directory.find_account_by_email(Email(address))
    )
    if holder is not None and not settings.ENUMERATION_PROTECTION:
        raise (errors.PhoneTaken if by_sms else errors.EmailTaken)(subject=subject)
    return holder is not None


def find_sign_up(registration: str) -> Challenge:
    """The sign-up behind a handle, of either way. Raises TokenInvalid, Expired."""
    for purpose in PURPOSES:
        with suppress(errors.TokenInvalid):
            return challenges.find_by_handle(purpose, registration)
    raise errors.TokenInvalid


def acquire_proof_permit(client: Client, purpose: Purpose, payload: SignUpPayload, *, known: bool) -> Permit:
    """Whether `tell` will send what it writes, counted in the caller's transaction. Raises Throttled."""
    return notices.acquire_message_permit(client, _message_kind(purpose, known=known), address_to_prove(payload))


def has_room_for_resend(client: Client, challenge: Challenge) -> bool:
    """Whether the address of a sign-up has room for one more message. Counts nothing."""
    address = address_to_prove(challenges.unseal_payload(challenge))
    return allowances.has_room_for_message(client, notices.channel_for(address), identifiers.address_digest(address))


def post_sign_up_message(client: Client, issued: Issued, purpose: Purpose, permit: Permit) -> None:
    """The code (and the link) to its address; for a decoy, a notice to the owner of the account."""
    address = address_to_prove(issued.payload)
    params: dict[str, str | int] = {
        "address": client.ip_address or "",
        "at": f"{client.at:%d %B %Y, %H:%M} UTC",
        "minutes": max(1, issued.status.code_expires_in // 60),
        "hours": max(1, issued.status.expires_in // 3600),
        "code": issued.code or "",
        "link": _verify_page_url(issued.link) if issued.link else "",
        "reject": f"{_verify_page_url(issued.link)}&reject=1" if issued.link else "",
    }
    outbox.post(
        client,
        _message_kind(purpose, known=issued.decoy),
        to=address,
        hint=identifiers.masked_address(address),
        channel=notices.channel_for(address),
        recipient=identifiers.address_digest(address),
        params=params,
        topic=issued.id,
        first=issued.is_first_send,
        useless_at=None if issued.decoy else issued.expires_at,
        permit=permit,
    )


def _message_kind(purpose: Purpose, *, known: bool) -> MessageKind:
    if known:
        return messages.ALREADY_REGISTERED
    return messages.REGISTRATION_CODE if purpose is Purpose.REGISTRATION else messages.VERIFY_ADDRESS


def unsent_result(client: Client, challenge: Challenge, payload: SignUpPayload) -> Sent:
    """What the person is told of a code that is not sent, to whom it would go by `payload`: where the one that was
    stands."""
    return Sent(
        registration=challenges.secrets.sign_handle(challenge.purpose, challenge.id),
        channel=payload["channel"],
        address=address_to_prove(payload),
        challenge_status=challenges.status_of(challenge, client.at),
    )


def sent_result(issued: Issued, user_id: UUID | None = None) -> Sent:
    """What the person is told of it."""
    return Sent(
        registration=issued.handle,
        channel=issued.payload["channel"],
        address=address_to_prove(issued.payload),
        challenge_status=issued.status,
        user_id=user_id,
    )


def create_proved_account(
    client: Client,
    proof: Proof,
    chosen_username: Username | None,
    *,
    sign_in: bool = False,
    page_lifetime: timedelta | None = None,
) -> Registered:
    """The work of one proof, in one transaction; a unique constraint that refuses it says why afterwards. `page`: the
    person is signed in by a session of the pages that lives so long.

    Raises UsernameTaken and, where the address has an account by now, AlreadyUsed.
    """
    by_sms = proof.payload["channel"] == "sms"
    brought = account_details(proof.payload, chosen_username)
    waits_as = proof.payload.get("user_id")
    try:
        with atomic():
            user = lifecycle.activate_user(
                brought,
                pending_id=UUID(waits_as) if waits_as else None,
                email_verified_at=None if by_sms else client.at,
                phone_verified_at=client.at if by_sms else None,
            )
            record_event(
                events.ACCOUNT_REGISTERED,
                client,
                user_id=user.id,
                subject=proof.subject,
                challenge_id=proof.id,
                channel=proof.payload["channel"],
            )
            said = devices.describe_user_agent(client.user_agent) if page_lifetime else proof.payload["device"]
            entered = None
            if sign_in:
                entered = complete_sign_in(
                    client, user, amr=_authentication_methods(by_sms), device_claims=said, page_lifetime=page_lifetime
                )
            else:
                devices.remember_device(user, said, client.at)
            if by_sms:
                sms_costs.count_code_used(client.at)
    except IntegrityError as error:
        raise _conflict_refusal(proof, brought.username) from error
    return Registered(user=user, signed_in=entered)


def _conflict_refusal(proof: Proof, username: Username | None) -> errors.Refusal:
    """Which of the unique constraints refused, read after the fact."""
    if is_proof_recorded(proof.id):
        return errors.AlreadyUsed(subject=proof.subject)
    if username and directory.is_username_taken(username):
        return errors.UsernameTaken(subject=proof.subject)
    # The address has an account by now, through another registration that its owner proved: whoever holds the
    # right code is done, and signs in.
    return errors.AlreadyUsed(subject=proof.subject)


def _authentication_methods(by_sms: bool) -> list[str]:
    """How the person proved themselves (RFC 8176)."""
    return ["pwd", "sms" if by_sms else "otp"]


def _verify_page_url(token: str) -> str:
    """The page that a link opens; never from the Host of a request."""
    if settings.FRONTEND_URL:
        return f"{settings.FRONTEND_URL}/verify-email?token={token}"
    return f"{settings.BASE_URL}/verify-email/?token={token}"
