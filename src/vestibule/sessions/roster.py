"""Who is signed in where: sessions begin, are listed, and end; revoking is one column, and counts at once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q, QuerySet

from vestibule.accounts.models import Role, User
from vestibule.database.prepared import Prepared
from vestibule.database.rows import insert
from vestibule.kernel import entropy
from vestibule.kernel.client import Client
from vestibule.sessions.models import Device, Session

_UNENDED = Prepared(Session.objects.filter(revoked_at__isnull=True).only("id"), "user_id", "expires_at__gt")

_BY_ID = Prepared(Session.objects.filter(revoked_at__isnull=True).only("id").select_for_update(no_key=True), "id")


def begin(
    client: Client, user: User, *, amr: Sequence[str], device: Device | None = None, page: timedelta | None = None
) -> Session:
    """Sign a person in, in the caller's transaction. `amr` says how they proved themselves (RFC 8176); `page`: by a
    cookie of the hosted pages that lives so long, where there are no refresh tokens."""
    return insert(
        Session(
            user=user,
            created_at=client.at,
            last_seen_at=client.at,
            expires_at=client.at + (page or settings.JWT_REFRESH_ABSOLUTE),
            auth_time=client.at,
            amr=list(amr),
            address=client.address,
            agent=client.agent,
            device=device,
            is_page=page is not None,
        )
    )


def living(user_id: UUID, now: datetime) -> QuerySet[Session]:
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


def hold(session_id: UUID) -> bool:
    """Whether a session was not ended; if so it is locked, and lives, until the caller's transaction ends."""
    return _BY_ID.first(session_id) is not None


def seen(session: Session, now: datetime) -> None:
    """Somebody used it; noted once a minute."""
    if session.last_seen_at <= now - timedelta(minutes=1):
        Session.objects.filter(pk=session.pk).update(last_seen_at=now)


def renew(session: Session, now: datetime) -> Session:
    """Its person proved once more who they are, in the caller's transaction: `auth_time` is now. A page's session goes
    on under a new id, since its cookie is that id (ASVS 7.2.4), and lives no longer for it."""
    session.auth_time = now
    if not session.is_page:
        Session.objects.filter(pk=session.pk).update(auth_time=now)
        return session
    Session.objects.filter(pk=session.pk).update(revoked_at=now)
    session.pk, session.last_seen_at = entropy.row_id(), now
    return insert(session)


def end(user_id: UUID, now: datetime, *, only: UUID | None = None, but: UUID | None = None) -> int:
    """End a person's sessions, in the caller's transaction: all, one, or all but one; how many there were."""
    live = Session.objects.filter(user_id=user_id, revoked_at__isnull=True)
    if only:
        live = live.filter(pk=only)
    if but:
        live = live.exclude(pk=but)
    return live.update(revoked_at=now)


def end_of_device(device_id: UUID, now: datetime) -> int:
    """End the sessions of a device, in the caller's transaction; how many there were."""
    return Session.objects.filter(device_id=device_id, revoked_at__isnull=True).update(revoked_at=now)


def crowd_out(user_id: UUID, now: datetime) -> int:
    """End the oldest sessions of a person beyond SESSIONS_PER_PERSON; how many."""
    if len(_UNENDED.all(user_id, now)) <= settings.SESSIONS_PER_PERSON:
        return 0
    beyond = list(living(user_id, now).values_list("pk", flat=True)[settings.SESSIONS_PER_PERSON :])
    return Session.objects.filter(pk__in=beyond).update(revoked_at=now)
