"""The bearer token of a request: `Authorization: Bearer …`, in that header alone, neither in a cookie nor in the query
(RFC 6750, 2.1)."""

from dataclasses import replace

from django.http import HttpRequest
from django.utils import timezone

from vestibule.kernel.client import Client
from vestibule.kernel.errors import CredentialInvalid, Unauthenticated
from vestibule.limits.rules import Rule
from vestibule.sessions import access_tokens
from vestibule.web.edge import admit


def has_bearer_token(request: HttpRequest) -> bool:
    """Return whether the request brings one. Another scheme of Authorization is none of ours."""
    scheme: str = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")[0]
    return scheme.lower() == "bearer"


def read_bearer_token(request: HttpRequest) -> str:
    """Return the token in the header.

    Raises:
        Unauthenticated: there is no bearer token.
        CredentialInvalid: the header is malformed.
    """
    if not has_bearer_token(request):
        raise Unauthenticated
    token: str = request.META["HTTP_AUTHORIZATION"].partition(" ")[2]
    if not token or " " in token or "," in token:
        raise CredentialInvalid
    return token


def admit_bearer(request: HttpRequest, rule: Rule, *, before_enrolment: bool = False) -> Client:
    """Return the Client of a request with an access token, counted against the rule. `before_enrolment`: see
    `web.edge.admit`.

    Raises:
        Unauthenticated: no token was sent.
        CredentialInvalid: the token was not issued by this service.
        CredentialExpired: the token is too old.
        SessionRevoked: the session of the token is not live.
        EnrolmentRequired: the account has to set up a second factor first.
        Throttled: the rate for signed-in requests is used up.
        Unavailable: the rates cannot be counted.
    """
    now = timezone.now()
    claims = access_tokens.verify_token(read_bearer_token(request), now)
    session = access_tokens.find_live_session(claims, now)
    client = admit(request, rule, session=session, before_enrolment=before_enrolment)
    # A step-up counts only for the token that it returned, so that a stolen copy of an older one gains nothing.
    auth_time, amr = access_tokens.read_auth_time(claims), client.amr
    if auth_time < session.auth_time.replace(microsecond=0):
        amr = tuple(method for method in amr if method in claims.get("amr", ()))
    return replace(client, auth_time=min(auth_time, session.auth_time), amr=amr)
