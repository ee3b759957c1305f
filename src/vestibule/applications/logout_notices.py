"""Applications are told of sign-ins that ended (OpenID Connect Back-Channel Logout 1.0), by messages of the outbox.

The worker looks for ended sessions and grants that nobody was told of, so that no flow that ends one can forget it
(docs/decisions/0158).
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from vestibule.applications import grants
from vestibule.applications.models import Grant
from vestibule.conf import conf
from vestibule.courier import outbox
from vestibule.sessions import registry
from vestibule.storage import database
from vestibule.storage.database import atomic

KIND = "logout_token"
BATCH_SIZE = 200  # sessions or grants that one transaction holds
MAX_BATCHES = 20  # of each in one pass


def post_due_notices(now: datetime) -> None:
    """Post what is due to applications: a message for each of their sign-ins that ended. Each look costs one query of
    two indexes that are empty when there is nothing to tell."""
    sessions_ended, grants_ended = _look_for_ends()
    if sessions_ended:
        _post_in_batches(registry.untold_sessions, _post_of_sessions, now)
    if grants_ended:
        _post_in_batches(grants.untold_grants, _post_of_grants, now)


def post_notices(ended: QuerySet[Grant], now: datetime) -> None:
    """Post one message for each sign-in at an application to which these grants belong, in the caller's transaction, if
    the application wants to know, and mark the grants as told."""
    found = list(ended.select_related("application"))
    sign_ins = {(each.application_id, each.sid): each for each in found if each.application.backchannel_logout_uri}
    for grant in sign_ins.values():
        outbox.post_request(
            KIND,
            grant.application.backchannel_logout_uri,
            about=conf.keys.digest("person", grant.user_id.bytes),
            params={
                "client_id": grant.application.client_id,
                "algorithm": grant.application.id_token_signed_response_alg,
                "sub": str(grant.user_id),
                "sid": str(grant.sid),
            },
            now=now,
        )
    grants.mark_told([each.pk for each in found], now)


def _look_for_ends() -> tuple[bool, bool]:
    """Return whether there are sessions, and whether there are grants, that ended and that nobody was told of."""
    connection = database.connection()
    sql, params = _compile_look(connection.alias)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        of_sessions, of_grants = cursor.fetchone()
    return bool(of_sessions), bool(of_grants)


@cache
def _compile_look(alias: str) -> tuple[str, tuple[Any, ...]]:
    """Return the SQL and its parameters: Django would write it anew ten times a second."""
    looks = [
        rows.values("pk").query.get_compiler(alias).as_sql()
        for rows in (registry.untold_sessions(), grants.untold_grants())
    ]
    (of_sessions, first), (of_grants, second) = looks
    return f"SELECT EXISTS ({of_sessions}), EXISTS ({of_grants})", (*first, *second)


def _post_in_batches(
    untold: Callable[[], QuerySet[Any]], post: Callable[[list[UUID], datetime], None], now: datetime
) -> None:
    for _ in range(MAX_BATCHES):
        with atomic():
            rows = untold().select_for_update(skip_locked=True).values_list("pk", flat=True)
            held = list(rows[:BATCH_SIZE])
            if held:
                post(held, now)
        if len(held) < BATCH_SIZE:
            break


def _post_of_sessions(ended: Sequence[UUID], now: datetime) -> None:
    """Post of every sign-in that hangs on these sessions, also of those that go on offline: the person's presence
    ended."""
    post_notices(Grant.objects.filter(session_id__in=ended), now)
    registry.mark_told(ended, now)


def _post_of_grants(ended: Sequence[UUID], now: datetime) -> None:
    post_notices(Grant.objects.filter(pk__in=ended), now)
