"""Sign up: no user until the address is proved. Start, resend, status, confirm; and another address on the way.

All but `start` serve a pending registration too: a handle says which way it began.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.transaction import atomic
from django.utils.translation import gettext as _

from vestibule.accounts import identifiers, lifecycle
from vestibule.accounts.applicant import Applicant
from vestibule.accounts.identifiers import Email, Phone, Username
from vestibule.audit import events
from vestibule.audit.record import on_record, record
from vestibule.challenges.desk import challenges
from vestibule.challenges.policy import Purpose
from vestibule.challenges.results import Issued, Standing
from vestibule.challenges.store import Challenge
from vestibule.courier import feedback
from vestibule.flows import signing_up
from vestibule.flows.flow import flow
from vestibule.flows.signing_up import Registered, Sent
from vestibule.kernel import errors
from vestibule.kernel.client import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How a sign-up stands: `waiting`, `verified`, `bounced` (the mail came back) or `expired`.

    `address` is where the proof was sent, `linked` whether a link went with the code, and `texting` whether it could go
    by SMS instead: for the browser that typed them, which alone holds the handle.
    """

    status: str
    channel: str
    address: str
    linked: bool
    texting: bool
    standing: Standing


@flow("registration.start")
def start(*, client: Client, applicant: Applicant, device: Mapping[str, str] | None = None) -> Sent:
    """Send a code to the applicant's address and keep what they typed, sealed, until it comes back.

    A known address gets the same answer after the same work, and its owner a notice instead of a code.
    Raises UsernameTaken; EmailTaken or PhoneTaken where enumeration protection is off; Throttled, Unavailable.
    """
    subject, purpose = identifiers.digest(applicant.address), Purpose.REGISTRATION
    payload = signing_up.kept(applicant, device)
    known = signing_up.refuse_known(payload)
    with atomic():
        permit = signing_up.may_tell(client, purpose, payload, known=known)
        issued = challenges.issue(purpose, subject=subject, payload=payload, now=client.at, decoy=known)
        signing_up.tell(client, issued, purpose, permit)
        event = events.REGISTRATION_REPEATED if known else events.REGISTRATION_STARTED
        record(event, client, subject=subject, channel=applicant.channel)
    return signing_up.sent(issued)


@flow("registration.resend")
def resend(*, client: Client, registration: str) -> Sent:
    """A new code in place of the old; tries already used stay used.

    Raises TooSoon inside the cooldown, Throttled after the last resend, TokenInvalid, Expired, Exhausted,
    AlreadyUsed, Locked, Unavailable.
    """
    return _resent(client, signing_up.found(registration))


@flow("registration.status")
def status(*, client: Client, registration: str) -> Progress:
    """Where the sign-up stands, for the browser that began it and may be waiting for a proof made elsewhere.

    Raises TokenInvalid, Expired, Unavailable.
    """
    seen = signing_up.found(registration)
    if on_record(seen.id, events.ACCOUNT_REGISTERED):
        said = "verified"
    elif challenges.over(seen, client.at):
        said = "expired"
    else:
        said = "bounced" if feedback.bounced(seen.id) else "waiting"
    payload = challenges.payload(seen)
    by_mail = payload["channel"] == "email"
    return Progress(
        status=said,
        channel=payload["channel"],
        address=signing_up.address_of(payload),
        linked=by_mail and seen.purpose is Purpose.PENDING_REGISTRATION,
        texting=by_mail and _texted(payload),
        standing=challenges.standing(seen, client.at),
    )


@flow("registration.confirm")
def confirm(
    *,
    client: Client,
    registration: str,
    otp: str,
    address: Email | Phone | None = None,
    username: Username | None = None,
    sign_in: bool,
    page: timedelta | None = None,
) -> Registered:
    """The code is right: make the account, once, and sign the person in if `sign_in` (`page`: by a session of the pages
    that lives so long).

    `address`, if given, must be the one that was signed; `username` replaces the one typed at the start.
    Raises WrongSecret, Exhausted, Expired, AlreadyUsed, TokenInvalid, Locked, Invalid, UsernameTaken (the code stays
    good), Unavailable.
    """
    seen = signing_up.found(registration)
    if address is not None:
        _check_address(seen, address)
    with challenges.verify(seen, otp, now=client.at) as proof:
        return signing_up.make_account(client, proof, username, sign_in=sign_in, page=page)


@flow("registration.redirect")
def redirect(*, client: Client, registration: str, email: Email | None = None) -> Sent:
    """Send the proof elsewhere without starting again: to another e-mail address (the first was mistyped), or, with
    none given, by SMS to the number that was typed. The sign-up goes on under a new handle, with the tries and sends
    that it had; the old one dies. The first goes at once, the next waits like a resend. What goes by SMS already is
    sent again.

    Raises Invalid (no number was typed; the address is the same), TokenInvalid, Expired, Exhausted, AlreadyUsed,
    TooSoon, Locked; EmailTaken or PhoneTaken where enumeration protection is off; Throttled, Unavailable.
    """
    seen = signing_up.found(registration)
    if over := challenges.over(seen, client.at):
        raise over
    before = challenges.payload(seen)
    if not email and before["channel"] == "sms":
        return _resent(client, seen)
    change = {"channel": "email", "email": email} if email else {"channel": "sms"}
    payload = {**before, **change, "unsent": False}
    _check_redirection(before, payload)
    subject, known = identifiers.digest(signing_up.address_of(payload)), signing_up.refuse_known(payload)
    user_id: UUID | None = None
    try:
        with challenges.redirect(seen, now=client.at) as counted, atomic():
            permit = signing_up.may_tell(client, seen.purpose, payload, known=known)
            if not permit.changes:
                raise _Unsent
            if seen.purpose is Purpose.PENDING_REGISTRATION:
                user_id = _move(payload, client)
                known, payload["user_id"] = user_id is None, str(user_id or payload["user_id"])
            issued = challenges.issue(
                seen.purpose, subject=subject, payload=payload, now=client.at, decoy=known, after=counted
            )
            signing_up.tell(client, issued, seen.purpose, permit)
            record(
                events.REGISTRATION_REDIRECTED,
                client,
                subject=subject,
                challenge_id=seen.id,  # the work of the older one: from the commit on it proves nothing
                channel=payload["channel"],
            )
    except _Unsent:
        return signing_up.as_before(client, seen, payload)
    challenges.retire(seen)
    return signing_up.sent(issued, user_id)


class _Unsent(Exception):
    """The message will not be sent: what was counted for it is put back, and the older secret with it."""


def send_again(client: Client, seen: Challenge) -> Issued | None:
    """A new secret in place of the old, on its way to the address; None where its message would not be sent, and
    nothing was changed. Raises what `resend` raises."""
    challenges.refuse_resend(seen, client.at)
    if not signing_up.room(client, seen):
        return None
    try:
        with challenges.resend(seen, now=client.at) as issued, atomic():
            permit = signing_up.may_tell(client, seen.purpose, issued.payload, known=issued.decoy)
            if not permit.changes:
                raise _Unsent
            signing_up.tell(client, issued, seen.purpose, permit)
            left = issued.standing.resends_left
            record(events.REGISTRATION_RESENT, client, subject=seen.subject, resends_left=left)
    except _Unsent:
        return None
    return issued


def _resent(client: Client, seen: Challenge) -> Sent:
    if on_record(seen.id):  # it went elsewhere, or was proved, and the store was not told
        raise errors.AlreadyUsed(subject=seen.subject)
    issued = send_again(client, seen)
    return signing_up.sent(issued) if issued else signing_up.as_before(client, seen, challenges.payload(seen))


def _move(payload: dict[str, str], client: Client) -> UUID | None:
    """The PENDING row goes where the proof goes; one that waits for an SMS keeps the e-mail address until then."""
    lifecycle.withdraw(UUID(payload["user_id"]), payload["password_hash"])
    return lifecycle.enrol(signing_up.particulars(payload), client.at)


def _check_redirection(before: signing_up.Kept, after: signing_up.Kept) -> None:
    wrong: dict[str, list[errors.FieldError]] = {}
    if after["channel"] == "sms" and not _texted(after):
        words = _("There is no phone number in this sign-up that a code can be sent to.")
        wrong = {"phone_number": [errors.FieldError("required", words)]}
    elif (after["channel"], after["email"]) == (before["channel"], before["email"]):
        wrong = {"email": [errors.FieldError("unchanged", _("The message went to this address."))]}
    if wrong:
        raise errors.Invalid(wrong)


def _texted(payload: signing_up.Kept) -> bool:
    return bool(payload["phone"]) and identifiers.texted(payload["phone"])


def _check_address(seen: Challenge, address: Email | Phone) -> None:
    """Before anything is counted: the address sent along must be the one that was signed."""
    if not identifiers.digest_matches(seen.subject, address):
        wrong = errors.FieldError("mismatch", _("This is not the address that the code was sent to."))
        raise errors.Invalid({"email" if "@" in address else "phone_number": [wrong]}, subject=seen.subject)
