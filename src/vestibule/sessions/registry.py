"""Who is signed in where: sessions begin, are listed, and end; revoking is one column, and counts at once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q, QuerySet

from vestibule.accounts.models import Role, User
from vestibule.kernel import entropy
from vestibule.kernel.client import Client
from vestibule.sessions.models import Device, Session
from vestibule.storage.prepared import PreparedQuery
from vestibule.storage.rows import insert_row

_UNREVOKED = PreparedQuery(Session.objects.filter(revoked_at__isnull=True).only("id"), "user_id", "expires_at__gt")

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
) -> Session:
    """Sign a person in, in the caller's transaction. `amr` says how they proved themselves (RFC 8176); `page`: by a
    cookie of the hosted pages that lives so long, where there are no refresh tokens."""
    return insert_row(
        Session(
            user=user,
            created_at=client.at,
            last_seen_at=client.at,
            expires_at=client.at + (page_lifetime or settings.JWT_REFRESH_ABSOLUTE),
            auth_time=client.at,
            amr=list(amr),
            address=client.ip_address,
            agent=client.user_agent,
            device=device,
            is_page=page_lifetime is not None,
        )
    )


def list_live_sessions(user_id: UUID, now: datetime) -> QuerySet[Session]:
    """The sessions of a person that count, newest first."""
    found = Session.objects.filter(user_id=user_id, revoked_at__isnull=True, expires_at__gt=now)
    idle = Q(
        is_page=True,
        expires_at__lte=F("created_at") + settings.PAGE_SESSION,
        last_seen_at__lte=now - settings.PAGE_IDLE,
    )
    too_long = Q(created_at__lte=now - settings.STAFF_SESSION) | Q(last_seen_at__lte=now - settings.STAFF_IDLE)
    staff = Q(is_page=True, user__role__in=[Role.ADMIN, Role.MANAGER]) & too_long
    return found.exclude(idle).exclude(staff).select_related("device").order_by("-created_at")


def lock_session(session_id: UUID) -> bool:
    """Whether a session was not ended; if so it is locked, and lives, until the caller's transaction ends."""
    return _LOCKED_BY_ID.first(session_id) is not None


def update_last_seen(session: Session, now: datetime) -> None:
    """Somebody used it; noted once a minute."""
    if session.last_seen_at <= now - timedelta(minutes=1):
        Session.objects.filter(pk=session.pk).update(last_seen_at=now)


def reauthenticate_session(session: Session, now: datetime) -> Session:
    """Its person proved once more who they are, in the caller's transaction: `auth_time` is now. A page's session goes
    on under a new id, since its cookie is that id (ASVS 7.2.4), and lives no longer for it."""
    session.auth_time = now
    if not session.is_page:
        Session.objects.filter(pk=session.pk).update(auth_time=now)
        return session
    Session.objects.filter(pk=session.pk).update(revoked_at=now)
    session.pk, session.last_seen_at = entropy.row_id(), now
    return insert_row(session)


def revoke_sessions(
    user_id: UUID, now: datetime, *, only_session: UUID | None = None, except_session: UUID | None = None
) -> int:
    """End a person's sessions, in the caller's transaction: all, one, or all but one; how many there were."""
    live = Session.objects.filter(user_id=user_id, revoked_at__isnull=True)
    if only_session:
        live = live.filter(pk=only_session)
    if except_session:
        live = live.exclude(pk=except_session)
    return live.update(revoked_at=now)


def revoke_device_sessions(device_id: UUID, now: datetime) -> int:
    """End the sessions of a device, in the caller's transaction; how many there were."""
    return Session.objects.filter(device_id=device_id, revoked_at__isnull=True).update(revoked_at=now)


def revoke_oldest_sessions(user_id: UUID, now: datetime) -> int:
    """End the oldest sessions of a person beyond SESSIONS_PER_PERSON; how many."""
    if len(_UNREVOKED.all(user_id, now)) <= settings.SESSIONS_PER_PERSON:
        return 0
    beyond = list(list_live_sessions(user_id, now).values_list("pk", flat=True)[settings.SESSIONS_PER_PERSON :])
    return Session.objects.filter(pk__in=beyond).update(revoked_at=now)
