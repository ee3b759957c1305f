"""What an application declares about itself, checked: through the staff, in a file, or as the metadata of a client
(RFC 7591, 2). The names are those of the API."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from types import MappingProxyType
from typing import Any, get_type_hints

from vestibule.applications.models import Application, ApplicationType
from vestibule.applications.public_keys import parse_public_keys, public_members
from vestibule.applications.redirect_uris import is_allowed_uri, is_backchannel_uri, is_https_uri, is_resource
from vestibule.applications.scopes import STANDARD_SCOPES, known_scopes, split_scope
from vestibule.kernel.errors import FieldError, Invalid, Malformed
from vestibule.kernel.text import clean_label
from vestibule.kernel.type_hints import has_type

MAX_NAME = 80  # characters
MAX_SCOPE = 2048  # characters
MAX_ITEMS = 50  # of a list
ID_TOKEN_ALGORITHMS = ("ES256", "RS256")

AUTHORIZATION_CODE, REFRESH, CLIENT_CREDENTIALS = "authorization_code", "refresh_token", "client_credentials"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"  # RFC 8628, 3.4
NONE, SECRET_BASIC, SECRET_POST, PRIVATE_KEY = "none", "client_secret_basic", "client_secret_post", "private_key_jwt"
SECRET_METHODS = (SECRET_BASIC, SECRET_POST)  # each is accepted where the other is declared
_PEOPLE = " ".join(STANDARD_SCOPES)


@dataclass(frozen=True, slots=True)
class _Kind:
    """What an application of a type may declare; what is not declared is `usual`, the first of `methods`,
    and `scope`."""

    usual: tuple[str, ...]
    others: tuple[str, ...] = ()
    methods: tuple[str, ...] = (SECRET_BASIC, SECRET_POST, PRIVATE_KEY)
    scope: str = _PEOPLE


_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        ApplicationType.WEB: _Kind((AUTHORIZATION_CODE, REFRESH), (CLIENT_CREDENTIALS,)),
        # A browser and a phone keep no secret (RFC 6749, 2.1; RFC 8252, 8.4).
        ApplicationType.SPA: _Kind((AUTHORIZATION_CODE, REFRESH), methods=(NONE,)),
        ApplicationType.NATIVE: _Kind((AUTHORIZATION_CODE, REFRESH), (DEVICE_CODE,), methods=(NONE,)),
        ApplicationType.SERVICE: _Kind((CLIENT_CREDENTIALS,), scope=""),
        ApplicationType.DEVICE: _Kind((DEVICE_CODE, REFRESH)),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The metadata of an application. `scope` is what it may ask for, `resources` what its tokens may be for."""

    name: str
    type: str
    first_party: bool = False
    introspect: bool = False
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str = ""
    logo_uri: str = ""
    grant_types: tuple[str, ...]
    scope: str
    resources: tuple[str, ...] = ()
    id_token_signed_response_alg: str = ID_TOKEN_ALGORITHMS[0]
    token_endpoint_auth_method: str
    jwks: Mapping[str, object] | None = None


_HINTS = get_type_hints(Metadata)
METADATA_NAMES = tuple(field.name for field in fields(Metadata))
_COLUMNS = MappingProxyType({"first_party": "is_first_party", "introspect": "can_introspect"})


def parse_metadata(declared: Mapping[str, object]) -> Metadata:
    """Return the checked metadata. A name without a value, or with null, gets the usual value of the type.

    Raises:
        Invalid: a name is unknown, a value is not of its type or not allowed, or one does not fit another.
    """
    given = {name: _as_tuple(value) for name, value in declared.items() if value is not None}
    wrong = {name: [FieldError("invalid", "unknown_name")] for name in given if name not in _HINTS}
    wrong |= {
        name: [FieldError("invalid", "type_wrong")]
        for name, value in given.items()
        if name in _HINTS and not has_type(value, _HINTS[name])
    }
    wrong |= {name: [FieldError("required")] for name in ("name", "type") if name not in given}
    if "type" not in wrong and given["type"] not in _KINDS:
        wrong["type"] = [FieldError("invalid_choice", params={"choices": ", ".join(_KINDS)})]
    if wrong:
        raise Invalid(wrong)
    metadata = _fill_in(given)
    if wrong := {name: [mistake] for name, check in _CHECKS.items() if (mistake := check(metadata))}:
        raise Invalid(wrong)
    return metadata


def metadata_values(metadata: Metadata) -> dict[str, Any]:
    """Return the values of an application's columns."""
    values = {_COLUMNS.get(name, name): _as_list(value) for name, value in asdict(metadata).items()}
    return {**values, "jwks": public_members(metadata.jwks) if metadata.jwks else None}


def declared_by(application: Application) -> dict[str, Any]:
    """Return what an application declares, by the names of the API."""
    return {name: getattr(application, _COLUMNS.get(name, name)) for name in METADATA_NAMES}


def _fill_in(given: Mapping[str, Any]) -> Metadata:
    kind = _KINDS[given["type"]]
    whole: dict[str, Any] = {
        "grant_types": kind.usual,
        "scope": kind.scope,
        "token_endpoint_auth_method": kind.methods[0],
        # What is named twice counts once.
        **{name: tuple(dict.fromkeys(each)) if isinstance(each, tuple) else each for name, each in given.items()},
    }
    name = whole["name"]
    return Metadata(**{**whole, "name": name if len(name) > MAX_NAME else clean_label(name, MAX_NAME)})


def _check_name(metadata: Metadata) -> FieldError | None:
    if len(metadata.name) > MAX_NAME:
        return FieldError("max_length", params={"n": MAX_NAME})
    return None if metadata.name else FieldError("required")


def _check_redirect_uris(metadata: Metadata) -> FieldError | None:
    if not metadata.redirect_uris and AUTHORIZATION_CODE in metadata.grant_types:
        return FieldError("required", "redirect_uri_required")
    return _check_uris(metadata, metadata.redirect_uris)


def _check_post_logout_uris(metadata: Metadata) -> FieldError | None:
    return _check_uris(metadata, metadata.post_logout_redirect_uris)


def _check_uris(metadata: Metadata, uris: Sequence[str]) -> FieldError | None:
    if all(is_allowed_uri(each, metadata.type) for each in uris):
        return _check_count(uris)
    native = metadata.type == ApplicationType.NATIVE
    return FieldError("invalid", "native_uri_malformed") if native else FieldError("invalid", "redirect_uri_malformed")


def _check_backchannel(metadata: Metadata) -> FieldError | None:
    uri = metadata.backchannel_logout_uri
    return None if not uri or is_backchannel_uri(uri) else FieldError("invalid", "backchannel_uri_malformed")


def _check_logo(metadata: Metadata) -> FieldError | None:
    return None if not metadata.logo_uri or is_https_uri(metadata.logo_uri) else FieldError("invalid", "https_needed")


def _check_grant_types(metadata: Metadata) -> FieldError | None:
    kind = _KINDS[metadata.type]
    allowed = (*kind.usual, *kind.others)
    if not set(metadata.grant_types) <= set(allowed):
        return FieldError("invalid_choice", params={"choices": ", ".join(allowed)})
    # Only what a person granted is refreshed (RFC 6749, 4.4.3).
    if REFRESH in metadata.grant_types and not {AUTHORIZATION_CODE, DEVICE_CODE} & set(metadata.grant_types):
        return FieldError("invalid", "nothing_to_refresh")
    return None


def _check_scope(metadata: Metadata) -> FieldError | None:
    if len(metadata.scope) > MAX_SCOPE:
        return FieldError("max_length", params={"n": MAX_SCOPE})
    known = known_scopes()
    if set(split_scope(metadata.scope)) <= set(known):
        return None
    return FieldError("invalid_choice", params={"choices": ", ".join(known)})


def _check_resources(metadata: Metadata) -> FieldError | None:
    if all(map(is_resource, metadata.resources)):
        return _check_count(metadata.resources)
    return FieldError("invalid", "resource_malformed")


def _check_algorithm(metadata: Metadata) -> FieldError | None:
    if metadata.id_token_signed_response_alg in ID_TOKEN_ALGORITHMS:
        return None
    return FieldError("invalid_choice", params={"choices": ", ".join(ID_TOKEN_ALGORITHMS)})


def _check_method(metadata: Metadata) -> FieldError | None:
    methods = _KINDS[metadata.type].methods
    if metadata.token_endpoint_auth_method in methods:
        return None
    return FieldError("invalid_choice", params={"choices": ", ".join(methods)})


def _check_keys(metadata: Metadata) -> FieldError | None:
    if metadata.jwks is None:
        needed = metadata.token_endpoint_auth_method == PRIVATE_KEY
        return FieldError("required", "public_keys_required") if needed else None
    try:
        parse_public_keys(metadata.jwks)
    except Malformed as malformed:
        return malformed.error
    return None


def _check_introspect(metadata: Metadata) -> FieldError | None:
    """Refuse it to an application that cannot prove which one it is (RFC 7662, 2.1)."""
    if metadata.introspect and metadata.token_endpoint_auth_method == NONE:
        return FieldError("invalid", "introspect_needs_secret")
    return None


def _check_count(items: Sequence[object]) -> FieldError | None:
    return FieldError("max_length", "too_many", {"n": MAX_ITEMS}) if len(items) > MAX_ITEMS else None


_CHECKS: Mapping[str, Callable[[Metadata], FieldError | None]] = MappingProxyType(
    {
        "name": _check_name,
        "redirect_uris": _check_redirect_uris,
        "post_logout_redirect_uris": _check_post_logout_uris,
        "backchannel_logout_uri": _check_backchannel,
        "logo_uri": _check_logo,
        "grant_types": _check_grant_types,
        "scope": _check_scope,
        "resources": _check_resources,
        "id_token_signed_response_alg": _check_algorithm,
        "token_endpoint_auth_method": _check_method,
        "jwks": _check_keys,
        "introspect": _check_introspect,
    }
)


def _as_list(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value
