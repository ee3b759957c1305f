"""The applications that people sign in to from here: only admins make, change and remove them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from vestibule.applications import client_secrets, registry
from vestibule.applications.metadata import SECRET_METHODS, declared_by, parse_metadata
from vestibule.applications.models import Application, ApplicationSecret, Source
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.flows.flow import flow
from vestibule.flows.staff import permissions
from vestibule.flows.staff.permissions import Permission
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid
from vestibule.storage.database import atomic

APPLICATIONS_PER_PAGE = 50
MAX_COUNTED = 1000  # applications that are counted and paged through
# What others declare is theirs to change: a file of the operator's, the document behind a client id.
EDITABLE_SOURCES = (Source.STAFF, Source.REGISTRATION)
REMOVABLE_SOURCES = (*EDITABLE_SOURCES, Source.DOCUMENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationDetails:
    """An application with its secrets. `new_secret` is the one that was just made, to be shown once."""

    application: Application
    secrets: list[ApplicationSecret]
    new_secret: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSecret:
    """A secret to be shown once, and what is kept of it."""

    secret: str
    row: ApplicationSecret


@flow("applications.find")
def find_applications(*, client: Client, page: int = 1) -> tuple[int, list[Application]]:
    """Return how many applications there are (MAX_COUNTED at most), and one page of them, newest first.

    Raises:
        Unauthenticated: the client is not signed in.
        NotAllowed: the client's role lacks the permission.
        EnrolmentRequired: the role needs a second factor, and the account has none.
        StepUpRequired: the last proof is older than STAFF_SESSION.
        Unavailable: the database cannot be reached.
    """
    permissions.require_permission(client, Permission.LOOK_AT_APPLICATIONS)
    found = registry.newest_applications()
    count = found.order_by()[:MAX_COUNTED].count()
    newest = found[: min(count, page * APPLICATIONS_PER_PAGE)]
    return count, list(newest[(page - 1) * APPLICATIONS_PER_PAGE :])


@flow("applications.show")
def show_application(*, client: Client, client_id: str) -> ApplicationDetails:
    """Return one application, by its client id or its row id, with what is kept of its secrets.

    Raises:
        Unauthenticated: the client is not signed in.
        NotAllowed: the client's role lacks the permission.
        EnrolmentRequired: the role needs a second factor, and the account has none.
        StepUpRequired: the last proof is older than STAFF_SESSION.
        NotFound: there is no such application.
        Unavailable: the database cannot be reached.
    """
    permissions.require_permission(client, Permission.LOOK_AT_APPLICATIONS)
    return _details_of(_load_application(client_id))


@flow("applications.create")
def create_application(*, client: Client, declared: Mapping[str, object]) -> ApplicationDetails:
    """Create an application of what is declared (`applications.metadata`), by an admin or the command line. One that
    proves itself by a secret gets its first.

    Raises:
        Unauthenticated: the client is not signed in.
        SessionRevoked: the session was ended meanwhile.
        NotAllowed: the client's role lacks the permission.
        EnrolmentRequired: the role needs a second factor, and the account has none.
        StepUpRequired: the sign-in is not recent.
        Invalid: what is declared is malformed or does not fit.
        Unavailable: the database cannot be reached.
    """
    if not client.is_internal:
        permissions.require_permission(client, Permission.MANAGE_APPLICATIONS)
    metadata = parse_metadata(declared)
    with atomic():
        if not client.is_internal:
            permissions.lock_staff_member(client, Permission.MANAGE_APPLICATIONS)
        application = registry.create_application(metadata, now=client.at)
        secret = ""
        if metadata.token_endpoint_auth_method in SECRET_METHODS:
            secret, _ = client_secrets.create_secret(application, client.at)
        record_event(events.APPLICATION_CREATED, client, application=application.client_id)
    return _details_of(application, secret)


@flow("applications.change")
def change_application(*, client: Client, client_id: str, changes: Mapping[str, object]) -> ApplicationDetails:
    """Change what an application declares; what is not named stays, and its type always does.

    Raises:
        Unauthenticated: the client is not signed in.
        SessionRevoked: the session was ended meanwhile.
        NotAllowed: the client's role lacks the permission.
        EnrolmentRequired: the role needs a second factor, and the account has none.
        StepUpRequired: the sign-in is not recent.
        NotFound: there is no such application.
        Invalid: what is declared is malformed or does not fit, or it is declared elsewhere.
        Unavailable: the database cannot be reached.
    """
    with _holding(client, client_id, *EDITABLE_SOURCES) as application:
        if changes.get("type", application.type) != application.type:
            raise Invalid({"type": [FieldError("impossible", "application_type_fixed")]})
        metadata = parse_metadata({**declared_by(application), **changes})
        registry.change_application(application, metadata, now=client.at)
        record_event(events.APPLICATION_CHANGED, client, application=application.client_id)
    return _details_of(application)


@flow("applications.remove")
def remove_application(*, client: Client, client_id: str) -> None:
    """Remove an application with its secrets, consents and grants; its tokens end at the next request.

    Raises:
        Unauthenticated: the client is not signed in.
        SessionRevoked: the session was ended meanwhile.
        NotAllowed: the client's role lacks the permission.
        EnrolmentRequired: the role needs a second factor, and the account has none.
        StepUpRequired: the sign-in is not recent.
        NotFound: there is no such application.
        Invalid: it is declared in APPLICATIONS_FILE.
        Unavailable: the database cannot be reached.
    """
    with _holding(client, client_id, *REMOVABLE_SOURCES) as application:
        record_event(events.APPLICATION_REMOVED, client, application=application.client_id)
        registry.delete_application(application, client.at)


@flow("applications.create_secret")
def create_secret(*, client: Client, client_id: str) -> NewSecret:
    """Create one more secret of an application; the older ones count until they are removed.

    Raises:
        Unauthenticated: the client is not signed in.
        SessionRevoked: the session was ended meanwhile.
        NotAllowed: the client's role lacks the permission.
        EnrolmentRequired: the role needs a second factor, and the account has none.
        StepUpRequired: the sign-in is not recent.
        NotFound: there is no such application.
        Invalid: it proves itself by other means, it has as many as fit, or it is declared elsewhere.
        Unavailable: the database cannot be reached.
    """
    with _holding(client, client_id, *EDITABLE_SOURCES) as application:
        if application.token_endpoint_auth_method not in SECRET_METHODS:
            raise Invalid({"token_endpoint_auth_method": [FieldError("impossible", "application_without_secrets")]})
        if not client_secrets.has_room_for_secret(application):
            raise Invalid({"secrets": [FieldError("impossible", "too_many", {"n": client_secrets.MAX_SECRETS})]})
        secret, row = client_secrets.create_secret(application, client.at)
        record_event(events.APPLICATION_SECRET_CREATED, client, application=application.client_id)
    return NewSecret(secret=secret, row=row)


@flow("applications.remove_secret")
def remove_secret(*, client: Client, client_id: str, secret_id: UUID) -> None:
    """Remove a secret of an application; it counts no more from the next request.

    Raises:
        Unauthenticated: the client is not signed in.
        SessionRevoked: the session was ended meanwhile.
        NotAllowed: the client's role lacks the permission.
        EnrolmentRequired: the role needs a second factor, and the account has none.
        StepUpRequired: the sign-in is not recent.
        NotFound: there is no such application, or it has no such secret.
        Invalid: it is declared elsewhere.
        Unavailable: the database cannot be reached.
    """
    with _holding(client, client_id, *EDITABLE_SOURCES) as application:
        if not client_secrets.delete_secret(application, secret_id):
            raise errors.NotFound
        record_event(events.APPLICATION_SECRET_REMOVED, client, application=application.client_id)


def _load_application(client_id: str) -> Application:
    if (found := registry.find_by_id(client_id)) is None:
        raise errors.NotFound
    return found


@contextmanager
def _holding(client: Client, client_id: str, *sources: Source) -> Iterator[Application]:
    """Hold the application in a transaction, locked, for an admin, if it is declared by one of these.

    Raises:
        Unauthenticated: the client is not signed in.
        SessionRevoked: the session was ended meanwhile.
        NotAllowed: the client's role lacks the permission.
        EnrolmentRequired: the role needs a second factor, and the account has none.
        StepUpRequired: the sign-in is not recent.
        NotFound: there is no such application.
        Invalid: it is declared elsewhere.
    """
    permissions.require_permission(client, Permission.MANAGE_APPLICATIONS)
    found = _load_application(client_id)
    with atomic():
        permissions.lock_staff_member(client, Permission.MANAGE_APPLICATIONS)
        application = registry.lock_application(found.pk)
        if application is None:
            raise errors.NotFound
        if application.source not in sources:
            raise Invalid({"source": [FieldError("impossible", "application_declared_elsewhere")]})
        yield application


def _details_of(application: Application, new_secret: str = "") -> ApplicationDetails:
    secrets = client_secrets.list_secrets(application)
    return ApplicationDetails(application=application, secrets=secrets, new_secret=new_secret)
