"""What a person let applications have: looked at, and taken back."""

from dataclasses import dataclass
from datetime import datetime

from vestibule.applications import consents
from vestibule.applications.grants import revoke_grants
from vestibule.applications.live_grants import list_live_grants
from vestibule.applications.models import Application
from vestibule.applications.registry import find_by_id
from vestibule.applications.scopes import split_scope
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.flows import step_up
from vestibule.flows.flow import flow
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.storage.database import atomic


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedApplication:
    """An application that a person let in. `last_used_at` is None where it holds nothing now."""

    application: Application
    scope: list[str]
    allowed_at: datetime
    last_used_at: datetime | None


@flow("applications.mine")
def list_allowed_applications(*, client: Client) -> list[AllowedApplication]:
    """Return the applications that the client's account let in, newest first: by consent, or by signing in to one that
    asks for none.

    Raises:
        Unauthenticated: the client is not signed in.
        Unavailable: the database cannot be reached.
    """
    user = step_up.require_user(client)
    allowed = {
        each.application_id: AllowedApplication(
            application=each.application,
            scope=split_scope(each.scope),
            allowed_at=each.created_at,
            last_used_at=None,
        )
        for each in consents.list_consents(user)
    }
    for grant in list_live_grants(user, client.at):
        before = allowed.get(grant.application_id)
        used = [moment for moment in (grant.last_used_at, before.last_used_at if before else None) if moment]
        allowed[grant.application_id] = AllowedApplication(
            application=grant.application,
            scope=before.scope if before else split_scope(grant.scope),
            allowed_at=before.allowed_at if before else grant.created_at,
            last_used_at=max(used),
        )
    return sorted(allowed.values(), key=lambda each: each.allowed_at, reverse=True)


@flow("applications.withdraw")
def withdraw_consent(*, client: Client, client_id: str) -> None:
    """Take back what the client's account let an application have: its grants end at the next request, and it has to
    ask again. `client_id` may be the id of its row, where the client id is a URL.

    Raises:
        Unauthenticated: the client is not signed in.
        SessionRevoked: the session was ended meanwhile.
        NotFound: the account let no such application in.
        Unavailable: the database cannot be reached.
    """
    step_up.require_user(client)
    application = find_by_id(client_id)
    if application is None:
        raise errors.NotFound
    with atomic():
        user = step_up.lock_current_user(client)  # a code that was given before gives nothing any more, or gave it
        gone = consents.delete_consent(user.pk, application)
        ended = revoke_grants(user.pk, client.at, only_application=application.pk)
        if not gone and not ended:
            raise errors.NotFound
        record_event(events.APPLICATION_WITHDRAWN, client, application=application.client_id)
