"""What every request passes: a request id and an access log line, the headers of every answer, HTTPS, the API's paths,
the size of a body, the host; and what no view caught."""

import re
from collections.abc import Callable
from time import perf_counter

import structlog
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.common import CommonMiddleware
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _
from structlog.contextvars import bind_contextvars, clear_contextvars

from vestibule.guards import bodies
from vestibule.guards.admission import admission
from vestibule.kernel import entropy
from vestibule.kernel.errors import Refusal, Unavailable
from vestibule.skins import edge, failures, headers, measures

Respond = Callable[[HttpRequest], HttpResponse]

# Asked for by a pod's address or a service's name, where nobody has a certificate: by kubelets, Prometheus, other
# services. They build no link, and say nothing of the host.
ASKED_INSIDE = ("/health/", "/metrics", "/.well-known/jwks.json")

_DIGITS = 12  # of a length; more are of none that we take
_CHARSETS = ("utf-8", "utf8", "us-ascii")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)

log = structlog.get_logger("vestibule.access")


def request_context(respond: Respond) -> Respond:
    """Bind the request id to every log line, and leave one access line: the route, never the path or the query,
    which may hold a token."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else entropy.identifier().hex
        clear_contextvars()
        bind_contextvars(request_id=request_id)
        began = perf_counter()
        edge.hear_only_proxies(request)
        try:
            response = respond(request)
        finally:
            admission.leave()
        response["X-Request-ID"] = request_id
        headers.dress(request, response, machine=failures.speaks_json(request))
        if not request.path.startswith(settings.STATIC_URL):
            seconds = perf_counter() - began
            measures.observe(request, response.status_code, seconds)
            log.info(
                "request",
                method=request.method,
                route=request.resolver_match.route if request.resolver_match else None,
                status=response.status_code,
                ms=round(seconds * 1000, 1),
            )
        return response

    return middleware


def https_only(respond: Respond) -> Respond:
    """Pages are redirected to HTTPS (SecurityMiddleware); the API answers nothing in the open, for a redirect would
    hide that a password went there in the clear (ASVS 4.1.2). What is asked for inside answers; but keys that a proxy
    hands out in the open might be anybody's on the way."""
    if not settings.SECURE_SSL_REDIRECT:
        raise MiddlewareNotUsed

    def middleware(request: HttpRequest) -> HttpResponse:
        forwarded_keys = request.path.startswith("/.well-known/") and "HTTP_X_FORWARDED_PROTO" in request.META
        if request.is_secure() or (request.path.startswith(ASKED_INSIDE) and not forwarded_keys):
            return respond(request)
        return failures.answer(request, "https_required")

    return middleware


def api_paths(respond: Respond) -> Respond:
    """A trailing slash is accepted and ignored on every API path; the canonical form has none."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if failures.speaks_json(request) and request.path_info.endswith("/"):
            request.path_info = request.path_info.rstrip("/")
            request.path = request.path.rstrip("/")
        return respond(request)

    return middleware


def body_limit(respond: Respond) -> Respond:
    """Refuse an oversized body, or one in another charset than UTF-8, before anything reads it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        limit = bodies.limit(request.path)
        if "HTTP_TRANSFER_ENCODING" in request.META or not (length.isascii() and length.isdecimal()):
            return failures.answer(request, "bad_request")
        if len(length) > _DIGITS or int(length) > limit:
            words = _("At most %(limit)s can be sent here.") % {"limit": bodies.said(limit)}
            return failures.answer(request, "body_too_large", words)
        if length != "0" and (request.content_params or {}).get("charset", "utf-8").lower() not in _CHARSETS:
            return failures.answer(request, "unsupported_media_type")
        return respond(request)

    return middleware


class KnownHosts(CommonMiddleware):
    """Django's own, which refuses a foreign Host; but for what is asked for inside."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:  # type: ignore[override]  # as it is called
        """Refuse, redirect or let pass."""
        return None if request.path.startswith(ASKED_INSIDE) else super().process_request(request)


class LastResort(MiddlewareMixin):
    """A refusal that a page did not catch, and a database that is away, are answered as everywhere; not by a 500."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """The answer; None leaves it to Django's handlers."""
        if isinstance(exception, OperationalError | InterfaceError):
            log.error("database.unavailable", flow=None, error=type(exception).__name__)
            exception = Unavailable()
        return failures.refused(request, exception) if isinstance(exception, Refusal) else None
