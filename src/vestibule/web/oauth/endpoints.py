"""`/oauth/…`: the endpoints for programs: pushed requests, devices, tokens, introspection, revocation, userinfo."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from vestibule.applications import errors
from vestibule.applications.authorization_request import Reader
from vestibule.applications.client_authentication import Credentials, Means
from vestibule.applications.metadata import AUTHORIZATION_CODE, CLIENT_CREDENTIALS, DEVICE_CODE, REFRESH
from vestibule.conf import conf
from vestibule.flows.applications import authorization, device_authorization, token_exchange, token_status
from vestibule.flows.applications.token_exchange import GrantedTokens
from vestibule.kernel.client import Client
from vestibule.limits import rules
from vestibule.web.edge import admit
from vestibule.web.oauth.requests import read_bearer, read_credentials, read_form
from vestibule.web.oauth.responses import NO_STORE, oauth_endpoint


@oauth_endpoint(["POST"])
def push_request(request: HttpRequest) -> HttpResponse:
    """`/oauth/par`: keep an authorization request (RFC 9126)."""
    client = admit(request, rules.OAUTH)
    read = read_form(request)
    credentials = read_credentials(request, read)
    if credentials.means is Means.NOTHING:  # anybody who knows a name can send it, and it is kept
        client = admit(request, rules.OAUTH_AUTHORIZE)
    request_uri, expires_in = authorization.push_request(client=client, credentials=credentials, given=read.given)
    return JsonResponse({"request_uri": request_uri, "expires_in": expires_in}, status=201, headers=NO_STORE)


@oauth_endpoint(["POST"])
def start_device(request: HttpRequest) -> HttpResponse:
    """`/oauth/device`: codes for a device that signs a person in (RFC 8628, 3.1)."""
    client = admit(request, rules.OAUTH_DEVICE)
    read = read_form(request)
    issued = device_authorization.start_device(
        client=client,
        credentials=read_credentials(request, read),
        scope=read.one("scope"),
        resources=read.given.get("resource", ()),
    )
    page = f"{conf.base_url}{reverse('vestibule_pages:device')}"
    told = {
        "device_code": issued.device_code,
        "user_code": issued.user_code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?{urlencode({'user_code': issued.user_code})}",
        "expires_in": issued.expires_in,
        "interval": issued.interval,
    }
    return JsonResponse(told, headers=NO_STORE)


@oauth_endpoint(["POST"], cors="applications")
def issue_tokens(request: HttpRequest) -> HttpResponse:
    """`/oauth/token`: exchange what an application holds (RFC 6749, 3.2)."""
    client = admit(request, rules.OAUTH)
    read = read_form(request)
    if not (grant_type := read.one("grant_type")):
        raise errors.InvalidRequest("grant_type is missing")
    if grant_type not in EXCHANGES:
        raise errors.UnsupportedGrantType("there is no such grant_type")
    issued = EXCHANGES[grant_type](client, read_credentials(request, read), read)
    told: dict[str, str | int] = {
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "scope": issued.scope,
    }
    told |= {"refresh_token": issued.refresh_token} if issued.refresh_token else {}
    told |= {"id_token": issued.id_token} if issued.id_token else {}
    return JsonResponse(told, headers=NO_STORE)


def _exchange_code(client: Client, credentials: Credentials, read: Reader) -> GrantedTokens:
    return token_exchange.exchange_code(
        client=client,
        credentials=credentials,
        code=read.one("code"),
        redirect_uri=read.one("redirect_uri"),
        code_verifier=read.one("code_verifier"),
    )


def _refresh(client: Client, credentials: Credentials, read: Reader) -> GrantedTokens:
    return token_exchange.refresh_grant(
        client=client, credentials=credentials, refresh_token=read.one("refresh_token"), scope=read.one("scope")
    )


def _issue_own_token(client: Client, credentials: Credentials, read: Reader) -> GrantedTokens:
    return token_exchange.issue_own_token(
        client=client, credentials=credentials, scope=read.one("scope"), resources=read.given.get("resource", ())
    )


def _exchange_device_code(client: Client, credentials: Credentials, read: Reader) -> GrantedTokens:
    return device_authorization.exchange_device_code(
        client=client, credentials=credentials, device_code=_require(read, "device_code")
    )


EXCHANGES = {
    AUTHORIZATION_CODE: _exchange_code,
    REFRESH: _refresh,
    CLIENT_CREDENTIALS: _issue_own_token,
    DEVICE_CODE: _exchange_device_code,
}


@oauth_endpoint(["POST"])
def introspect(request: HttpRequest) -> HttpResponse:
    """`/oauth/introspect`: what a token stands for now (RFC 7662)."""
    client = admit(request, rules.OAUTH)
    read = read_form(request)
    told = token_status.introspect_token(
        client=client, credentials=read_credentials(request, read), token=_require(read, "token")
    )
    return JsonResponse(dict(told), headers=NO_STORE)


@oauth_endpoint(["POST"], cors="applications")
def revoke(request: HttpRequest) -> HttpResponse:
    """`/oauth/revoke`: an application gives a token back (RFC 7009)."""
    client = admit(request, rules.OAUTH)
    read = read_form(request)
    token_status.revoke_token(client=client, credentials=read_credentials(request, read), token=_require(read, "token"))
    return HttpResponse(status=200, headers=NO_STORE)


@oauth_endpoint(["GET", "POST"], cors="applications")
def show_userinfo(request: HttpRequest) -> HttpResponse:
    """`/oauth/userinfo`: who the person of an access token is (OpenID Connect Core, 5.3)."""
    client = admit(request, rules.OAUTH)
    if not (token := read_bearer(request)):
        raise errors.AccessTokenInvalid("send the access token as Authorization: Bearer")
    return JsonResponse(token_status.read_userinfo(client=client, token=token), headers=NO_STORE)


def _require(read: Reader, name: str) -> str:
    if found := read.one(name):
        return found
    raise errors.InvalidRequest(f"{name} is missing")
