"""What flows that guard an account share: a recent sign-in, a password by the policy, cutting off who else was in."""

from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from vestibule.accounts import lifecycle, passwords
from vestibule.accounts.lifecycle import Held
from vestibule.accounts.models import Status, User
from vestibule.audit import events
from vestibule.audit.record import record
from vestibule.challenges.desk import challenges
from vestibule.challenges.policy import Purpose
from vestibule.flows import owner
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid
from vestibule.sessions import devices, roster

PENDING_CHANGES = (Purpose.EMAIL_CHANGE, Purpose.PHONE_CHANGE)
RESETS = (Purpose.PASSWORD_RESET,)


def signed_in(client: Client) -> User:
    """Who asks. Raises Unauthenticated."""
    if client.user_id is None:
        raise errors.Unauthenticated
    return User.objects.select_related("profile").get(pk=client.user_id)


def recently_signed_in(client: Client) -> User:
    """Who asks, and proved it in the last ten minutes. Raises Unauthenticated, StepUpRequired."""
    user = signed_in(client)
    must_be_recent(client)
    return user


def must_be_recent(client: Client) -> None:
    """The sign-in is one of the last ten minutes. Raises StepUpRequired."""
    if client.auth_time is None or client.auth_time <= client.at - settings.STEP_UP:
        raise errors.StepUpRequired


def hold(client: Client, compared: User | None = None) -> Held:
    """Who asks, as they stand now: the rows of account and session are locked until the caller's transaction ends, so
    that what is decided by them is so when it is done. `compared`: whose password was compared a moment ago.

    Raises Unauthenticated, InvalidCredentials (the password is another by now), SessionRevoked (so is the session).
    """
    if client.user_id is None or client.session_id is None:
        raise errors.Unauthenticated
    held = lifecycle.hold(client.user_id)
    if held and compared and held.password != compared.password:
        raise errors.InvalidCredentials
    if held is None or held.status != Status.ACTIVE or not roster.hold(client.session_id):
        raise errors.SessionRevoked
    return held


def acceptable(user: User, password: str) -> str:
    """A new password in its one spelling, by the policy that holds at every door. Raises Invalid."""
    typed = passwords.normalised(password)
    found = passwords.problems(
        typed,
        email=user.email or "",
        username=user.username or "",
        full_name=user.full_name,
        phone_number=user.phone_number or "",
    )
    if found:
        raise Invalid({"password": found})
    return typed


def must_match(password: str, confirmation: str | None) -> None:
    """The two times that it was typed. Raises Invalid."""
    if confirmation is not None and passwords.normalised(confirmation) != passwords.normalised(password):
        raise Invalid({"password2": [FieldError("password_mismatch", _("The two passwords differ."))]})


def cut_off(client: Client, user_id: UUID, *, but: UUID | None = None) -> None:
    """End the sessions (all but one), and forget the devices and networks that they came from, in the caller's
    transaction."""
    if ended := roster.end(user_id, client.at, but=but):
        record(events.SESSION_ENDED, client, user_id=user_id, code="cut_off", sessions=ended)
    devices.forget_all(user_id, but=but)


def call_off(user_id: UUID, *addresses: str | None) -> None:
    """Whatever change was under way is off, and so is every reset that was asked for at these addresses; after the
    commit."""
    for seen in owner.outstanding(user_id, PENDING_CHANGES, RESETS, filter(None, addresses)):
        challenges.retire(seen)
