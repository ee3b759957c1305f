"""The applications of APPLICATIONS_FILE, brought into the database."""

from collections.abc import Iterable
from dataclasses import dataclass

from vestibule.applications import client_secrets, registry
from vestibule.applications.declarations import Declaration
from vestibule.applications.models import Application, Source
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.flows.flow import flow
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid
from vestibule.storage.database import atomic


@dataclass(slots=True)
class AppliedDeclarations:
    """How many applications were created, changed and removed."""

    created: int = 0
    changed: int = 0
    removed: int = 0


@flow("applications.apply")
def apply_declarations(*, client: Client, declared: Iterable[Declaration]) -> AppliedDeclarations:
    """Create, change and remove applications, so that those of the file are the declared ones, in one transaction. What
    is so already stays untouched; several hosts may do this at once. An application that the staff made under a
    declared client id is the file's from now on.

    Raises:
        Invalid: an application outside the file has one of its secrets.
        Unavailable: the database cannot be reached.
    """
    applied = AppliedDeclarations()
    by_client_id = {each.client_id: each for each in declared}
    with atomic():
        # All hosts lock in the order of the client ids, so that none waits for another that waits for it.
        for client_id in sorted(by_client_id):
            _apply_declaration(client, by_client_id[client_id], applied)
        for application in registry.lock_applications_of(Source.FILE, except_for=by_client_id):
            _remove_application(client, application)
            applied.removed += 1
    return applied


def _apply_declaration(client: Client, declaration: Declaration, applied: AppliedDeclarations) -> None:
    application = registry.lock_client(declaration.client_id)
    if application is not None and application.type != declaration.metadata.type:
        _remove_application(client, application)
        application = None
    if application is None:
        application = registry.create_once(declaration.client_id, declaration.metadata, client.at)
        if application is None:
            return _apply_declaration(client, declaration, applied)  # another host was first, and has committed
        _replace_secrets(application, declaration, client)
        record_event(events.APPLICATION_CREATED, client, application=application.client_id)
        applied.created += 1
        return None
    changed = _replace_secrets(application, declaration, client)
    if application.source != Source.FILE or not registry.is_declared_as(application, declaration.metadata):
        application.source = Source.FILE
        registry.change_application(application, declaration.metadata, now=client.at)
        changed = True
    if changed:
        record_event(events.APPLICATION_CHANGED, client, application=application.client_id)
        applied.changed += 1
    return None


def _replace_secrets(application: Application, declaration: Declaration, client: Client) -> bool:
    try:
        return client_secrets.replace_digests(application, declaration.secret_digests, client.at)
    except client_secrets.SecretShared as error:
        raise Invalid({f"{declaration.client_id}.secret_digests": [FieldError("invalid", "secret_shared")]}) from error


def _remove_application(client: Client, application: Application) -> None:
    record_event(events.APPLICATION_REMOVED, client, application=application.client_id)
    registry.delete_application(application, client.at)
