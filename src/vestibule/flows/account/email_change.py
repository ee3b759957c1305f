"""Change the e-mail address: a code proves the new address, and for 72 hours a link sent to the old one undoes the
change."""

from django.db import IntegrityError

from vestibule.accounts import directory, lifecycle
from vestibule.accounts.models import User
from vestibule.addresses.address import Email
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges import newest
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import EmailChangePayload, WayBackPayload
from vestibule.challenges.policy import Purpose, SecretKind
from vestibule.challenges.results import ChallengeStatus, Proof
from vestibule.courier import messages
from vestibule.flows import notices, step_up
from vestibule.flows.flow import flow
from vestibule.flows.recovery import account_recovery, password_reset
from vestibule.flows.sign_in import by_password
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid
from vestibule.storage.database import atomic


@flow("email_change.start")
def start(*, client: Client, email: Email, password: str) -> ChallengeStatus:
    """Send a code to the new address and a notice to the current one.

    If another account has the new address, its owner gets a notice instead of a code and the answer is the same. A
    newer request replaces the older one.

    Raises:
        Unauthenticated: the client is not signed in.
        SessionRevoked: the session was ended meanwhile.
        StepUpRequired: the sign-in is not recent.
        InvalidCredentials: the password is wrong.
        Locked: too many wrong passwords were tried on this account.
        Invalid: the account has this address already, or has a password and none was typed.
        Unavailable: the database cannot be reached, or too many passwords are being hashed.
    """
    user = by_password.require_recent_owner(client, password)
    if user.email == email.value:
        raise Invalid({"email": [FieldError("unchanged", "email_unchanged")]})
    holder = directory.find_account_by_address(email)
    payload = EmailChangePayload(user_id=user.pk, session_id=client.session_id, old=user.email, new=email.value)
    with atomic():
        step_up.lock_current_user(client, user)
        place = newest.lock_pointer(Purpose.EMAIL_CHANGE, challenges.all_person_subjects(user.pk), client.at)
        kind = messages.ALREADY_REGISTERED if holder else messages.EMAIL_CHANGE
        issued = notices.issue_and_send(
            client, place, kind, email, payload, owner=holder or user, notice=holder is not None
        )
        notices.post_message(client, messages.EMAIL_CHANGING, notices.contact_address(user), owner=user)
        record_event(events.EMAIL_CHANGE_ASKED, client)
    return issued.status


@flow("email_change.confirm")
def confirm(*, client: Client, otp: str) -> User:
    """Replace the address by the new one, if the code is right and the session is the one that asked for the change.

    Raises:
        Unauthenticated: the client is not signed in.
        SessionRevoked: the session was ended meanwhile.
        WrongSecret: the code is wrong.
        Exhausted: the code has no attempts left.
        Expired: the code is too old, or another session asked for the change, or the address changed meanwhile.
        AlreadyUsed: the code was used before.
        Locked: the address has no wrong codes left, or another request holds this code.
        EmailTaken: another account proved the address meanwhile.
        Unavailable: a store cannot be reached.
    """
    user = step_up.require_user(client)
    asked = newest.find_newest(Purpose.EMAIL_CHANGE, challenges.all_person_subjects(user.pk))
    if asked is None or challenges.unseal_payload(asked, EmailChangePayload).session_id != client.session_id:
        raise errors.Expired
    with challenges.verify(asked, otp, EmailChangePayload, now=client.at) as proof:
        before = _replace_email(client, proof)
    step_up.cancel_pending_changes(before)
    return step_up.require_user(client)


@flow("email_change.undo")
def undo(*, client: Client, token: str) -> None:
    """Put the old address back, through the link that was sent to it. No password opens the account afterwards; a reset
    is sent to the old address.

    Raises:
        TokenInvalid: the link was not issued by this service, or a newer one replaced it.
        LinkExpired: the link is too old, or a later recovery made it void.
        AlreadyUsed: the link was used before.
        Locked: another request holds this link.
        EmailTaken: another account has the address by now.
        Unavailable: a store cannot be reached.
    """
    seen, secret = challenges.find_live_link(Purpose.EMAIL_UNDO, token, client.at)
    with challenges.verify(seen, secret, WayBackPayload, now=client.at, by=SecretKind.LINK) as proof, atomic():
        user = account_recovery.recover_account(client, proof)
        record_event(events.EMAIL_CHANGE_UNDONE, client, user_id=user.pk, challenge_id=proof.id)
        password_reset.send_to_owner(client, user, Email(proof.payload.address or ""))
    account_recovery.retire_dead_challenges(client, user.pk)


def _replace_email(client: Client, proof: Proof[EmailChangePayload]) -> User:
    """Replace the address, and return the account as it was before."""
    new = Email(proof.payload.new)
    old = Email(proof.payload.old) if proof.payload.old else None
    try:
        with atomic():
            user = step_up.lock_current_user(client)
            if user.email != proof.payload.old:  # the address changed since this change was requested
                raise errors.Expired(subject=proof.subject)
            lifecycle.set_verified_address(user, new, client.at)
            step_up.end_sessions_and_devices(client, user.pk, except_session=client.session_id)
            record_event(events.EMAIL_CHANGED, client, challenge_id=proof.id)
            if old and user.email_verified_at:
                kind = messages.EMAIL_CHANGED
                notices.send_account_link(client, user, Purpose.EMAIL_UNDO, kind, old, page="email_undo")
    except IntegrityError as error:
        raise errors.EmailTaken from error
    return user
