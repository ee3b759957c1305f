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
from vestibule.audit.record import is_proof_recorded, record_event
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.policy import Purpose
from vestibule.challenges.results import ChallengeStatus, Issued
from vestibule.challenges.store import Challenge
from vestibule.courier import feedback
from vestibule.flows.flow import flow
from vestibule.flows.sign_up import steps
from vestibule.flows.sign_up.steps import Registered, Sent
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
    challenge_status: ChallengeStatus


@flow("registration.start")
def start(*, client: Client, applicant: Applicant, device: Mapping[str, str] | None = None) -> Sent:
    """Send a code to the applicant's address and keep what they typed, sealed, until it comes back.

    A known address gets the same answer after the same work, and its owner a notice instead of a code.
    Raises UsernameTaken; EmailTaken or PhoneTaken where enumeration protection is off; Throttled, Unavailable.
    """
    subject, purpose = identifiers.address_digest(applicant.address), Purpose.REGISTRATION
    payload = steps.build_hashed_payload(applicant, device)
    known = steps.check_known_address(payload)
    with atomic():
        permit = steps.acquire_proof_permit(client, purpose, payload, known=known)
        issued = challenges.issue(purpose, subject=subject, payload=payload, now=client.at, decoy=known)
        steps.post_sign_up_message(client, issued, purpose, permit)
        event = events.REGISTRATION_REPEATED if known else events.REGISTRATION_STARTED
        record_event(event, client, subject=subject, channel=applicant.channel)
    return steps.sent_result(issued)


@flow("registration.resend")
def resend(*, client: Client, registration: str) -> Sent:
    """A new code in place of the old; tries already used stay used.

    Raises TooSoon inside the cooldown, Throttled after the last resend, TokenInvalid, Expired, Exhausted,
    AlreadyUsed, Locked, Unavailable.
    """
    return _resend_challenge(client, steps.find_sign_up(registration))


@flow("registration.status")
def show_progress(*, client: Client, registration: str) -> Progress:
    """Where the sign-up stands, for the browser that began it and may be waiting for a proof made elsewhere.

    Raises TokenInvalid, Expired, Unavailable.
    """
    seen = steps.find_sign_up(registration)
    if is_proof_recorded(seen.id, events.ACCOUNT_REGISTERED):
        said = "verified"
    elif challenges.refusal_if_closed(seen, client.at):
        said = "expired"
    else:
        said = "bounced" if feedback.has_bounced(seen.id) else "waiting"
    payload = challenges.unseal_payload(seen)
    by_mail = payload["channel"] == "email"
    return Progress(
        status=said,
        channel=payload["channel"],
        address=steps.address_to_prove(payload),
        linked=by_mail and seen.purpose is Purpose.PENDING_REGISTRATION,
        texting=by_mail and _has_sms_number(payload),
        challenge_status=challenges.status_of(seen, client.at),
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
    page_lifetime: timedelta | None = None,
) -> Registered:
    """The code is right: make the account, once, and sign the person in if `sign_in` (`page`: by a session of the pages
    that lives so long).

    `address`, if given, must be the one that was signed; `username` replaces the one typed at the start.
    Raises WrongSecret, Exhausted, Expired, AlreadyUsed, TokenInvalid, Locked, Invalid, UsernameTaken (the code stays
    good), Unavailable.
    """
    seen = steps.find_sign_up(registration)
    if address is not None:
        _check_address(seen, address)
    with challenges.verify(seen, otp, now=client.at) as proof:
        return steps.create_proved_account(client, proof, username, sign_in=sign_in, page_lifetime=page_lifetime)


@flow("registration.redirect")
def redirect_proof(*, client: Client, registration: str, email: Email | None = None) -> Sent:
    """Send the proof elsewhere without starting again: to another e-mail address (the first was mistyped), or, with
    none given, by SMS to the number that was typed. The sign-up goes on under a new handle, with the tries and sends
    that it had; the old one dies. The first goes at once, the next waits like a resend. What goes by SMS already is
    sent again.

    Raises Invalid (no number was typed; the address is the same), TokenInvalid, Expired, Exhausted, AlreadyUsed,
    TooSoon, Locked; EmailTaken or PhoneTaken where enumeration protection is off; Throttled, Unavailable.
    """
    seen = steps.find_sign_up(registration)
    if over := challenges.refusal_if_closed(seen, client.at):
        raise over
    before = challenges.unseal_payload(seen)
    if not email and before["channel"] == "sms":
        return _resend_challenge(client, seen)
    change = {"channel": "email", "email": email} if email else {"channel": "sms"}
    payload = {**before, **change, "unsent": False}
    _check_redirection(before, payload)
    subject, known = (
        identifiers.address_digest(steps.address_to_prove(payload)),
        steps.check_known_address(payload),
    )
    user_id: UUID | None = None
    try:
        with challenges.send_elsewhere(seen, now=client.at) as counted, atomic():
            permit = steps.acquire_proof_permit(client, seen.purpose, payload, known=known)
            if not permit.may_replace_secret:
                raise _Unsent
            if seen.purpose is Purpose.PENDING_REGISTRATION:
                user_id = _move_pending_user(payload, client)
                known, payload["user_id"] = user_id is None, str(user_id or payload["user_id"])
            issued = challenges.issue(
                seen.purpose, subject=subject, payload=payload, now=client.at, decoy=known, successor_of=counted
            )
            steps.post_sign_up_message(client, issued, seen.purpose, permit)
            record_event(
                events.REGISTRATION_REDIRECTED,
                client,
                subject=subject,
                challenge_id=seen.id,  # the work of the older one: from the commit on it proves nothing
                channel=payload["channel"],
            )
    except _Unsent:
        return steps.unsent_result(client, seen, payload)
    challenges.retire(seen)
    return steps.sent_result(issued, user_id)


class _Unsent(Exception):
    """The message will not be sent: what was counted for it is put back, and the older secret with it."""


def issue_new_secret(client: Client, challenge: Challenge) -> Issued | None:
    """A new secret in place of the old, on its way to the address; None where its message would not be sent, and
    nothing was changed. Raises what `resend` raises."""
    challenges.check_may_resend(challenge, client.at)
    if not steps.has_room_for_resend(client, challenge):
        return None
    try:
        with challenges.resend(challenge, now=client.at) as issued, atomic():
            permit = steps.acquire_proof_permit(client, challenge.purpose, issued.payload, known=issued.decoy)
            if not permit.may_replace_secret:
                raise _Unsent
            steps.post_sign_up_message(client, issued, challenge.purpose, permit)
            left = issued.status.resends_left
            record_event(events.REGISTRATION_RESENT, client, subject=challenge.subject, resends_left=left)
    except _Unsent:
        return None
    return issued


def _resend_challenge(client: Client, challenge: Challenge) -> Sent:
    if is_proof_recorded(challenge.id):  # it went elsewhere, or was proved, and the store was not told
        raise errors.AlreadyUsed(subject=challenge.subject)
    issued = issue_new_secret(client, challenge)
    return (
        steps.sent_result(issued)
        if issued
        else steps.unsent_result(client, challenge, challenges.unseal_payload(challenge))
    )


def _move_pending_user(payload: dict[str, str], client: Client) -> UUID | None:
    """The PENDING row goes where the proof goes; one that waits for an SMS keeps the e-mail address until then."""
    lifecycle.delete_pending_user(UUID(payload["user_id"]), payload["password_hash"])
    return lifecycle.save_pending_user(steps.account_details(payload), client.at)


def _check_redirection(before: steps.SignUpPayload, after: steps.SignUpPayload) -> None:
    wrong: dict[str, list[errors.FieldError]] = {}
    if after["channel"] == "sms" and not _has_sms_number(after):
        words = _("There is no phone number in this sign-up that a code can be sent to.")
        wrong = {"phone_number": [errors.FieldError("required", words)]}
    elif (after["channel"], after["email"]) == (before["channel"], before["email"]):
        wrong = {"email": [errors.FieldError("unchanged", _("The message went to this address."))]}
    if wrong:
        raise errors.Invalid(wrong)


def _has_sms_number(payload: steps.SignUpPayload) -> bool:
    return bool(payload["phone"]) and identifiers.is_sms_allowed(payload["phone"])


def _check_address(challenge: Challenge, address: Email | Phone) -> None:
    """Before anything is counted: the address sent along must be the one that was signed."""
    if not identifiers.matches_address_digest(challenge.subject, address):
        wrong = errors.FieldError("mismatch", _("This is not the address that the code was sent to."))
        raise errors.Invalid({"email" if "@" in address else "phone_number": [wrong]}, subject=challenge.subject)
