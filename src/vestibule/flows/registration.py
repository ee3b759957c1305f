"""Sign up: no user until the address is proved. Start, resend, confirm."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.db.transaction import atomic
from django.utils.translation import gettext as _

from vestibule.accounts import directory, identifiers, lifecycle, passwords
from vestibule.accounts.applicant import Applicant
from vestibule.accounts.identifiers import Email, FullName, Phone, Username
from vestibule.accounts.models import User
from vestibule.audit import events
from vestibule.audit.record import on_record, record
from vestibule.challenges.desk import challenges
from vestibule.challenges.engine import Issued, Proof
from vestibule.challenges.policy import Purpose
from vestibule.courier import messages, outbox
from vestibule.courier.models import Channel
from vestibule.flows.flow import flow
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.sessions.refresh import Tokens, open_session


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A code is on its way. `registration` is the signed handle that confirm and resend want; durations in seconds."""

    registration: str
    channel: str
    expires_in: int
    resend_in: int
    resends_left: int
    attempts_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """The account is there; `tokens` where the person was signed in."""

    user: User
    tokens: Tokens | None


@flow
def start(*, client: Client, applicant: Applicant) -> Sent:
    """Send a code to the applicant's address and keep what they typed, sealed, until it comes back.

    A known address gets the same answer after the same work, and its owner a notice instead of a code.
    Raises UsernameTaken; EmailTaken or PhoneTaken where enumeration protection is off; Unavailable.
    """
    subject = identifiers.digest(applicant.address)
    if applicant.username and directory.username_taken(applicant.username):
        raise errors.UsernameTaken(subject=subject)
    known = _holder(applicant) is not None
    if known and not settings.ENUMERATION_PROTECTION:
        raise _taken(applicant.channel)(subject=subject)
    payload = {
        "channel": applicant.channel,
        "email": applicant.email,
        "phone": applicant.phone,
        "username": applicant.username,
        "full_name": applicant.full_name,
        "password_hash": passwords.hashed(applicant.password),
    }
    with atomic():
        issued = challenges.issue(Purpose.REGISTRATION, subject=subject, payload=payload, now=client.at, decoy=known)
        _tell(client, issued)
        event = events.REGISTRATION_REPEATED if known else events.REGISTRATION_STARTED
        record(event, client, subject=subject, channel=applicant.channel)
    return _sent(issued)


@flow
def resend(*, client: Client, registration: str) -> Sent:
    """A new code in place of the old; tries already used stay used.

    Raises TooSoon inside the cooldown, Throttled after the last resend, TokenInvalid, Expired, Exhausted,
    AlreadyUsed, Locked, Unavailable.
    """
    with challenges.resend(Purpose.REGISTRATION, registration, now=client.at) as issued, atomic():
        _tell(client, issued)
        subject = identifiers.digest(_address(issued.payload))
        record(events.REGISTRATION_RESENT, client, subject=subject, resends_left=issued.resends_left)
    return _sent(issued)


@flow
def confirm(
    *,
    client: Client,
    registration: str,
    otp: str,
    email: str | None = None,
    username: Username | None = None,
    sign_in: bool,
) -> Registered:
    """The code is right: make the account, once, and sign the person in if `sign_in`.

    `email`, if given, must be the one that was signed; `username` replaces the one typed at the start.
    Raises WrongSecret, Exhausted, Expired, AlreadyUsed, TokenInvalid, Locked, Invalid, UsernameTaken (the code stays
    good), Unavailable.
    """
    if email is not None:
        _check_email(registration, email)
    with challenges.verify(Purpose.REGISTRATION, registration, otp, now=client.at) as proof:
        return _make_account(client, proof, username, sign_in=sign_in)


def _make_account(client: Client, proof: Proof, chosen: Username | None, *, sign_in: bool) -> Registered:
    """The work of one proof, in one transaction; a unique constraint that refuses it says why afterwards."""
    kept = proof.payload
    by_sms = kept["channel"] == "sms"
    username = chosen or (Username(kept["username"]) if kept["username"] else None)
    try:
        with atomic():
            # An address is kept once it is proved: whoever signs up by SMS adds and proves an e-mail address later.
            user = lifecycle.create_active(
                password_hash=kept["password_hash"],
                email=None if by_sms else Email(kept["email"]),
                username=username,
                full_name=FullName(kept["full_name"]),
                phone=Phone(kept["phone"]) if kept["phone"] else None,
                email_verified_at=None if by_sms else client.at,
                phone_verified_at=client.at if by_sms else None,
            )
            tokens = open_session(client, user, amr=["pwd", "sms" if by_sms else "otp"]) if sign_in else None
            record(
                events.ACCOUNT_REGISTERED,
                client,
                user_id=user.id,
                subject=proof.subject,
                challenge_id=proof.id,
                channel=kept["channel"],
            )
            if tokens:
                record(events.SESSION_OPENED, client, user_id=user.id, session=tokens.session_id)
    except IntegrityError as error:
        raise _conflict(proof, username) from error
    return Registered(user=user, tokens=tokens)


def _conflict(proof: Proof, username: Username | None) -> errors.Refusal:
    """Which of the unique constraints refused, read after the fact."""
    if on_record(proof.id):
        return errors.AlreadyUsed(subject=proof.subject)
    if username and directory.username_taken(username):
        return errors.UsernameTaken(subject=proof.subject)
    # The address has an account by now, through another registration that its owner proved: whoever holds the
    # right code is done, and signs in.
    return errors.AlreadyUsed(subject=proof.subject)


def _check_email(registration: str, email: str) -> None:
    """Before anything is counted: the address sent along must be the one that was signed."""
    found = challenges.find(Purpose.REGISTRATION, registration)
    try:
        same = identifiers.digest_matches(found.subject, identifiers.email(email))
    except identifiers.Malformed:
        same = False
    if not same:
        wrong = errors.FieldError("mismatch", _("This is not the address that the code was sent to."))
        raise errors.Invalid({"email": [wrong]}, subject=found.subject)


def _holder(applicant: Applicant) -> User | None:
    if applicant.channel == "sms":
        return directory.holder_of_phone(Phone(applicant.address))
    return directory.holder_of_email(Email(applicant.address))


def _taken(channel: str) -> type[errors.Refusal]:
    return errors.PhoneTaken if channel == "sms" else errors.EmailTaken


def _address(payload: Mapping[str, Any]) -> Email | Phone:
    return Phone(payload["phone"]) if payload["channel"] == "sms" else Email(payload["email"])


def _tell(client: Client, issued: Issued) -> None:
    """The code to its address; for a decoy, a notice to the owner of the account."""
    address = _address(issued.payload)
    params: dict[str, str | int] = {
        "address": client.address or "",
        "at": f"{client.at:%d %B %Y, %H:%M} UTC",
        "minutes": max(1, issued.expires_in // 60),
    }
    if issued.code is not None:
        params["code"] = issued.code
    outbox.post(
        client,
        messages.ALREADY_REGISTERED if issued.decoy else messages.REGISTRATION_CODE,
        to=address,
        hint=identifiers.masked(address),
        channel=Channel.SMS if issued.payload["channel"] == "sms" else Channel.EMAIL,
        recipient=identifiers.digest(address),
        params=params,
        topic=issued.id,
        useless_at=None if issued.decoy else issued.expires_at,
    )


def _sent(issued: Issued) -> Sent:
    return Sent(
        registration=issued.handle,
        channel=issued.payload["channel"],
        expires_in=issued.expires_in,
        resend_in=issued.resend_in,
        resends_left=issued.resends_left,
        attempts_left=issued.attempts_left,
    )
