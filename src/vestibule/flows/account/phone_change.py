"""Change or remove the phone number. A code proves a new one."""

from django.db import IntegrityError

from vestibule.accounts import directory, lifecycle
from vestibule.accounts.lifecycle import LockedUser
from vestibule.accounts.models import User
from vestibule.addresses.address import Phone
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges import newest
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import PhoneChangePayload
from vestibule.challenges.policy import Purpose
from vestibule.challenges.results import ChallengeStatus
from vestibule.conf import conf
from vestibule.courier import messages
from vestibule.courier.message_kind import MessageKind
from vestibule.flows import notices, step_up
from vestibule.flows.flow import flow
from vestibule.flows.sign_in import by_password
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid
from vestibule.limits import sms_costs
from vestibule.storage.database import atomic


@flow("phone_change.start")
def start(*, client: Client, phone: Phone, password: str) -> ChallengeStatus:
    """Send a code to the new number. If another account has the number, its owner gets a notice instead of a code and
    the answer is the same.

    Raises:
        Unauthenticated: the client is not signed in.
        SessionRevoked: the session was ended meanwhile.
        StepUpRequired: the sign-in is not recent.
        InvalidCredentials: the password is wrong.
        Locked: too many wrong passwords were tried on this account.
        Invalid: no SMS can be sent to the number, or the account has proved it already, or has a password and none was
            typed.
        Throttled: the limits on SMS costs are reached.
        Unavailable: the database cannot be reached, or too many passwords are being hashed.
    """
    user = by_password.require_recent_owner(client, password)
    if phone.channel not in conf.channels or not phone.is_sms_allowed:
        raise Invalid({"phone_number": [FieldError("unsupported")]})
    if user.phone_number == phone.value and user.phone_verified_at:
        raise Invalid({"phone_number": [FieldError("unchanged", "phone_unchanged")]})
    holder = directory.find_account_by_address(phone)
    payload = PhoneChangePayload(session_id=client.session_id, phone=phone.value)
    with atomic():
        step_up.lock_current_user(client, user)
        place = newest.lock_pointer(Purpose.PHONE_CHANGE, challenges.all_person_subjects(user.pk), client.at)
        kind = messages.ALREADY_REGISTERED if holder else messages.PHONE_CHANGE
        issued = notices.issue_and_send(
            client, place, kind, phone, payload, owner=holder or user, notice=holder is not None
        )
        record_event(events.PHONE_CHANGE_ASKED, client)
    return issued.status


@flow("phone_change.confirm")
def confirm(*, client: Client, otp: str) -> User:
    """Replace the number by the new one, if the code is right and the session is the one that asked for the change.

    Raises:
        Unauthenticated: the client is not signed in.
        SessionRevoked: the session was ended meanwhile.
        WrongSecret: the code is wrong.
        Exhausted: the code has no attempts left.
        Expired: the code is too old, or another session asked for the change.
        AlreadyUsed: the code was used before.
        Locked: the number has no wrong codes left, or another request holds this code.
        PhoneTaken: another account proved the number meanwhile.
        Unavailable: a store cannot be reached.
    """
    user = step_up.require_user(client)
    asked = newest.find_newest(Purpose.PHONE_CHANGE, challenges.all_person_subjects(user.pk))
    if asked is None or challenges.unseal_payload(asked, PhoneChangePayload).session_id != client.session_id:
        raise errors.Expired
    with challenges.verify(asked, otp, PhoneChangePayload, now=client.at) as proof:
        try:
            with atomic():
                user = step_up.lock_current_user(client)
                lifecycle.set_verified_address(user, Phone(proof.payload.phone), client.at)
                record_event(events.PHONE_CHANGED, client, challenge_id=proof.id)
                _end_other_sessions(client, user, messages.PHONE_CHANGED)
                sms_costs.count_code_used(client.at)
        except IntegrityError as error:
            raise errors.PhoneTaken from error
    step_up.cancel_pending_changes(user)
    return step_up.require_user(client)


@flow("phone_change.remove")
def remove_number(*, client: Client) -> User:
    """Remove the phone number. An account without a number is left unchanged.

    Raises:
        Unauthenticated: the client is not signed in.
        SessionRevoked: the session was ended meanwhile.
        StepUpRequired: the sign-in is not recent.
        LastSignInMethod: the account has no proved e-mail address.
        Unavailable: the database cannot be reached.
    """
    with atomic():
        user = step_up.lock_current_user(client)
        if user.phone_number:
            remove_locked_number(client, user)
    step_up.cancel_pending_changes(user)
    return step_up.require_user(client)


def remove_locked_number(client: Client, user: LockedUser) -> None:
    """Remove the number of a locked account, in the caller's transaction.

    Raises:
        StepUpRequired: the sign-in is not recent.
        LastSignInMethod: the account has no proved e-mail address.
    """
    step_up.require_recent_sign_in(client)
    if not lifecycle.remove_verified_phone(user, client.at):
        raise errors.LastSignInMethod
    record_event(events.PHONE_REMOVED, client)
    _end_other_sessions(client, user, messages.PHONE_REMOVED)


def _end_other_sessions(client: Client, user: User, kind: MessageKind) -> None:
    """End every other session and send the owner a message with a link that takes the account back."""
    step_up.end_sessions_and_devices(client, user.pk, except_session=client.session_id)
    notices.warn_owner(client, user, kind)
