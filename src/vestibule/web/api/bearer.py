"""`Authorization: Bearer <access>`: a request of somebody who is signed in (RFC 6750, 2.1; no cookie, no query)."""

from dataclasses import replace

from django.utils import timezone
from rest_framework.request import Request

from vestibule.kernel.client import Client
from vestibule.kernel.errors import CredentialInvalid, Unauthenticated
from vestibule.limits import rules
from vestibule.sessions import access_tokens
from vestibule.web.edge import admit


def admit_bearer(request: Request) -> Client:
    """The Client of a signed-in request.

    Raises Unauthenticated, CredentialInvalid, CredentialExpired, SessionRevoked, Throttled, Unavailable.
    """
    claims = access_tokens.verify_token(read_bearer_token(request))
    client = admit(request._request, rules.TOKEN, session=access_tokens.find_live_session(claims, timezone.now()))
    # A step-up counts for the token that it gave: a copy of an older one gains nothing by it.
    return replace(client, auth_time=min(access_tokens.read_auth_time(claims), client.auth_time or client.at))


def read_bearer_token(request: Request) -> str:
    """The token of the header. Raises Unauthenticated where there is none, CredentialInvalid where it is none."""
    header = request.headers.get("Authorization", "")
    scheme, _, token = header.partition(" ")
    if not header or scheme.lower() != "bearer":
        raise Unauthenticated
    if not token or " " in token or "," in token:
        raise CredentialInvalid
    return token
