"""The headers that every answer carries, whatever its status: what a browser may do with it (ASVS 3.4).

A page may run the scripts that bear this answer's nonce, and may stand in nobody's frame; what is no page (JSON, a
picture, a stylesheet) may do nothing at all, also where somebody opens it as a document.
"""

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers

DENY_ALL_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
UNFRAMED_POLICY = "frame-ancestors 'none'"  # our own files: a worker among them lives by the policy that came with it
COMMON_HEADERS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Permitted-Cross-Domain-Policies": "none",
    # SecurityMiddleware and XFrameOptionsMiddleware set these, where they are on the way.
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}


class ContentPolicy(CSPMiddleware):
    """django-csp for pages, each with a nonce of its own; a fixed word for the rest, which costs nothing."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """The policy of this answer."""
        if response.headers.get("Content-Type", "").startswith("text/html"):
            self._make_nonce(request)
            super().process_response(request, response)
            if settings.CSP_REPORT_URL:
                response["Reporting-Endpoints"] = f'house="{settings.CSP_REPORT_URL}"'
        else:
            response.headers.setdefault(HEADER, DENY_ALL_POLICY)
        return response


def add_common_headers(request: HttpRequest, response: HttpResponse, *, for_machine: bool) -> None:
    """The rest of them, on an answer that is about to leave; `machine`: no page that a person reads."""
    if for_machine:
        response["Referrer-Policy"] = "no-referrer"
    for name, value in COMMON_HEADERS.items():
        response.headers.setdefault(name, value)
    if request.path.startswith(settings.STATIC_URL):
        response.headers.setdefault(HEADER, UNFRAMED_POLICY)
        return
    response.headers.setdefault(HEADER, DENY_ALL_POLICY)
    response.headers.setdefault("Cache-Control", "no-store")
    patch_vary_headers(response, ("Authorization",) if for_machine else ("Cookie",))
