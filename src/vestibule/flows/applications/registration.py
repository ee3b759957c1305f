"""Applications that register themselves (RFC 7591), where the operator lets them."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from vestibule.applications import client_secrets, errors, registry
from vestibule.applications.metadata import NONE, SECRET_BASIC, SECRET_METHODS, SECRET_POST, Metadata
from vestibule.applications.models import Application, Source
from vestibule.applications.own_metadata import parse_own_metadata
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.conf import conf
from vestibule.flows.flow import flow
from vestibule.kernel.client import Client
from vestibule.kernel.errors import Invalid
from vestibule.storage.database import atomic

METHODS = (SECRET_BASIC, SECRET_POST, NONE)  # the first is usual (RFC 7591, 2)
_USUAL_NAME = "Unnamed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredApplication:
    """A new application, and its secret, to be told this once; "" without one."""

    application: Application
    secret: str = field(default="", repr=False)


@flow("applications.register")
def register_application(
    *, client: Client, initial_token: str, declared: Mapping[str, object]
) -> RegisteredApplication:
    """Create an application of what it declares of itself (`applications.own_metadata`). `initial_token` is the initial
    access token that came along (RFC 7591, 3).

    Raises:
        AccessTokenInvalid: an initial access token is wanted, and this is not the one.
        InvalidRedirectUri: an address is missing or not allowed.
        InvalidClientMetadata: something else that it declares is not allowed.
        Unavailable: the database cannot be reached.
    """
    if conf.oauth_registration != "open" and not _is_initial_token(initial_token):
        raise errors.AccessTokenInvalid("registration wants an initial access token")
    metadata = _parse(declared)
    with atomic():
        application = registry.create_application(metadata, now=client.at, source=Source.REGISTRATION)
        secret = ""
        if metadata.token_endpoint_auth_method in SECRET_METHODS:
            secret, _ = client_secrets.create_secret(application, client.at)
        record_event(events.APPLICATION_REGISTERED, client, application=application.client_id)
    return RegisteredApplication(application=application, secret=secret)


def _is_initial_token(token: str) -> bool:
    expected = conf.oauth_registration_token
    given, wanted = (each.encode("utf-8", "surrogatepass") for each in (token, expected))
    return conf.oauth_registration == "token" and bool(expected) and hmac.compare_digest(given, wanted)


def _parse(declared: Mapping[str, object]) -> Metadata:
    try:
        return parse_own_metadata(declared, usual_name=_USUAL_NAME, methods=METHODS)
    except Invalid as invalid:
        if "redirect_uris" in invalid.fields:
            raise errors.InvalidRedirectUri("redirect_uris is missing, or one of them is not allowed") from invalid
        raise errors.InvalidClientMetadata(f"not allowed: {', '.join(sorted(invalid.fields))}") from invalid
