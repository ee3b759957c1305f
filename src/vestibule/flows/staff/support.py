"""What the staff do for and to people. Every act has a reason and is recorded with who did it to whom; the owner is
told if it changes what they can do."""

from dataclasses import replace
from uuid import UUID

from vestibule.accounts import directory, lifecycle
from vestibule.accounts.models import Status, User
from vestibule.audit import events
from vestibule.audit.events import Event
from vestibule.audit.record import record_event
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.policy import Purpose
from vestibule.courier import staff_messages
from vestibule.courier.message_kind import MessageKind
from vestibule.factors import factor_resets, registry
from vestibule.flows import notices, step_up
from vestibule.flows.account.identities import remove_identities
from vestibule.flows.account.personal_data import CLOSING_GRACE
from vestibule.flows.account.ways_in import has_another_way_in
from vestibule.flows.completion import Via
from vestibule.flows.flow import flow
from vestibule.flows.recovery import account_recovery, factor_reset, password_reset
from vestibule.flows.sign_up import deferred
from vestibule.flows.staff import permissions, roles
from vestibule.flows.staff.permissions import Permission
from vestibule.identities import links
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.storage.database import atomic


@flow("support.suspend")
def suspend_account(*, client: Client, user_id: UUID, reason: str) -> User:
    """Suspend an account (ACTIVE -> SUSPENDED), also one that its owner is closing. Every session and pending change
    ends, nobody can sign in, and nothing is erased.

    Raises:
        Unauthenticated: the client is not signed in.
        SessionRevoked: the session was ended meanwhile.
        NotAllowed: the client's role lacks the permission.
        EnrolmentRequired: the role needs a second factor, and the account has none.
        StepUpRequired: the sign-in is not recent.
        NotFound: there is no such person.
        Invalid: no reason was given, the account is not active, or no admin would be left.
        Unavailable: the database cannot be reached.
    """
    permissions.require_permission(client, Permission.SUSPEND)
    user, why = permissions.load_person(user_id), permissions.parse_reason(reason)
    with atomic():
        roles.require_another_admin(user.pk)
        permissions.lock_staff_member(client, Permission.SUSPEND)
        if not lifecycle.suspend_user(user.pk):
            raise permissions.status_refusal("account_not_active_or_closing")
        _record_staff_action(client, user, events.ACCOUNT_SUSPENDED, why, tell=staff_messages.ACCOUNT_SUSPENDED)
        account_recovery.end_all_access(client, user)
    account_recovery.retire_dead_challenges(client, user.pk)
    return permissions.load_person(user_id)


@flow("support.reactivate")
def reactivate_account(*, client: Client, user_id: UUID, reason: str) -> User:
    """Reactivate a suspended account (SUSPENDED -> ACTIVE), also one that is closing and not erased yet.

    Raises:
        Unauthenticated: the client is not signed in.
        SessionRevoked: the session was ended meanwhile.
        NotAllowed: the client's role lacks the permission.
        EnrolmentRequired: the role needs a second factor, and the account has none.
        StepUpRequired: the sign-in is not recent.
        NotFound: there is no such person.
        Invalid: no reason was given, or the account is not suspended.
        Unavailable: the database cannot be reached.
    """
    permissions.require_permission(client, Permission.REACTIVATE)
    user, why = permissions.load_person(user_id), permissions.parse_reason(reason)
    with atomic():
        permissions.lock_staff_member(client, Permission.REACTIVATE)
        if not lifecycle.reactivate_user(user.pk):
            raise permissions.status_refusal("account_not_suspended")
        _record_staff_action(client, user, events.ACCOUNT_REACTIVATED, why, tell=staff_messages.ACCOUNT_REACTIVATED)
        account_recovery.end_all_access(client, user)
    account_recovery.retire_dead_challenges(client, user.pk)
    return permissions.load_person(user_id)


@flow("support.close")
def close_account(*, client: Client, user_id: UUID, reason: str) -> User:
    """Close an account and schedule its erasure in CLOSING_GRACE. Until then only the staff can undo it, by
    reactivating.

    Raises:
        Unauthenticated: the client is not signed in.
        SessionRevoked: the session was ended meanwhile.
        NotAllowed: the client's role lacks the permission.
        EnrolmentRequired: the role needs a second factor, and the account has none.
        StepUpRequired: the sign-in is not recent.
        NotFound: there is no such person.
        Invalid: no reason was given, there is no account, or no admin would be left.
        Unavailable: the database cannot be reached.
    """
    permissions.require_permission(client, Permission.CLOSE)
    user, why = permissions.load_person(user_id), permissions.parse_reason(reason)
    with atomic():
        roles.require_another_admin(user.pk)
        permissions.lock_staff_member(client, Permission.CLOSE)
        if not lifecycle.schedule_closing_by_staff(user.pk, client.at + CLOSING_GRACE):
            raise permissions.status_refusal("account_closed_already")
        _record_staff_action(
            client, user, events.ACCOUNT_CLOSED_BY_STAFF, why, tell=staff_messages.ACCOUNT_CLOSED_BY_STAFF
        )
        account_recovery.end_all_access(client, user)
    account_recovery.retire_dead_challenges(client, user.pk)
    return permissions.load_person(user_id)


@flow("support.sign_out")
def sign_out_user(*, client: Client, user_id: UUID, reason: str) -> User:
    """End every session of the person, and forget their devices and networks.

    Raises:
        Unauthenticated: the client is not signed in.
        SessionRevoked: the session was ended meanwhile.
        NotAllowed: the client's role lacks the permission.
        EnrolmentRequired: the role needs a second factor, and the account has none.
        StepUpRequired: the sign-in is not recent.
        NotFound: there is no such person.
        Invalid: no reason was given.
        Unavailable: the database cannot be reached.
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
    """Send a waiting sign-up a new link and code in place of the old ones. The staff do not see them.

    Raises:
        Unauthenticated: the client is not signed in.
        AlreadyUsed: the sign-up was proved meanwhile.
        NotAllowed: the client's role lacks the permission.
        EnrolmentRequired: the role needs a second factor, and the account has none.
        StepUpRequired: the sign-in is not recent.
        NotFound: there is no such person.
        Invalid: no reason was given, or no sign-up waits.
        TooSoon: the cooldown after the last send is not over.
        Throttled: no resends are left.
        Exhausted: the code has no attempts left.
        Expired: the sign-up is too old.
        Locked: another request holds the sign-up.
        Unavailable: a store cannot be reached.
    """
    permissions.require_permission(client, Permission.RESEND)
    user, why = permissions.load_person(user_id), permissions.parse_reason(reason)
    waiting = user.status == Status.PENDING and challenges.list_newest(
        Purpose.PENDING_REGISTRATION, directory.addresses_of(user)[0].all_digests, limit=1
    )
    if not waiting:
        raise permissions.status_refusal("sign_up_not_waiting")
    handle = challenges.secrets.sign_handle(waiting[0].purpose, waiting[0].id)
    deferred.resend(client=_as_system(client), registration=handle)
    with atomic():
        _record_staff_action(client, user, events.REGISTRATION_RESENT_BY_STAFF, why)
    return user


@flow("support.start_reset")
def start_password_reset(*, client: Client, user_id: UUID, reason: str) -> User:
    """Send a reset to the person's own proved address. The staff do not see it, and the old password works until it is
    used.

    Raises:
        Unauthenticated: the client is not signed in.
        NotAllowed: the client's role lacks the permission.
        EnrolmentRequired: the role needs a second factor, and the account has none.
        StepUpRequired: the sign-in is not recent.
        NotFound: there is no such person.
        Invalid: no reason was given, or the account is not active.
        Unavailable: the database cannot be reached.
    """
    permissions.require_permission(client, Permission.RESET)
    user, why = permissions.load_person(user_id), permissions.parse_reason(reason)
    if user.status != Status.ACTIVE:
        raise permissions.status_refusal("account_not_active")
    with atomic():
        password_reset.send_to_owner(_as_system(client), user, notices.contact_address(user))
        _record_staff_action(client, user, events.PASSWORD_RESET_BY_STAFF, why)
    return user


@flow("support.reset_factors")
def reset_factors(*, client: Client, user_id: UUID, reason: str) -> User:
    """Order that every second factor of a person who lost them all is removed in 24 hours. The owner is told at once at
    every proved address, and can stop it by a link.

    Raises:
        Unauthenticated: the client is not signed in.
        SessionRevoked: the session was ended meanwhile.
        NotAllowed: the client's role lacks the permission.
        EnrolmentRequired: the role needs a second factor, and the account has none.
        StepUpRequired: the sign-in is not recent.
        NotFound: there is no such person.
        Invalid: no reason was given, it is the client's own account, the account is not active or has no second factor,
            or the removal is ordered already.
        Unavailable: the database cannot be reached.
    """
    permissions.require_permission(client, Permission.RESET_FACTORS)
    user, why = permissions.load_person(user_id), permissions.parse_reason(reason)
    if user.pk == client.user_id:
        raise permissions.status_refusal("own_factors")
    with atomic():
        permissions.lock_staff_member(client, Permission.RESET_FACTORS)
        held = lifecycle.lock_user(user.pk)
        if held is None or held.status != Status.ACTIVE or not registry.has_second_factor(held):
            raise permissions.status_refusal("no_second_factor")
        if not factor_resets.order_reset(held, client.at):
            raise permissions.status_refusal("factor_reset_ordered")
        _record_staff_action(client, held, events.FACTOR_RESET_ORDERED, why)
        factor_reset.announce_reset(_as_system(client), held)
    return user


@flow("support.unlink_identities")
def unlink_identities(*, client: Client, user_id: UUID, reason: str, identity: UUID | None = None) -> User:
    """Take every identity at another provider, or the one with this id, off an account that has another way in. The
    sessions that they opened end, and the owner is told.

    Raises:
        Unauthenticated: the client is not signed in.
        SessionRevoked: the session was ended meanwhile.
        NotAllowed: the client's role lacks the permission.
        EnrolmentRequired: the role needs a second factor, and the account has none.
        StepUpRequired: the sign-in is not recent.
        NotFound: there is no such person.
        Invalid: no reason was given, or the account has no identity, or not this one.
        LastSignInMethod: nothing else opens the account.
        Unavailable: the database cannot be reached.
    """
    permissions.require_permission(client, Permission.UNLINK)
    user, why = permissions.load_person(user_id), permissions.parse_reason(reason)
    with atomic():
        permissions.lock_staff_member(client, Permission.UNLINK)
        held = lifecycle.lock_user(user.pk)
        found = [each for each in links.list_identities(user) if identity in (None, each.pk)] if held else []
        if held is None or not found:
            raise permissions.status_refusal("no_identity")
        if not has_another_way_in(held, without=found[0] if identity else Via.SOCIAL):
            raise errors.LastSignInMethod
        remove_identities(_as_system(client), held, found, reason=why, by=client)
    return user


def _record_staff_action(
    client: Client, user: User, event: Event, why: str, *, tell: MessageKind | None = None
) -> None:
    """Record the event, and post a notice to the owner if `tell` is given, in the caller's transaction."""
    record_event(event, client, user_id=user.pk, reason=why)
    if tell:
        notices.post_message(_as_system(client), tell, notices.contact_address(user), owner=user)


def _as_system(client: Client) -> Client:
    """Return a client that stands for the service, so that messages and records of the person hold no trace of the
    staff's address, device or language."""
    return replace(Client.for_system("staff", client.at), request_id=client.request_id)
