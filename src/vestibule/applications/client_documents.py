"""Applications whose client id is the URL of a document with their metadata (OAuth Client ID Metadata Document,
draft-ietf-oauth-client-id-metadata-document; the authorization specification of MCP)."""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

from vestibule.applications.directory import MAX_CLIENT_ID_LENGTH
from vestibule.applications.metadata import NONE, PRIVATE_KEY, Metadata
from vestibule.applications.own_metadata import parse_own_metadata
from vestibule.applications.redirect_uris import is_https_uri
from vestibule.conf import conf
from vestibule.kernel.errors import Invalid
from vestibule.kernel.http_client import AddressNotPublic, AnswerTooLarge, fetch_foreign

MAX_BYTES = 10 * 1024  # the draft recommends 5 kB; keys may stand in it, too
TIMEOUT = 5.0  # seconds
METHODS = (NONE, PRIVATE_KEY)  # a document is public, and so holds no secret
_JSON = re.compile(r"application/(json|[a-z0-9.-]+\+json)[ \t]*(;.*)?", re.IGNORECASE)
_SECRETS = ("client_secret", "client_secret_expires_at")


class DocumentUnavailable(Exception):
    """The host gave no answer, or said that it cannot give one now."""


class DocumentRefused(Exception):
    """What the host answered is not the document of this application, or the host may not be asked."""


def is_document_url(client_id: str) -> bool:
    """Return whether the client id is a URL whose document may be read: `https`, with a path, and without a user, a
    query, a fragment and dot segments (the draft, section 3, which advises against a query)."""
    if not conf.oauth_client_documents or len(client_id) > MAX_CLIENT_ID_LENGTH or not is_https_uri(client_id):
        return False
    parts = urlsplit(client_id)
    segments = unquote(parts.path).split("/")
    return "?" not in client_id and parts.path not in ("", "/") and "." not in segments and ".." not in segments


def document_host(client_id: str) -> str:
    """Return the host that vouches for the application, for people to read."""
    return urlsplit(client_id).netloc


def fetch_document(url: str) -> Metadata:
    """Return the metadata of the document at a URL for which `is_document_url` holds.

    Raises:
        DocumentUnavailable: there is no answer at this moment.
        DocumentRefused: the answer is no document of this application, or the host has no public address.
    """
    try:
        answer = fetch_foreign(url, timeout=TIMEOUT, max_bytes=MAX_BYTES, headers={"Accept": "application/json"})
    except (AddressNotPublic, AnswerTooLarge) as error:
        raise DocumentRefused(type(error).__name__) from error
    except OSError as error:
        raise DocumentUnavailable(type(error).__name__) from error
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise DocumentUnavailable(f"status {answer.status}")
    if answer.status != HTTPStatus.OK:  # also a redirect, which is not followed
        raise DocumentRefused(f"status {answer.status}")
    if not _JSON.fullmatch(answer.headers.get("content-type", "")):
        raise DocumentRefused("no JSON")
    return parse_document(url, answer.body)


def parse_document(url: str, body: bytes) -> Metadata:
    """Return the metadata that a document declares for its URL.

    Raises:
        DocumentRefused: it is of another application, or malformed.
    """
    document = _parse_object(body)
    if document.get("client_id") != url:
        raise DocumentRefused("client_id is another")
    if any(name in document for name in _SECRETS):
        raise DocumentRefused("it holds a secret")
    try:
        return parse_own_metadata(document, usual_name=document_host(url)[:80], methods=METHODS)
    except Invalid as invalid:
        raise DocumentRefused(f"wrong: {', '.join(sorted(invalid.fields))}") from invalid


def _parse_object(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise DocumentRefused("no JSON") from error
    if not isinstance(document, dict):
        raise DocumentRefused("no object")
    return document
