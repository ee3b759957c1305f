"""`/.well-known/…`: what the service can do and the keys that verify its tokens, for the libraries of applications
(OpenID Connect Discovery, 3; RFC 8414; RFC 7517)."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from vestibule.applications import client_authentication
from vestibule.applications.authorization_request import PROMPTS, RESPONSE_MODES
from vestibule.applications.metadata import ID_TOKEN_ALGORITHMS, NONE, PRIVATE_KEY, SECRET_METHODS
from vestibule.applications.scopes import known_scopes
from vestibule.conf import conf
from vestibule.sessions import signing_keys
from vestibule.sessions.access_tokens import AAL1, AAL2
from vestibule.web.oauth.endpoints import EXCHANGES
from vestibule.web.oauth.responses import oauth_endpoint

_MAX_AGE = 300  # seconds for which it may be cached
_AUTH_METHODS = [
    *SECRET_METHODS,
    PRIVATE_KEY,
    NONE,
]
_CLAIMS = [
    *("sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash"),
    *("name", "preferred_username", "picture", "locale", "email", "email_verified"),
    *("phone_number", "phone_number_verified"),
]


@oauth_endpoint(["GET", "HEAD"], cors="anybody")
def show_metadata(request: HttpRequest) -> HttpResponse:
    """Return the document, the same for both standards."""
    return JsonResponse(build_metadata(), headers={"Cache-Control": f"public, max-age={_MAX_AGE}"})


def build_metadata() -> dict[str, Any]:
    """Return every member of the document."""
    register = {"registration_endpoint": _url("vestibule_oauth:register")} if conf.oauth_registration != "off" else {}
    return {
        **register,
        "issuer": conf.base_url,
        "authorization_endpoint": _url("vestibule_oauth:authorize"),
        "pushed_authorization_request_endpoint": _url("vestibule_oauth:par"),
        "device_authorization_endpoint": _url("vestibule_oauth:device_authorization"),
        "token_endpoint": _url("vestibule_oauth:token"),
        "userinfo_endpoint": _url("vestibule_oauth:userinfo"),
        "revocation_endpoint": _url("vestibule_oauth:revoke"),
        "introspection_endpoint": _url("vestibule_oauth:introspect"),
        "end_session_endpoint": _url("vestibule_pages:end_session"),
        "jwks_uri": _url("vestibule_oauth:jwks"),
        "scopes_supported": list(known_scopes()),
        "response_types_supported": ["code"],
        "response_modes_supported": list(RESPONSE_MODES),
        "grant_types_supported": list(EXCHANGES),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(ID_TOKEN_ALGORITHMS),
        "token_endpoint_auth_methods_supported": _AUTH_METHODS,
        "token_endpoint_auth_signing_alg_values_supported": list(client_authentication.ALGORITHMS),
        "introspection_endpoint_auth_methods_supported": _AUTH_METHODS[:-1],
        "introspection_endpoint_auth_signing_alg_values_supported": list(client_authentication.ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": _AUTH_METHODS,
        "revocation_endpoint_auth_signing_alg_values_supported": list(client_authentication.ALGORITHMS),
        "code_challenge_methods_supported": ["S256"],
        "claim_types_supported": ["normal"],
        "claims_supported": _CLAIMS,
        "acr_values_supported": [AAL1, AAL2],
        "prompt_values_supported": list(PROMPTS),
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "ui_locales_supported": [code for code, _ in settings.LANGUAGES],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "client_id_metadata_document_supported": conf.oauth_client_documents,
        "require_pushed_authorization_requests": False,
    }


def _url(name: str) -> str:
    return f"{conf.base_url}{reverse(name)}"


@oauth_endpoint(["GET", "HEAD"], cors="anybody")
def show_jwks(request: HttpRequest) -> HttpResponse:
    """Return the public keys (RFC 7517). They may be cached for less time than a key is published before it signs."""
    seconds = int(signing_keys.PUBLISHED_FOR.total_seconds())
    return JsonResponse(signing_keys.build_jwk_set(), headers={"Cache-Control": f"public, max-age={seconds}"})
