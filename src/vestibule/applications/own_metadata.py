"""What an application declares of itself, without anybody here having looked at it: as a document behind its client id,
or as a registration (RFC 7591, 2).

Only the names below are read. It is never first party, asks about nobody else's tokens, gets no token for itself, and
nothing that it names is fetched: neither a logo nor keys behind an address.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from vestibule.applications.metadata import (
    AUTHORIZATION_CODE,
    MAX_NAME,
    NONE,
    PRIVATE_KEY,
    REFRESH,
    Metadata,
    parse_metadata,
)
from vestibule.applications.models import ApplicationType
from vestibule.applications.scopes import known_scopes, split_scope
from vestibule.kernel.errors import FieldError, Invalid
from vestibule.kernel.text import clean_label

GRANT_TYPES = (AUTHORIZATION_CODE, REFRESH)
RESPONSE_TYPE = "code"
_READ = ("redirect_uris", "grant_types", "scope", "token_endpoint_auth_method")


def parse_own_metadata(declared: Mapping[str, object], *, usual_name: str, methods: Sequence[str]) -> Metadata:
    """Return the checked metadata. `methods` are the ways in which it may prove itself, the usual one first. Grants and
    scopes that there are none of are left out, as the server may (RFC 7591, 2).

    Raises:
        Invalid: a value is missing, malformed or not allowed. The fields have the names of `applications.metadata`.
    """
    given: dict[str, Any] = {name: declared[name] for name in _READ if declared.get(name) is not None}
    method = given.setdefault("token_endpoint_auth_method", methods[0])
    if method not in methods:
        raise Invalid(
            {"token_endpoint_auth_method": [FieldError("invalid_choice", params={"choices": ", ".join(methods)})]}
        )
    if method == PRIVATE_KEY:
        given["jwks"] = declared.get("jwks")
    given["grant_types"] = _keep_known(given.get("grant_types", list(GRANT_TYPES)), GRANT_TYPES)
    given["scope"] = _keep_known_scopes(given.get("scope", " ".join(known_scopes())))
    _check_code_flow(declared.get("response_types"), given["grant_types"])
    name = declared.get("client_name") or usual_name
    is_blank = isinstance(name, str) and not clean_label(name, MAX_NAME)
    return parse_metadata({**given, "type": _find_type(declared, method), "name": usual_name if is_blank else name})


def _find_type(declared: Mapping[str, object], method: str) -> ApplicationType:
    """Return the type: one with a secret or a key is of a server; one that is sent to no page of the web is native."""
    if method != NONE:
        return ApplicationType.WEB
    uris = declared.get("redirect_uris")
    texts = [each for each in uris if isinstance(each, str)] if isinstance(uris, list) else []
    is_local = any(not each.startswith("https:") for each in texts)
    is_native = is_local or declared.get("application_type") == ApplicationType.NATIVE
    return ApplicationType.NATIVE if is_native else ApplicationType.SPA


def _check_code_flow(response_types: object, grant_types: object) -> None:
    if response_types is not None and (not isinstance(response_types, list) or RESPONSE_TYPE not in response_types):
        raise Invalid({"response_types": [FieldError("invalid_choice", params={"choices": RESPONSE_TYPE})]})
    if isinstance(grant_types, list) and AUTHORIZATION_CODE not in grant_types:
        raise Invalid({"grant_types": [FieldError("invalid_choice", params={"choices": ", ".join(GRANT_TYPES)})]})


def _keep_known_scopes(scope: object) -> object:
    return " ".join(each for each in split_scope(scope) if each in known_scopes()) if isinstance(scope, str) else scope


def _keep_known(given: object, known: Sequence[str]) -> object:
    return [each for each in given if each in known] if isinstance(given, list) else given
