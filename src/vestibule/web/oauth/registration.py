"""`/oauth/register`: an application registers itself (RFC 7591). Nothing is there to change it by (RFC 7592)."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from vestibule.applications.own_metadata import RESPONSE_TYPE
from vestibule.conf import conf
from vestibule.flows.applications.registration import RegisteredApplication, register_application
from vestibule.limits import rules
from vestibule.web.edge import admit
from vestibule.web.oauth.requests import read_bearer, read_object
from vestibule.web.oauth.responses import NO_STORE, oauth_endpoint


@oauth_endpoint(["POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Make an application of the metadata in the body; not there unless the operator lets applications do so."""
    client = admit(request, rules.OAUTH_REGISTER)
    if conf.oauth_registration == "off":
        raise Http404
    registered = register_application(client=client, initial_token=read_bearer(request), declared=read_object(request))
    return JsonResponse(_describe(registered), status=201, headers=NO_STORE)


def _describe(registered: RegisteredApplication) -> dict[str, Any]:
    """Return everything that counts of the application (RFC 7591, 3.2.1)."""
    application = registered.application
    secret = {"client_secret": registered.secret, "client_secret_expires_at": 0} if registered.secret else {}
    return {
        "client_id": application.client_id,
        "client_id_issued_at": int(application.created_at.timestamp()),
        **secret,
        "client_name": application.name,
        "redirect_uris": application.redirect_uris,
        "grant_types": application.grant_types,
        "response_types": [RESPONSE_TYPE],
        "scope": application.scope,
        "token_endpoint_auth_method": application.token_endpoint_auth_method,
    }
