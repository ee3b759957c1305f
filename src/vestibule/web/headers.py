"""The headers of every response, whatever its status: what a browser may do with it (ASVS 3.4).

A page may run the scripts with this response's nonce and may not be framed. A response that is no page (JSON, a
picture, a stylesheet) may do nothing, even if it is opened as a document.
"""

import re
from functools import lru_cache
from typing import Any

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from vestibule.conf import conf
from vestibule.kernel import entropy

DENY_ALL_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
# For static files. A worker among them is bound by its own policy. Others, like a logo of the operator's, may draw
# themselves and run nothing, should they be opened as documents.
UNFRAMED_POLICY = "frame-ancestors 'none'"
DRAWING_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
COMMON_HEADERS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Permitted-Cross-Domain-Policies": "none",
    # SecurityMiddleware and XFrameOptionsMiddleware set these for pages that pass through them.
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}
# As `stored_headers` has them.
_COMMON = {name.lower(): (name, value) for name, value in COMMON_HEADERS.items()}
_CLOSED = {HEADER.lower(): (HEADER, DENY_ALL_POLICY), "cache-control": ("Cache-Control", "no-store")}
WORDED = ("text/html", "application/json", "application/problem+json")


class ContentPolicy(CSPMiddleware):
    """django-csp for pages, with a nonce for each; a fixed policy for other responses, which costs nothing."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Set the policy of this response."""
        if response.headers.get("Content-Type", "").startswith("text/html"):
            self._make_nonce(request)
            super().process_response(request, response)
            if conf.csp_report_url:
                response["Reporting-Endpoints"] = f'house="{conf.csp_report_url}"'
        else:
            response.headers.setdefault(HEADER, DENY_ALL_POLICY)
        return response


def allow_forms_to(response: HttpResponse, origins: list[str]) -> HttpResponse:
    """Let the forms of this page lead to these origins, too."""
    if origins:
        allowed = getattr(response, "_csp_update", {}).get("form-action", [])
        response._csp_update = {"form-action": [*allowed, *origins]}  # type: ignore[attr-defined]  # for django-csp
    return response


def add_language(response: HttpResponse, language: str) -> HttpResponse:
    """Add what a response with words says of its language (RFC 9110, 8.5 and 12.5.5). What everybody may keep, like our
    keys, holds none."""
    kind, kept = response.headers.get("Content-Type", ""), response.headers.get("Cache-Control", "")
    if kind.startswith(WORDED) and "public" not in kept:
        stored_headers(response).setdefault("content-language", ("Content-Language", language))
        vary_by(response, "Accept-Language")
    return response


def add_common_headers(request: HttpRequest, response: HttpResponse, *, for_machine: bool) -> None:
    """Add the other headers to a response. `for_machine` says that no person reads it as a page."""
    kept = stored_headers(response)
    if for_machine:
        kept["referrer-policy"] = ("Referrer-Policy", "no-referrer")
        if settings.SECURE_HSTS_SECONDS and request.is_secure():
            response["Strict-Transport-Security"] = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains"
    for key, header in _COMMON.items():
        kept.setdefault(key, header)
    if request.path.startswith(settings.STATIC_URL):
        is_script = response.headers.get("Content-Type", "").startswith("text/javascript")
        response.headers.setdefault(HEADER, UNFRAMED_POLICY if is_script else DRAWING_POLICY)
        return
    for key, header in _CLOSED.items():
        kept.setdefault(key, header)
    vary_by(response, "Authorization" if for_machine else "Cookie")


def vary_by(response: HttpResponseBase, *names: str) -> None:
    """Say that the answer depends on these headers of the request (RFC 9110, 12.5.5), as Django's
    `patch_vary_headers`."""
    kept = stored_headers(response)
    kept["vary"] = ("Vary", _add_names(kept["vary"][1] if "vary" in kept else "", names))


@lru_cache(maxsize=256)  # nearly all responses say one of a few
def _add_names(said: str, names: tuple[str, ...]) -> str:
    before = [name.strip() for name in said.split(",") if name]
    known = {name.lower() for name in before}
    return ", ".join((*before, *(name for name in names if name.lower() not in known)))


def stored_headers(response: HttpResponseBase) -> dict[str, tuple[str, str]]:
    """Return what Django keeps of the headers: name and value, by the name in lower case. Through its mapping each
    header that is missing is an exception, and each value is encoded anew. It is private, hence the ceiling of
    Django in pyproject.toml."""
    headers: Any = response.headers
    kept: dict[str, tuple[str, str]] = headers._store
    return kept


def choose_request_id(request: HttpRequest) -> str:
    """Return the request's id: the one that the client or a proxy sent, if it is harmless in a log, else a new one."""
    given = request.META.get("HTTP_X_REQUEST_ID", "")
    return given if _REQUEST_ID.fullmatch(given) else entropy.random_uuid().hex
