"""Authentication by `Authorization: Bearer <access>` (RFC 6750, 2.1); neither by cookie nor by query."""

from dataclasses import replace

from django.utils import timezone
from rest_framework.request import Request

from vestibule.kernel.client import Client
from vestibule.kernel.errors import CredentialInvalid, Unauthenticated
from vestibule.limits import rules
from vestibule.sessions import access_tokens
from vestibule.web.edge import admit


def admit_bearer(request: Request) -> Client:
    """Return the Client of a signed-in request.

    Raises:
        Unauthenticated: no token was sent.
        CredentialInvalid: the token was not issued by this service.
        CredentialExpired: the token is too old.
        SessionRevoked: the session of the token is not live.
        Throttled: the rate for signed-in requests is used up.
        Unavailable: the rates cannot be counted.
    """
    claims = access_tokens.verify_token(read_bearer_token(request))
    client = admit(request._request, rules.TOKEN, session=access_tokens.find_live_session(claims, timezone.now()))
    # A step-up counts only for the token that it returned, so that a stolen copy of an older one gains nothing.
    return replace(client, auth_time=min(access_tokens.read_auth_time(claims), client.auth_time or client.at))


def read_bearer_token(request: Request) -> str:
    """Return the token in the header.

    Raises:
        Unauthenticated: there is no bearer token.
        CredentialInvalid: the header is malformed.
    """
    header = request.headers.get("Authorization", "")
    scheme, _, token = header.partition(" ")
    if not header or scheme.lower() != "bearer":
        raise Unauthenticated
    if not token or " " in token or "," in token:
        raise CredentialInvalid
    return token
