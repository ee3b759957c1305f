"""Deferred sign-up: no user row until the address is proved. Start, resend, status, redirect, confirm.

All flows but `start` also serve pending sign-ups: the handle says how the sign-up began.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from vestibule.accounts import lifecycle
from vestibule.accounts.applicant import Applicant
from vestibule.accounts.identifiers import Username
from vestibule.accounts.models import User
from vestibule.addresses.address import Address, Email, Phone
from vestibule.audit import events
from vestibule.audit.record import is_proof_recorded, record_event
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import SignUpPayload
from vestibule.challenges.policy import Purpose
from vestibule.challenges.results import ChallengeStatus, Issued
from vestibule.challenges.store import Challenge
from vestibule.courier import allowances, feedback
from vestibule.flows import notices
from vestibule.flows.flow import flow
from vestibule.flows.sign_up import proof_messages, steps
from vestibule.flows.sign_up.steps import Registered, Sent
from vestibule.kernel import entropy, errors
from vestibule.kernel.client import Client
from vestibule.storage.database import atomic


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The state of a sign-up. `status` is `waiting`, `verified`, `bounced` (the message came back) or `expired`.

    `address` is where the proof was sent. `linked` says whether the message holds a link beside the code. `texting`
    says whether the proof could go by SMS instead. `ended_by` is why no secret opens it any more, and `typed` is what
    was typed, without the password, by the names of the fields: for a person who starts again. Only the browser that
    signed up sees this: it alone has the handle.
    """

    status: str
    ended_by: errors.Refusal | None
    typed: Mapping[str, str]
    address: Address
    linked: bool
    texting: bool
    challenge_status: ChallengeStatus


@flow("registration.start")
def start(*, client: Client, applicant: Applicant, device: Mapping[str, str] | None = None) -> Sent:
    """Send a code to the applicant's address and keep the applicant's data, sealed, until the code comes back.

    If an account has the address, its owner gets a notice instead of a code; the answer and the work are the same.

    Raises:
        UsernameTaken: another account has the username.
        EmailTaken: an account has the address, and ENUMERATION_PROTECTION is off.
        PhoneTaken: an account has the number, and ENUMERATION_PROTECTION is off.
        Throttled: the limits on SMS costs are reached.
        Unavailable: a store cannot be reached, or too many passwords are being hashed.
    """
    payload = steps.build_hashed_payload(applicant, device)
    holder = steps.find_holder(applicant.address, applicant.username)
    return send_proof(client, payload, applicant.address, holder)


def send_proof(client: Client, payload: SignUpPayload, address: Address, holder: User | None) -> Sent:
    """Send a code to the address and seal the data of the sign-up until the code comes back. The `holder`, whose
    account has the address already, gets a notice instead.

    Raises:
        Throttled: the limits on SMS costs are reached.
    """
    purpose = Purpose.REGISTRATION
    known = holder is not None
    payload = replace(payload, language=notices.recipient_language(client, holder))
    # It replaces no older one, so that it can be issued first: while a store apart is slow, no row is locked.
    issued = challenges.issue(purpose, subject=address.digest, payload=payload, now=client.at, decoy=known)
    with atomic():
        permit = proof_messages.acquire_proof_permit(client, purpose, address, known=known)
        proof_messages.post_first_message(client, issued, purpose, address, permit)
    return steps.sent_result(issued, address)


@flow("registration.resend")
def resend(*, client: Client, registration: str) -> Sent:
    """Send a new code in place of the old one. Attempts already used stay used.

    Raises:
        TooSoon: the cooldown after the last send is not over.
        Throttled: no resends are left, or the limits on SMS costs are reached.
        TokenInvalid: the handle was not issued by this service.
        Expired: the sign-up is too old.
        Exhausted: the code has no attempts left.
        AlreadyUsed: the sign-up was proved, or sent to another address.
        Locked: another request holds the sign-up.
        Unavailable: a store cannot be reached.
    """
    return _resend_challenge(client, steps.find_sign_up(registration))


@flow("registration.status")
def show_progress(*, client: Client, registration: str) -> Progress:
    """Report how far a sign-up has come, to the browser that began it. The proof may be made in another browser.

    Raises:
        TokenInvalid: the handle was not issued by this service.
        Expired: the store does not know the sign-up any more.
        Unavailable: a store cannot be reached.
    """
    seen = steps.find_sign_up(registration)
    ended_by = challenges.refusal_if_closed(seen, client.at)
    if is_proof_recorded(seen.id, events.ACCOUNT_REGISTERED):
        said = "verified"
    elif ended_by:
        said = "expired"
    else:
        said = "bounced" if feedback.has_bounced(seen.id) else "waiting"
    payload = challenges.unseal_payload(seen, SignUpPayload)
    address = steps.address_to_prove(payload)
    is_mailed = isinstance(address, Email)
    return Progress(
        status=said,
        ended_by=ended_by,
        typed=steps.list_typed(payload),
        address=address,
        linked=is_mailed and seen.purpose is Purpose.PENDING_REGISTRATION,
        texting=is_mailed and _sms_number(payload) is not None,
        challenge_status=challenges.status_of(seen, client.at),
    )


@flow("registration.confirm")
def confirm(
    *,
    client: Client,
    registration: str,
    otp: str,
    address: Address | None = None,
    username: Username | None = None,
    sign_in: bool,
    page_lifetime: timedelta | None = None,
) -> Registered:
    """Create the account, once, if the code is right, and sign the person in if `sign_in` is set.

    `address`, if given, must be the address of the sign-up. `username` replaces the one typed at the start.
    `page_lifetime` makes the session one of the hosted pages, which lives that long.

    Raises:
        WrongSecret: the code is wrong.
        Exhausted: the code has no attempts left.
        Expired: the sign-up or its code is too old.
        AlreadyUsed: the code was used before, or the address has an account by now.
        TokenInvalid: the handle was not issued by this service.
        Locked: the address has no wrong codes left, or another request holds this code.
        Invalid: `address` is another address than that of the sign-up.
        UsernameTaken: another account has the username. The code stays valid.
        IdentityTaken: another account has the identity at another provider with which the sign-up began.
        Unavailable: a store cannot be reached.
    """
    seen = steps.find_sign_up(registration)
    if address is not None:
        _check_address(seen, address)
    has_row = seen.purpose is Purpose.PENDING_REGISTRATION
    with challenges.verify(seen, otp, SignUpPayload, now=client.at) as proof:
        return steps.create_proved_account(
            client, proof, username, sign_in=sign_in, page_lifetime=page_lifetime, takes_over=has_row
        )


@flow("registration.redirect")
def redirect_proof(*, client: Client, registration: str, email: Email | None = None) -> Sent:
    """Send the proof of a running sign-up elsewhere: to another e-mail address, or by SMS to the number that was typed.

    Without `email` the proof goes by SMS; if it goes by SMS already, it is sent again. The sign-up continues under a
    new handle with the attempts and sends that it has used, and the old handle becomes void. The first redirection
    needs no cooldown; each later one waits like a resend.

    Raises:
        Invalid: no number for SMS was typed, or the address is unchanged.
        TokenInvalid: the handle was not issued by this service.
        Expired: the sign-up is too old.
        Exhausted: the code has no attempts left.
        AlreadyUsed: the sign-up was proved, or sent to another address.
        TooSoon: the cooldown after the last send is not over.
        Locked: another request holds the sign-up.
        EmailTaken: an account has the address, and ENUMERATION_PROTECTION is off.
        PhoneTaken: an account has the number, and ENUMERATION_PROTECTION is off.
        Throttled: no sends are left, or the limits on SMS costs are reached.
        Unavailable: a store cannot be reached.
    """
    seen = steps.find_sign_up(registration)
    if over := challenges.refusal_if_closed(seen, client.at):
        raise over
    before = challenges.unseal_payload(seen, SignUpPayload)
    address_before = steps.address_to_prove(before)
    if not email and isinstance(address_before, Phone):
        return _resend_challenge(client, seen)
    address = _redirected_address(before, address_before, email)
    payload = replace(before, channel=address.channel, email=email.value if email else before.email, unsent=False)
    holder = steps.find_holder(address, payload.username)
    known, payload = holder is not None, replace(payload, language=notices.recipient_language(client, holder))
    user_id, sign_up_id = None, entropy.random_uuid()
    try:
        with challenges.send_elsewhere(seen, now=client.at) as counted, atomic():
            permit = proof_messages.acquire_proof_permit(client, seen.purpose, address, known=known)
            if not permit.may_replace_secret:
                raise _Unsent
            if seen.purpose is Purpose.PENDING_REGISTRATION:
                lifecycle.delete_pending_user(seen.id)  # the row goes where the proof goes
                user_id = lifecycle.save_pending_user(steps.account_details(payload), sign_up_id, client.at)
                known = user_id is None
            issued = challenges.issue(
                seen.purpose,
                subject=address.digest,
                payload=payload,
                now=client.at,
                decoy=known,
                successor_of=counted,
                id=sign_up_id,
            )
            proof_messages.post_sign_up_message(client, issued, seen.purpose, address, permit)
            record_event(
                events.REGISTRATION_REDIRECTED,
                client,
                subject=address.digest,
                challenge_id=seen.id,  # unique in the audit log: the older challenge can prove nothing after the commit
                channel=address.channel,
            )
    except _Unsent:
        return steps.unsent_result(client, seen, address)
    challenges.retire(seen)
    return steps.sent_result(issued, address, user_id)


class _Unsent(Exception):
    """The message will not be sent. Raising this rolls back what was counted for it and keeps the older secret."""


def issue_new_secret(client: Client, challenge: Challenge, address: Address) -> Issued[SignUpPayload] | None:
    """Issue a new secret in place of the old one and post its message. Return None, with nothing changed, if the
    message would not be sent.

    Raises:
        Refusal: any that `resend` raises.
    """
    challenges.check_may_resend(challenge, client.at)
    if not allowances.has_room_for_message(client, address):
        return None
    try:
        with challenges.resend(challenge, SignUpPayload, now=client.at) as issued, atomic():
            permit = proof_messages.acquire_proof_permit(client, challenge.purpose, address, known=issued.decoy)
            if not permit.may_replace_secret:
                raise _Unsent
            proof_messages.post_sign_up_message(client, issued, challenge.purpose, address, permit)
            left = issued.status.resends_left
            record_event(events.REGISTRATION_RESENT, client, subject=challenge.subject, resends_left=left)
    except _Unsent:
        return None
    return issued


def _resend_challenge(client: Client, challenge: Challenge) -> Sent:
    if is_proof_recorded(challenge.id):  # it was redirected or proved, but the store could not be updated
        raise errors.AlreadyUsed(subject=challenge.subject)
    address = steps.address_to_prove(challenges.unseal_payload(challenge, SignUpPayload))
    issued = issue_new_secret(client, challenge, address)
    return steps.sent_result(issued, address) if issued else steps.unsent_result(client, challenge, address)


def _redirected_address(before: SignUpPayload, address_before: Address, email: Email | None) -> Address:
    """Return where the proof goes from now on: the other e-mail address, or the number of the sign-up.

    Raises:
        Invalid: the sign-up has no number that a code can be sent to, or the address is the same.
    """
    address = email or _sms_number(before)
    if address is None:
        raise errors.Invalid({Phone.field: [errors.FieldError("required", "sms_number_missing")]})
    if address == address_before:
        raise errors.Invalid({address.field: [errors.FieldError("unchanged", "destination_unchanged")]})
    return address


def _sms_number(payload: SignUpPayload) -> Phone | None:
    """Return the number of the sign-up, if codes can be sent to it."""
    number = Phone(payload.phone) if payload.phone else None
    return number if number and number.is_sms_allowed else None


def _check_address(challenge: Challenge, address: Address) -> None:
    """Refuse an address other than that of the sign-up, before the code is counted."""
    if not address.matches_digest(challenge.subject):
        wrong = errors.FieldError("mismatch")
        raise errors.Invalid({address.field: [wrong]}, subject=challenge.subject)
