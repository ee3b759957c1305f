"""`/auth/check`: who is asking a site behind a proxy, and whether they may.

It takes what this service gave to the person: an access token, the session of our pages, an API key. Nothing in the
request but these, and what a trusted proxy says of the site, changes the answer.
"""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from vestibule.applications.api_keys import PREFIX, find_live_key, note_use
from vestibule.applications.scopes import split_scope
from vestibule.conf import conf
from vestibule.flows.sign_in import access_check
from vestibule.flows.sign_in.access_check import Passed, Site
from vestibule.kernel import hosts
from vestibule.kernel.client import Client
from vestibule.kernel.errors import CredentialInvalid, Refusal, Unauthenticated
from vestibule.limits import rules
from vestibule.web import bearer, problems
from vestibule.web.cookies import checked_session_id
from vestibule.web.destination import find_destination, url_with_destination
from vestibule.web.edge import admit, is_from_trusted_proxy
from vestibule.web.headers import vary_by
from vestibule.web.page_session import admit_page_session

_HOST = re.compile(r"[A-Za-z0-9.:_\[\]-]+")


@require_safe
def check_access(request: HttpRequest) -> HttpResponse:
    """Answer 200 with who it is, or 401, or 403; a browser that is signed out goes to the sign-in and comes back."""
    site = _read_site(request)
    try:
        client, scopes = _admit(request)
        response = _passed_response(access_check.check_access(client=client, site=site, scopes=scopes))
    except Unauthenticated as refusal:
        response = _redirect_to_sign_in(request, site) or _refused_response(refusal)
    except Refusal as refusal:
        response = _refused_response(refusal)
    response["Cache-Control"] = "no-store"
    vary_by(response, "Authorization", "Cookie", "Accept")
    return response


def _admit(request: HttpRequest) -> tuple[Client, Collection[str] | None]:
    """Return the client, and the scopes of the key that it sent, if it did. A bearer token decides alone; another
    scheme is the site's own."""
    if not bearer.has_bearer_token(request):
        # What a page loads and polls by itself must not keep a session from being idle (ASVS 7.3.1).
        is_use = request.headers.get("Sec-Fetch-Mode") == "navigate"
        return admit_page_session(request, checked_session_id(request), rules.AUTH_CHECK, is_use=is_use), None
    token = bearer.read_bearer_token(request)
    if not token.startswith(PREFIX):
        return bearer.admit_bearer(request, rules.AUTH_CHECK), None
    key = find_live_key(token, timezone.now())
    client = admit(request, rules.AUTH_CHECK, key=key)  # a wrong one is counted, too: it cost a query
    if key is None:
        raise CredentialInvalid
    note_use(key, client.at)
    return client, split_scope(key.scope)


def _read_site(request: HttpRequest) -> Site | None:
    """Return the site that a trusted proxy is asked for; what anybody else says of it is not read."""
    proto, host, uri = (request.headers.get(f"X-Forwarded-{name}", "") for name in ("Proto", "Host", "Uri"))
    if not is_from_trusted_proxy(request) or proto not in ("http", "https") or not _HOST.fullmatch(host):
        return None
    try:
        origin = hosts.url_origin(urlsplit(f"{proto}://{host}"))
    except ValueError:
        return None
    return Site(origin=origin, host=host, uri=uri)


def _redirect_to_sign_in(request: HttpRequest, site: Site | None) -> HttpResponse | None:
    """Return the way to the sign-in for a browser, and back, if the site has one of the allowed origins."""
    if not _is_browser(request):
        return None
    destination = find_destination(f"{site.origin}{site.uri}") if site else None
    return HttpResponseRedirect(f"{conf.base_url}{url_with_destination(destination, 'vestibule_pages:login')}")


def _is_browser(request: HttpRequest) -> bool:
    """Return whether a person looks at the answer: it may be HTML, and no program signed in."""
    wants_page = any(
        (each.main_type, each.sub_type) == ("text", "html") and each.quality > 0 for each in request.accepted_types
    )
    return wants_page and "Authorization" not in request.headers


def _passed_response(passed: Passed) -> HttpResponse:
    """Name the person. Each header is always there, because some proxies let the client's own pass where one is not. An
    address is in ASCII (`addresses.parsing`)."""
    user = passed.user
    return HttpResponse(
        headers={
            "X-Auth-User": str(user.pk),
            "X-Auth-Email": (user.email or "") if user.email_verified_at else "",
            "X-Auth-Role": user.role,
            "X-Auth-Assertion": passed.assertion,
        },
        content_type="text/plain",
    )


def _refused_response(refusal: Refusal) -> HttpResponse:
    return problems.problem_response(problems.refusal_details(refusal), refusal)
