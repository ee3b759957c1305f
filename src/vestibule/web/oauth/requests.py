"""What a program sends: a form in the body, and who it says it is (RFC 6749, 2.3 and 3.2)."""

import binascii
import json
from base64 import b64decode
from collections.abc import Mapping
from urllib.parse import unquote_plus

from django.http import HttpRequest

from vestibule.applications import errors
from vestibule.applications.authorization_request import Reader
from vestibule.applications.client_authentication import ASSERTION_TYPE, Credentials, Means
from vestibule.conf import conf

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
_SECRET_PARAMETERS = ("client_secret", "client_assertion", "client_assertion_type")


def read_form(request: HttpRequest) -> Reader:
    """Return the parameters of the body, each of which stands there once.

    Raises:
        InvalidRequest: the body is no form, or a parameter is there twice.
    """
    if request.content_type != FORM:
        raise errors.InvalidRequest(f"send {FORM}")
    read = Reader(dict(request.POST.lists()))
    read.check_none_repeated()
    return read


def read_query(request: HttpRequest) -> Mapping[str, list[str]]:
    """Return the parameters of the query, or of the form of a POST, each with all of its values."""
    return dict((request.POST if request.method == "POST" else request.GET).lists())


def read_object(request: HttpRequest) -> Mapping[str, object]:
    """Return the JSON object of the body.

    Raises:
        InvalidRequest: the body is none, or names something twice.
    """
    if request.content_type != JSON:
        raise errors.InvalidRequest(f"send {JSON}")
    try:
        body = json.loads(request.body.decode("utf-8"), object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise errors.InvalidRequest("the body is no JSON object that names each member once") from error
    if not isinstance(body, dict):
        raise errors.InvalidRequest("the body is no JSON object")
    return body


def read_bearer(request: HttpRequest) -> str:
    """Return the bearer token of the request; "" without one (RFC 6750, 2.1)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def read_credentials(request: HttpRequest, read: Reader) -> Credentials:
    """Return what the request says about the application that sends it.

    Raises:
        InvalidRequest: it says so in two ways (RFC 6749, 2.3).
        InvalidClient: the header is malformed.
    """
    endpoint = f"{conf.base_url}{request.path}"
    header = request.headers.get("Authorization", "")
    client_id, secret, assertion = (read.one(each) for each in ("client_id", "client_secret", "client_assertion"))
    if header:
        if any(read.one(each) for each in _SECRET_PARAMETERS):
            raise errors.InvalidRequest("more than one way of client authentication")
        named, proof = _parse_basic(header)
        if client_id not in ("", named):
            raise errors.InvalidRequest("client_id is not that of the Authorization header")
        return Credentials(client_id=named, means=Means.SECRET, proof=proof, endpoint=endpoint)
    if secret and assertion:
        raise errors.InvalidRequest("more than one way of client authentication")
    if assertion:
        if read.one("client_assertion_type") != ASSERTION_TYPE:
            raise errors.InvalidRequest(f"client_assertion_type must be {ASSERTION_TYPE}")
        return Credentials(client_id=client_id, means=Means.ASSERTION, proof=assertion, endpoint=endpoint)
    if not client_id:
        raise errors.InvalidClient("no client authentication")
    means = Means.SECRET if "client_secret" in read.given else Means.NOTHING
    return Credentials(client_id=client_id, means=means, proof=secret, endpoint=endpoint)


def _without_duplicates(members: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(members)
    if len(found) < len(members):
        raise ValueError("named twice")
    return found


def _parse_basic(header: str) -> tuple[str, str]:
    """Return name and secret of HTTP Basic, each of which is form-encoded (RFC 6749, 2.3.1)."""
    scheme, _, encoded = header.partition(" ")
    try:
        if scheme.lower() != "basic":
            raise ValueError(scheme)
        client_id, colon, secret = b64decode(encoded.strip(), validate=True).decode().partition(":")
        if not colon or not client_id:
            raise ValueError("no colon")
    except (ValueError, binascii.Error) as error:
        raise errors.InvalidClient("the Authorization header is no HTTP Basic") from error
    return unquote_plus(client_id), unquote_plus(secret)
