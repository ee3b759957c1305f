"""Another phone number, proved by a code."""

from django.conf import settings
from django.db import IntegrityError
from django.db.transaction import atomic
from django.utils.translation import gettext as _

from vestibule.accounts import directory, identifiers, lifecycle
from vestibule.accounts.identifiers import Phone
from vestibule.accounts.lifecycle import Held
from vestibule.accounts.models import User
from vestibule.audit import events
from vestibule.audit.record import record
from vestibule.challenges import newest
from vestibule.challenges.desk import challenges
from vestibule.challenges.policy import Purpose
from vestibule.challenges.results import Standing
from vestibule.courier import messages
from vestibule.courier.messages import Kind
from vestibule.flows import owner, securing, sign_in
from vestibule.flows.flow import flow
from vestibule.guards import texting
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid


@flow("phone_change.start")
def start(*, client: Client, phone: Phone, password: str) -> Standing:
    """Send a code to the number. One that has an account gets a notice instead, and the answer is the same.

    Raises Unauthenticated, StepUpRequired, InvalidCredentials, Locked, Invalid (no SMS goes there), Throttled,
    Unavailable.
    """
    user = securing.recently_signed_in(client)
    sign_in.check(client, user, password)
    if "sms" not in settings.CHANNELS or not identifiers.texted(phone):
        raise Invalid({"phone_number": [FieldError("unsupported", _("Codes can't be sent to this number."))]})
    if user.phone_number == phone and user.phone_verified_at:
        raise Invalid({"phone_number": [FieldError("unchanged", _("This is your number already."))]})
    taken = directory.holder_of_phone(phone) is not None
    payload = {"session_id": str(client.session_id), "phone": phone}
    with atomic():
        securing.hold(client, user)
        place = newest.hold(Purpose.PHONE_CHANGE, challenges.subjects_of(user.pk), client.at)
        kind = messages.ALREADY_REGISTERED if taken else messages.PHONE_CHANGE
        issued = owner.send(client, place, kind, phone, payload, notice=taken)
        record(events.PHONE_CHANGE_ASKED, client)
    return issued.standing


@flow("phone_change.confirm")
def confirm(*, client: Client, otp: str) -> User:
    """The code from the new number, in the session that asked for it.

    Raises Unauthenticated, WrongSecret, Exhausted, Expired, AlreadyUsed, Locked, PhoneTaken, Unavailable.
    """
    user = securing.signed_in(client)
    asked = newest.of(Purpose.PHONE_CHANGE, challenges.subjects_of(user.pk))
    if asked is None or challenges.payload(asked)["session_id"] != str(client.session_id):
        raise errors.Expired
    with challenges.verify(asked, otp, now=client.at) as proof:
        try:
            with atomic():
                user = securing.hold(client)
                lifecycle.renumber(user, Phone(proof.payload["phone"]), client.at)
                record(events.PHONE_CHANGED, client, challenge_id=proof.id)
                _end_others(client, user, messages.PHONE_CHANGED)
                texting.proved(client.at)
        except IntegrityError as error:
            raise errors.PhoneTaken from error
    called_off(user)
    return securing.signed_in(client)


@flow("phone_change.remove")
def remove(*, client: Client) -> User:
    """No number any more, where the e-mail address is proved: another way in has to be left. Where there was none,
    nothing has happened.

    Raises Unauthenticated, StepUpRequired, LastWayIn, Unavailable.
    """
    with atomic():
        user = securing.hold(client)
        if user.phone_number:
            take_off(client, user)
    called_off(user)
    return securing.signed_in(client)


def take_off(client: Client, user: Held) -> None:
    """The proved number is the account's no more, in the caller's transaction. Raises StepUpRequired, LastWayIn."""
    securing.must_be_recent(client)
    if not lifecycle.remove_phone(user, client.at):
        raise errors.LastWayIn
    record(events.PHONE_REMOVED, client)
    _end_others(client, user, messages.PHONE_REMOVED)


def called_off(user: User) -> None:
    """What was under way is off, after the commit."""
    securing.call_off(user.pk, user.email, user.phone_number)


def _end_others(client: Client, user: User, kind: Kind) -> None:
    """Every other session ends, and the owner is told, with a link that takes it back."""
    securing.cut_off(client, user.pk, but=client.session_id)
    owner.warn(client, user, kind)
