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
from vestibule.audit.record import record_event
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.policy import Purpose
from vestibule.courier import messages
from vestibule.courier.messages import MessageKind
from vestibule.flows import notices, step_up
from vestibule.flows.account.personal_data import CLOSING_GRACE
from vestibule.flows.flow import flow
from vestibule.flows.recovery import account_recovery, password_reset
from vestibule.flows.sign_up import deferred
from vestibule.flows.staff import permissions, roles
from vestibule.flows.staff.permissions import Permission
from vestibule.kernel.client import Client


@flow("support.suspend")
def suspend_account(*, client: Client, user_id: UUID, reason: str) -> User:
    """ACTIVE -> SUSPENDED, also while its person is closing it: every session ends, whatever change was under way is
    off, nobody signs in, and nothing is erased.

    Raises Unauthenticated, NotAllowed, StepUpRequired, NotFound, Invalid (no reason; the account is not active; nobody
    else is admin), Unavailable.
    """
    permissions.require_permission(client, Permission.SUSPEND)
    user, why = permissions.load_person(user_id), permissions.parse_reason(reason)
    with atomic():
        roles.require_another_admin(user.pk)
        permissions.lock_staff_member(client, Permission.SUSPEND)
        if not lifecycle.suspend_user(user.pk):
            raise permissions.status_refusal(
                _("Only an account that is active, or that its owner closes, can be suspended.")
            )
        _record_staff_action(client, user, events.ACCOUNT_SUSPENDED, why, tell=messages.ACCOUNT_SUSPENDED)
        account_recovery.end_all_access(client, user)
    account_recovery.retire_dead_challenges(client, user.pk)
    return permissions.load_person(user_id)


@flow("support.reactivate")
def reactivate_account(*, client: Client, user_id: UUID, reason: str) -> User:
    """SUSPENDED -> ACTIVE, also out of a closing that has not erased it yet.

    Raises Unauthenticated, NotAllowed, StepUpRequired, NotFound, Invalid (no reason; the account is not suspended),
    Unavailable.
    """
    permissions.require_permission(client, Permission.REACTIVATE)
    user, why = permissions.load_person(user_id), permissions.parse_reason(reason)
    with atomic():
        permissions.lock_staff_member(client, Permission.REACTIVATE)
        if not lifecycle.reactivate_user(user.pk):
            raise permissions.status_refusal(_("Only a suspended account can be reactivated."))
        _record_staff_action(client, user, events.ACCOUNT_REACTIVATED, why, tell=messages.ACCOUNT_REACTIVATED)
        account_recovery.end_all_access(client, user)
    account_recovery.retire_dead_challenges(client, user.pk)
    return permissions.load_person(user_id)


@flow("support.close")
def close_account(*, client: Client, user_id: UUID, reason: str) -> User:
    """Switch the account off, and erase it in 14 days; until then only the staff can take that back, by reactivating.

    Raises Unauthenticated, NotAllowed, StepUpRequired, NotFound, Invalid (no reason; there is no account; nobody else
    is admin), Unavailable.
    """
    permissions.require_permission(client, Permission.CLOSE)
    user, why = permissions.load_person(user_id), permissions.parse_reason(reason)
    with atomic():
        roles.require_another_admin(user.pk)
        permissions.lock_staff_member(client, Permission.CLOSE)
        if not lifecycle.schedule_closing_by_staff(user.pk, client.at + CLOSING_GRACE):
            raise permissions.status_refusal(_("There is no account here that you have not closed already."))
        _record_staff_action(client, user, events.ACCOUNT_CLOSED_BY_STAFF, why, tell=messages.ACCOUNT_CLOSED_BY_STAFF)
        account_recovery.end_all_access(client, user)
    account_recovery.retire_dead_challenges(client, user.pk)
    return permissions.load_person(user_id)


@flow("support.sign_out")
def sign_out_user(*, client: Client, user_id: UUID, reason: str) -> User:
    """End every session of the person; their devices and networks are strangers again.

    Raises Unauthenticated, NotAllowed, StepUpRequired, NotFound, Invalid (no reason), Unavailable.
    """
    permissions.require_permission(client, Permission.SIGN_OUT)
    user, why = permissions.load_person(user_id), permissions.parse_reason(reason)
    with atomic():
        permissions.lock_staff_member(client, Permission.SIGN_OUT)
        _record_staff_action(client, user, events.SIGNED_OUT_BY_STAFF, why)
        step_up.end_sessions_and_devices(client, user.pk)
    return user


@flow("support.resend_verification")
def resend_verification(*, client: Client, user_id: UUID, reason: str) -> User:
    """A new link and code for a sign-up that waits, in place of the old: nobody of the staff sees them.

    Raises Unauthenticated, NotAllowed, StepUpRequired, NotFound, Invalid (no reason; nothing waits), TooSoon,
    Throttled, Exhausted, Expired, Locked, Unavailable.
    """
    permissions.require_permission(client, Permission.RESEND)
    user, why = permissions.load_person(user_id), permissions.parse_reason(reason)
    waiting = user.status == Status.PENDING and challenges.list_newest(
        Purpose.PENDING_REGISTRATION, identifiers.all_address_digests(_waiting_address(user)), limit=1
    )
    if not waiting:
        raise permissions.status_refusal(_("No sign-up of this person waits for its proof any more."))
    handle = challenges.secrets.sign_handle(waiting[0].purpose, waiting[0].id)
    deferred.resend(client=_as_system(client), registration=handle)
    with atomic():
        _record_staff_action(client, user, events.REGISTRATION_RESENT_BY_STAFF, why)
    return user


@flow("support.start_reset")
def start_password_reset(*, client: Client, user_id: UUID, reason: str) -> User:
    """A link and a code to choose a new password, to the person's own proved address: nobody of the staff sees them,
    and the old password opens the account until then.

    Raises Unauthenticated, NotAllowed, StepUpRequired, NotFound, Invalid (no reason; the account is not active),
    Throttled, Unavailable.
    """
    permissions.require_permission(client, Permission.RESET)
    user, why = permissions.load_person(user_id), permissions.parse_reason(reason)
    if user.status != Status.ACTIVE:
        raise permissions.status_refusal(_("Only an active account has a password to reset."))
    password_reset.start(client=_as_system(client), address=notices.contact_address(user), proved_by_link=True)
    with atomic():
        _record_staff_action(client, user, events.PASSWORD_RESET_BY_STAFF, why)
    return user


def _record_staff_action(
    client: Client, user: User, event: Event, why: str, *, tell: MessageKind | None = None
) -> None:
    """The event, and a word to the owner, in the caller's transaction."""
    record_event(event, client, user_id=user.pk, reason=why)
    if tell:
        notices.post_message(_as_system(client), tell, notices.contact_address(user))


def _as_system(client: Client) -> Client:
    """The house asks, whoever of the staff it was: the person's mails and records name no place of theirs."""
    return replace(
        client, actor="system:staff", ip_address=None, user_agent="", session_id=None, auth_time=None, user_id=None
    )


def _waiting_address(user: User) -> Email | Phone:
    """The address that a waiting sign-up has to prove."""
    return Email(user.email) if user.email else Phone(user.phone_number or "")
