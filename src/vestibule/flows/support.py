"""What the staff do for, and to, a person: each act says why, is on record with who did it to whom, and is told to its
owner where it changes what they can do."""

from dataclasses import replace
from uuid import UUID

from django.db.transaction import atomic
from django.utils.translation import gettext as _

from vestibule.accounts import identifiers, lifecycle
from vestibule.accounts.identifiers import Email, Phone
from vestibule.accounts.models import Status, User
from vestibule.audit import events
from vestibule.audit.events import Event
from vestibule.audit.record import record
from vestibule.challenges.desk import challenges
from vestibule.challenges.policy import Purpose
from vestibule.courier import messages
from vestibule.courier.messages import Kind
from vestibule.flows import owner, password_reset, recovery, registration, roles, securing, staff
from vestibule.flows.account import GRACE
from vestibule.flows.flow import flow
from vestibule.flows.staff import Thing
from vestibule.kernel.client import Client


@flow("support.suspend")
def suspend(*, client: Client, user_id: UUID, reason: str) -> User:
    """ACTIVE -> SUSPENDED, also while its person is closing it: every session ends, whatever change was under way is
    off, nobody signs in, and nothing is erased.

    Raises Unauthenticated, NotAllowed, StepUpRequired, NotFound, Invalid (no reason; the account is not active; nobody
    else is admin), Unavailable.
    """
    staff.may(client, Thing.SUSPEND)
    user, why = staff.person(user_id), staff.reason(reason)
    with atomic():
        roles.keep_an_admin(user.pk)
        staff.hold(client, Thing.SUSPEND)
        if not lifecycle.suspend(user.pk):
            raise staff.impossible(_("Only an account that is active, or that its owner closes, can be suspended."))
        _done(client, user, events.ACCOUNT_SUSPENDED, why, tell=messages.ACCOUNT_SUSPENDED)
        recovery.shut(client, user)
    recovery.tidy(client, user.pk)
    return staff.person(user_id)


@flow("support.reactivate")
def reactivate(*, client: Client, user_id: UUID, reason: str) -> User:
    """SUSPENDED -> ACTIVE, also out of a closing that has not erased it yet.

    Raises Unauthenticated, NotAllowed, StepUpRequired, NotFound, Invalid (no reason; the account is not suspended),
    Unavailable.
    """
    staff.may(client, Thing.REACTIVATE)
    user, why = staff.person(user_id), staff.reason(reason)
    with atomic():
        staff.hold(client, Thing.REACTIVATE)
        if not lifecycle.reactivate(user.pk):
            raise staff.impossible(_("Only a suspended account can be reactivated."))
        _done(client, user, events.ACCOUNT_REACTIVATED, why, tell=messages.ACCOUNT_REACTIVATED)
        recovery.shut(client, user)
    recovery.tidy(client, user.pk)
    return staff.person(user_id)


@flow("support.close")
def close(*, client: Client, user_id: UUID, reason: str) -> User:
    """Switch the account off, and erase it in 14 days; until then only the staff can take that back, by reactivating.

    Raises Unauthenticated, NotAllowed, StepUpRequired, NotFound, Invalid (no reason; there is no account; nobody else
    is admin), Unavailable.
    """
    staff.may(client, Thing.CLOSE)
    user, why = staff.person(user_id), staff.reason(reason)
    with atomic():
        roles.keep_an_admin(user.pk)
        staff.hold(client, Thing.CLOSE)
        if not lifecycle.close_by_staff(user.pk, client.at + GRACE):
            raise staff.impossible(_("There is no account here that you have not closed already."))
        _done(client, user, events.ACCOUNT_CLOSED_BY_STAFF, why, tell=messages.ACCOUNT_CLOSED_BY_STAFF)
        recovery.shut(client, user)
    recovery.tidy(client, user.pk)
    return staff.person(user_id)


@flow("support.sign_out")
def sign_out(*, client: Client, user_id: UUID, reason: str) -> User:
    """End every session of the person; their devices and networks are strangers again.

    Raises Unauthenticated, NotAllowed, StepUpRequired, NotFound, Invalid (no reason), Unavailable.
    """
    staff.may(client, Thing.SIGN_OUT)
    user, why = staff.person(user_id), staff.reason(reason)
    with atomic():
        staff.hold(client, Thing.SIGN_OUT)
        _done(client, user, events.SIGNED_OUT_BY_STAFF, why)
        securing.cut_off(client, user.pk)
    return user


@flow("support.resend_verification")
def resend_verification(*, client: Client, user_id: UUID, reason: str) -> User:
    """A new link and code for a sign-up that waits, in place of the old: nobody of the staff sees them.

    Raises Unauthenticated, NotAllowed, StepUpRequired, NotFound, Invalid (no reason; nothing waits), TooSoon,
    Throttled, Exhausted, Expired, Locked, Unavailable.
    """
    staff.may(client, Thing.RESEND)
    user, why = staff.person(user_id), staff.reason(reason)
    waiting = user.status == Status.PENDING and challenges.newest(
        Purpose.PENDING_REGISTRATION, identifiers.digests(_typed(user)), limit=1
    )
    if not waiting:
        raise staff.impossible(_("No sign-up of this person waits for its proof any more."))
    handle = challenges.safe.handle(waiting[0].purpose, waiting[0].id)
    registration.resend(client=_on_behalf(client), registration=handle)
    with atomic():
        _done(client, user, events.REGISTRATION_RESENT_BY_STAFF, why)
    return user


@flow("support.start_reset")
def start_reset(*, client: Client, user_id: UUID, reason: str) -> User:
    """A link and a code to choose a new password, to the person's own proved address: nobody of the staff sees them,
    and the old password opens the account until then.

    Raises Unauthenticated, NotAllowed, StepUpRequired, NotFound, Invalid (no reason; the account is not active),
    Throttled, Unavailable.
    """
    staff.may(client, Thing.RESET)
    user, why = staff.person(user_id), staff.reason(reason)
    if user.status != Status.ACTIVE:
        raise staff.impossible(_("Only an active account has a password to reset."))
    password_reset.start(client=_on_behalf(client), address=owner.reached_at(user), proved=True)
    with atomic():
        _done(client, user, events.PASSWORD_RESET_BY_STAFF, why)
    return user


def _done(client: Client, user: User, event: Event, why: str, *, tell: Kind | None = None) -> None:
    """The event, and a word to the owner, in the caller's transaction."""
    record(event, client, user_id=user.pk, reason=why)
    if tell:
        owner.write(_on_behalf(client), tell, owner.reached_at(user))


def _on_behalf(client: Client) -> Client:
    """The house asks, whoever of the staff it was: the person's mails and records name no place of theirs."""
    return replace(client, actor="system:staff", address=None, agent="", session_id=None, auth_time=None, user_id=None)


def _typed(user: User) -> Email | Phone:
    """The address that a waiting sign-up has to prove."""
    return Email(user.email) if user.email else Phone(user.phone_number or "")
