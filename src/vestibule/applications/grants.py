"""What a code gave: grants, each of one person to one application. A revocation counts at the next request
(`applications.live_grants`), and wakes the worker, which tells the application (`applications.logout_notices`)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from vestibule.applications.models import Application, Grant
from vestibule.conf import conf
from vestibule.courier import wake
from vestibule.kernel.client import Client
from vestibule.sessions.models import Session
from vestibule.storage.rows import insert_row


def create_grant(
    client: Client,
    application: Application,
    session: Session,
    *,
    proof_id: UUID,
    scope: Sequence[str],
    audience: Sequence[str],
    auth_time: datetime,
    amr: Sequence[str],
) -> Grant:
    """Create the grant of a code, in the caller's transaction. With `offline_access` in its scope it outlives the
    session (OpenID Connect Core, 11)."""
    is_offline = "offline_access" in scope
    return insert_row(
        Grant(
            application=application,
            user=session.user,
            session=session,
            sid=session.id,
            proof_id=proof_id,
            scope=" ".join(scope),
            audience=list(audience),
            is_offline=is_offline,
            auth_time=auth_time,
            amr=list(amr),
            created_at=client.at,
            last_used_at=client.at,
            expires_at=client.at + conf.jwt_refresh_absolute if is_offline else session.expires_at,
        )
    )


def revoke_grants(
    user_id: UUID,
    now: datetime,
    *,
    only_application: UUID | None = None,
    only_session: UUID | None = None,
    only_identity: UUID | None = None,
    only_grant: UUID | None = None,
    by_application: bool = False,
) -> int:
    """Revoke the grants of an account, in the caller's transaction: all, or those to one application, of one session,
    of the sessions that one identity opened, or one alone. Return how many. `by_application`: the application does
    that, and need not be told."""
    live = Grant.objects.filter(user_id=user_id, revoked_at=None)
    if only_application:
        live = live.filter(application_id=only_application)
    if only_session:
        live = live.filter(session_id=only_session)
    if only_identity:
        live = live.filter(session__identity_id=only_identity)
    if only_grant:
        live = live.filter(pk=only_grant)
    told = {"told_at": now} if by_application else {}
    return wake.wake_for(live.update(revoked_at=now, **told))


def revoke_grant_of_proof(application: Application, proof_id: UUID, now: datetime) -> UUID | None:
    """Revoke what this code gave to the application, because it came again (RFC 6749, 4.1.2), in the caller's
    transaction. Return whose it was; None if it gave nothing, or that was revoked before."""
    live = Grant.objects.filter(application=application, proof_id=proof_id, revoked_at=None)
    owner = live.values_list("user_id", flat=True).first()
    return owner if wake.wake_for(live.update(revoked_at=now)) else None


def revoke_grants_of_application(application: Application, now: datetime) -> int:
    """Revoke everything that people granted to the application, in the caller's transaction. Return how many."""
    live = Grant.objects.filter(application=application, revoked_at=None)
    return wake.wake_for(live.update(revoked_at=now))


def move_grants(from_session: UUID, to_session: UUID) -> None:
    """Let the grants of a session hang on the one that goes on in its place."""
    Grant.objects.filter(session_id=from_session).update(session_id=to_session)


def expired_grants(before: datetime) -> QuerySet[Grant]:
    """Return the grants that expired before that moment, revoked or not."""
    return Grant.objects.filter(expires_at__lt=before)


def untold_grants() -> QuerySet[Grant]:
    """Return the grants that were revoked and whose applications were not told."""
    return Grant.objects.filter(revoked_at__isnull=False, told_at=None)


def mark_told(grant_ids: Sequence[UUID], now: datetime) -> None:
    """Note that the applications of these grants, which the caller holds, were told of their end."""
    Grant.objects.filter(pk__in=grant_ids).update(told_at=now)
