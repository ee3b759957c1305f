"""Which grants count at this moment."""

from datetime import datetime
from uuid import UUID

from vestibule.accounts.models import Status, User
from vestibule.applications.models import Grant
from vestibule.sessions.access_tokens import is_session_live
from vestibule.storage.prepared import PreparedQuery

_BY_ID = PreparedQuery(Grant.objects.select_related("application", "user__profile", "session__user"), "id")


def find_live_grant(id: UUID, now: datetime) -> Grant | None:
    """Return the live grant with this id, with its application, account and session, in one query."""
    found = _BY_ID.first(id)
    return found if found is not None and is_grant_live(found, now) else None


def is_grant_live(grant: Grant, now: datetime) -> bool:
    """Return whether the grant was not revoked, is not too old, its account is active, and its session lives, if it
    hangs on it."""
    if grant.revoked_at is not None or grant.expires_at <= now or grant.user.status != Status.ACTIVE:
        return False
    return grant.is_offline or (grant.session is not None and is_session_live(grant.session, now))


def list_live_grants(user: User, now: datetime) -> list[Grant]:
    """Return the live grants of an account, newest first."""
    rows = Grant.objects.filter(user=user, revoked_at=None, expires_at__gt=now)
    found = rows.select_related("application", "user", "session__user").order_by("-created_at")
    return [grant for grant in found if is_grant_live(grant, now)]
