"""The applications there are: created, changed and deleted, in the caller's transaction."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from vestibule.applications import logout_notices
from vestibule.applications.client_secrets import delete_secrets
from vestibule.applications.grants import revoke_grants_of_application, untold_grants
from vestibule.applications.metadata import SECRET_METHODS, Metadata, metadata_values
from vestibule.applications.models import UNCHECKED_SOURCES, Application, Consent, Grant, Source
from vestibule.kernel import entropy
from vestibule.sessions import signing_keys
from vestibule.storage.rows import insert_once, insert_row


def newest_applications() -> QuerySet[Application]:
    """Return all applications, newest first."""
    return Application.objects.order_by("-created_at", "-pk")


def find_by_id(name: str) -> Application | None:
    """Return the application with this client id or, for the sake of those whose client id is a URL, with this row
    id."""
    if "\x00" in name:  # which PostgreSQL takes in no text
        return None
    found = Application.objects.filter(client_id=name).first()
    row_id = None if found else _parse_row_id(name)
    return Application.objects.filter(pk=row_id).first() if row_id else found


def lock_application(id: UUID) -> Application | None:
    """Lock the application until the caller's transaction ends, and return it as it is now."""
    return Application.objects.select_for_update().filter(pk=id).first()


def lock_client(client_id: str) -> Application | None:
    """Lock the application with this client id until the caller's transaction ends."""
    return Application.objects.select_for_update().filter(client_id=client_id).first()


def lock_applications_of(source: Source, *, except_for: Iterable[str]) -> list[Application]:
    """Lock the applications that are declared there, in the order of their client ids, but for those with these."""
    found = Application.objects.select_for_update().filter(source=source).exclude(client_id__in=[*except_for])
    return list(found.order_by("client_id"))


def create_application(metadata: Metadata, *, now: datetime, source: Source = Source.STAFF) -> Application:
    """Create an application with a random client id, and the first key of its algorithm."""
    _prepare_signing_key(metadata, now)
    values = metadata_values(metadata)
    return insert_row(Application(client_id=entropy.random_uuid().hex, source=source, created_at=now, **values))


def create_once(client_id: str, metadata: Metadata, now: datetime, source: Source = Source.FILE) -> Application | None:
    """Create the application with this client id, of APPLICATIONS_FILE or of its document; return None if another
    process just did."""
    _prepare_signing_key(metadata, now)
    values = metadata_values(metadata)
    fetched_at = now if source == Source.DOCUMENT else None
    created = Application(client_id=client_id, source=source, created_at=now, fetched_at=fetched_at, **values)
    return created if insert_once(created) else None


def is_declared_as(application: Application, metadata: Metadata) -> bool:
    """Return whether the application has exactly this metadata."""
    return all(getattr(application, name) == value for name, value in metadata_values(metadata).items())


def change_application(application: Application, metadata: Metadata, *, now: datetime) -> None:
    """Give the locked application other metadata. Secrets go where it proves itself by other means."""
    _prepare_signing_key(metadata, now)
    for name, value in metadata_values(metadata).items():
        setattr(application, name, value)
    application.save()
    if metadata.token_endpoint_auth_method not in SECRET_METHODS:
        delete_secrets(application)


def unused_applications(before: datetime) -> QuerySet[Application]:
    """Return the applications that declared themselves before that moment and were not heard of since, and to which
    nobody signed in."""
    declared = Application.objects.filter(source__in=UNCHECKED_SOURCES, created_at__lt=before)
    unheard = declared.filter(Q(fetched_at=None) | Q(fetched_at__lt=before))
    used = (Grant.objects.filter(application=OuterRef("pk")), Consent.objects.filter(application=OuterRef("pk")))
    return unheard.exclude(Exists(used[0])).exclude(Exists(used[1]))


def delete_application(application: Application, now: datetime) -> None:
    """Delete the locked application with everything that it was granted, and leave a message to it about each sign-in
    there."""
    revoke_grants_of_application(application, now)
    logout_notices.post_notices(untold_grants().filter(application=application), now)
    application.delete()


def _prepare_signing_key(metadata: Metadata, now: datetime) -> None:
    signing_keys.current_signing_key(now, metadata.id_token_signed_response_alg)


def _parse_row_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
