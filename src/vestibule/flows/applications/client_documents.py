"""The applications that are declared in a document at their client id: read when they send somebody here."""

from datetime import datetime, timedelta
from hashlib import sha256

import structlog

from vestibule.applications import consents, registry
from vestibule.applications.client_documents import (
    DocumentRefused,
    DocumentUnavailable,
    document_host,
    fetch_document,
    is_document_url,
)
from vestibule.applications.directory import find_application
from vestibule.applications.errors import ApplicationUnknown
from vestibule.applications.metadata import Metadata
from vestibule.applications.models import Application, Source
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.kernel.client import Client
from vestibule.kernel.errors import Throttled
from vestibule.limits import rate_counters, rules
from vestibule.storage.database import atomic

FRESH_FOR = timedelta(hours=1)  # in which a document is not read again
KEPT_FOR = timedelta(days=1)  # for which the last one counts while its host gives no answer

log = structlog.get_logger("vestibule.applications")


def refresh_document(client: Client, client_id: str) -> None:
    """Read the document of an application whose client id is its URL, unless that was done a moment ago; do nothing for
    any other. How many are read is limited by network, by host and in all, so that nobody floods a host through us.

    Raises:
        ApplicationUnknown: there is no such document.
        Throttled: too many were read.
        Unavailable: a store cannot be reached.
    """
    if not is_document_url(client_id):
        return
    known = find_application(client_id)
    if known is not None and (known.fetched_at is None or client.at < known.fetched_at + FRESH_FOR):
        return
    try:
        _count_fetch(client, client_id)
        metadata = fetch_document(client_id)
    except (DocumentRefused, DocumentUnavailable) as error:
        log.warning("client_document.unusable", host=document_host(client_id), reason=str(error))
        if isinstance(error, DocumentRefused) or not _counts_still(known, client.at):
            raise ApplicationUnknown from error
    except Throttled:
        if not _counts_still(known, client.at):
            raise
    else:
        _save_document(client, client_id, metadata)


def _count_fetch(client: Client, client_id: str) -> None:
    rule = rules.CLIENT_DOCUMENT
    rate_counters.count_request(rule, network=client.network, relaxed=client.is_developer)
    host = sha256(document_host(client_id).encode()).hexdigest()
    rate_counters.count_identifier(rule, identifier=host, relaxed=client.is_developer)


def _counts_still(known: Application | None, now: datetime) -> bool:
    return known is not None and known.fetched_at is not None and now < known.fetched_at + KEPT_FOR


def _save_document(client: Client, client_id: str, metadata: Metadata) -> None:
    """Save what the document declares. A change of it ends the consents, because they were given to something else."""
    with atomic():
        application = registry.lock_client(client_id)
        if application is None:
            if registry.create_once(client_id, metadata, client.at, Source.DOCUMENT):
                record_event(events.APPLICATION_REGISTERED, client, application=client_id)
            return  # or another request was first, with the same document
        if application.source != Source.DOCUMENT:
            return
        application.fetched_at = client.at
        if registry.is_declared_as(application, metadata):
            application.save(update_fields=["fetched_at"])
            return
        registry.change_application(application, metadata, now=client.at)
        consents.delete_consents_to(application)
        record_event(events.APPLICATION_REDECLARED, client, application=client_id)
