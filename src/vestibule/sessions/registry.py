"""Sessions: create, list, lock, revoke. A revocation counts at the next request, and wakes the worker, which tells
applications of it (`applications.logout_notices`)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery

from vestibule.accounts.models import Role, User
from vestibule.conf import conf
from vestibule.courier import wake
from vestibule.kernel import entropy
from vestibule.kernel.client import Client
from vestibule.sessions.models import Device, Session
from vestibule.storage.prepared import PreparedQuery
from vestibule.storage.rows import insert_row

SEEN_ONCE_IN = timedelta(minutes=1)  # how often it is noted that a session is used

# Annotation of a User: how many sessions were not ended, the expired among them; None for none.
SESSIONS_BEGUN = "sessions_begun"
SESSIONS = {
    SESSIONS_BEGUN: Subquery(
        Session.objects.filter(user=OuterRef("pk"), revoked_at__isnull=True)
        .order_by()
        .values("user")
        .annotate(count=Count("*"))
        .values("count")
    )
}

_LOCKED_BY_ID = PreparedQuery(
    Session.objects.filter(revoked_at__isnull=True).only("id").select_for_update(no_key=True), "id"
)


def create_session(
    client: Client,
    user: User,
    *,
    amr: Sequence[str],
    device: Device | None = None,
    page_lifetime: timedelta | None = None,
    identity_id: UUID | None = None,
) -> Session:
    """Create a session in the caller's transaction. `amr` names the authentication methods (RFC 8176). `page_lifetime`
    makes it a session of the hosted pages, which a cookie carries and which has no refresh tokens. `identity_id` is the
    identity at another provider that opens it."""
    return insert_row(
        Session(
            user=user,
            created_at=client.at,
            last_seen_at=client.at,
            expires_at=client.at + (page_lifetime or conf.jwt_refresh_absolute),
            auth_time=client.at,
            amr=list(amr),
            address=client.ip_address,
            agent=client.user_agent,
            device=device,
            is_page=page_lifetime is not None,
            identity_id=identity_id,
        )
    )


def list_live_sessions(user_id: UUID, now: datetime) -> QuerySet[Session]:
    """Return the live sessions of a user, newest first."""
    found = Session.objects.filter(user_id=user_id, revoked_at__isnull=True, expires_at__gt=now)
    idle = Q(
        is_page=True,
        user__role=Role.USER,
        expires_at__lte=F("created_at") + conf.page_session,
        last_seen_at__lte=now - conf.page_idle,
    )
    too_long = Q(created_at__lte=now - conf.staff_session) | Q(last_seen_at__lte=now - conf.staff_idle)
    staff = Q(is_page=True, user__role__in=[Role.ADMIN, Role.MANAGER]) & too_long
    return found.exclude(idle).exclude(staff).select_related("device").order_by("-created_at")


def lock_session(session_id: UUID) -> bool:
    """Lock a session that was not revoked, until the caller's transaction ends. Return whether there is one."""
    return _LOCKED_BY_ID.first(session_id) is not None


def list_continuations(user_id: UUID, session_id: UUID) -> list[Session]:
    """Return every row of one sign-in of the user: a session of the pages goes on under another id after each step-up,
    and so may have done things under several."""
    seen = Session.objects.filter(user_id=user_id, pk=session_id).first()
    began_as = seen.began_as if seen and seen.began_as else session_id
    return list(Session.objects.filter(Q(pk=began_as) | Q(began_as=began_as), user_id=user_id))


def update_last_seen(session: Session, now: datetime) -> None:
    """Note that the session was used, at most once a minute."""
    if session.last_seen_at <= now - SEEN_ONCE_IN:
        Session.objects.filter(pk=session.pk).update(last_seen_at=now)


def reauthenticate_session(session: Session, now: datetime, amr: Sequence[str]) -> Session:
    """Set `auth_time` to now, in the caller's transaction, because the person proved again who they are. `amr` says
    how, and is added to what the session was begun with.

    A session of the hosted pages continues under a new id, since its cookie is that id (ASVS 7.2.4). Its end stays the
    same, and no application is told.
    """
    session.auth_time, session.amr = now, list(dict.fromkeys([*session.amr, *amr]))
    if not session.is_page:
        Session.objects.filter(pk=session.pk).update(auth_time=now, amr=session.amr)
        return session
    Session.objects.filter(pk=session.pk).update(revoked_at=now, told_at=now)
    session.began_as = session.began_as or session.pk
    session.pk, session.last_seen_at = entropy.row_id(), now
    return insert_row(session)


def revoke_sessions(
    user_id: UUID, now: datetime, *, only_session: UUID | None = None, except_session: UUID | None = None
) -> int:
    """Revoke a user's sessions, in the caller's transaction: all, only one, or all but one. Return how many."""
    live = Session.objects.filter(user_id=user_id, revoked_at__isnull=True)
    if only_session:
        live = live.filter(pk=only_session)
    if except_session:
        live = live.exclude(pk=except_session)
    return wake.wake_for(live.update(revoked_at=now))


def revoke_device_sessions(device_id: UUID, now: datetime) -> int:
    """Revoke the sessions of a device, in the caller's transaction, and return how many."""
    live = Session.objects.filter(device_id=device_id, revoked_at__isnull=True)
    return wake.wake_for(live.update(revoked_at=now))


def revoke_identity_sessions(user_id: UUID, identity_id: UUID, now: datetime) -> int:
    """Revoke the sessions that this identity opened, in the caller's transaction, and return how many."""
    live = Session.objects.filter(user_id=user_id, identity_id=identity_id, revoked_at__isnull=True)
    return wake.wake_for(live.update(revoked_at=now))


def revoke_oldest_sessions(user_id: UUID, now: datetime) -> int:
    """Revoke the user's oldest sessions beyond SESSIONS_PER_PERSON, and return how many."""
    beyond = list(list_live_sessions(user_id, now).values_list("pk", flat=True)[conf.sessions_per_person :])
    return wake.wake_for(Session.objects.filter(pk__in=beyond).update(revoked_at=now))


def untold_sessions() -> QuerySet[Session]:
    """Return the sessions that were revoked and whose applications were not told."""
    return Session.objects.filter(revoked_at__isnull=False, told_at=None)


def mark_told(session_ids: Sequence[UUID], now: datetime) -> None:
    """Note that the applications of these sessions, which the caller holds, were told of their end."""
    Session.objects.filter(pk__in=session_ids).update(told_at=now)
