"""The middleware of every request: request id and access log line, common headers, language, HTTPS, the API's paths,
the size of a body, the host, and refusals that no view caught."""

from collections.abc import Callable
from time import perf_counter

import structlog
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.common import CommonMiddleware
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _
from structlog.contextvars import bind_contextvars, clear_contextvars

from vestibule.limits.admission import admission
from vestibule.web import edge, error_responses, headers, language, problems, request_bodies, request_metrics, routes

GetResponse = Callable[[HttpRequest], HttpResponse]

_MAX_LENGTH_DIGITS = 12  # of a Content-Length; a longer one is over any limit
_CHARSETS = ("utf-8", "utf8", "us-ascii")

log = structlog.get_logger("vestibule.access")


def request_context(get_response: GetResponse) -> GetResponse:
    """Bind the request id to every log line and write one access line. It holds the route, never the path or query,
    which may hold a token."""

    def respond_in_context(request: HttpRequest) -> HttpResponse:
        request_id = headers.choose_request_id(request)
        clear_contextvars()
        bind_contextvars(request_id=request_id)
        began = perf_counter()
        edge.drop_untrusted_forwarded_proto(request)
        try:
            response = get_response(request)
        finally:
            admission.end_request()
        response["X-Request-ID"] = request_id
        headers.add_common_headers(request, response, for_machine=routes.expects_json(request))
        if not request.path.startswith(settings.STATIC_URL):
            seconds = perf_counter() - began
            request_metrics.observe_duration(request, response.status_code, seconds)
            log.info(
                "request",
                method=request.method,
                route=request.resolver_match.route if request.resolver_match else None,
                status=response.status_code,
                ms=round(seconds * 1000, 1),
            )
        return response

    return respond_in_context


def speak_language(get_response: GetResponse) -> GetResponse:
    """Answer in the language of the request (`web.language`), say which it is, and reset the thread's language
    afterwards. Static files have none: one copy of each is cached."""

    def respond_in_language(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(settings.STATIC_URL):
            return get_response(request)
        request._speaks_own_language = True  # type: ignore[attr-defined]  # language.speak_own_language
        with translation.override(language.choose_language(request)):
            response = get_response(request)
            return headers.add_language(response, translation.get_language() or settings.LANGUAGE_CODE)

    return respond_in_language


def release_places(get_response: GetResponse) -> GetResponse:
    """Release the place among expensive work that a request took (limits.admission): all that a project without
    `request_context` needs of it."""

    def respond_and_release(request: HttpRequest) -> HttpResponse:
        try:
            return get_response(request)
        finally:
            admission.end_request()

    return respond_and_release


def https_only(get_response: GetResponse) -> GetResponse:
    """Refuse API requests over HTTP; SecurityMiddleware redirects pages. A redirect would hide that a client sent a
    password in clear (ASVS 4.1.2).

    Internal paths are answered. The signing keys are refused if a proxy forwards them over HTTP, because an attacker
    could replace them on the way.
    """
    if not settings.SECURE_SSL_REDIRECT:
        raise MiddlewareNotUsed

    def respond_by_https(request: HttpRequest) -> HttpResponse:
        forwarded_keys = routes.is_beside_keys(request) and "HTTP_X_FORWARDED_PROTO" in request.META
        if request.is_secure() or (routes.is_internal(request) and not forwarded_keys):
            return get_response(request)
        return error_responses.render_problem(request, "https_required")

    return respond_by_https


def strip_api_slash(get_response: GetResponse) -> GetResponse:
    """Accept and ignore a trailing slash on every API path; the canonical form has none."""

    def respond_without_slash(request: HttpRequest) -> HttpResponse:
        if routes.expects_json(request) and request.path_info.endswith("/"):
            request.path_info = request.path_info.rstrip("/")
            request.path = request.path.rstrip("/")
        return get_response(request)

    return respond_without_slash


def limit_body(get_response: GetResponse) -> GetResponse:
    """Refuse a body that is too long, or in another charset than UTF-8, before anything reads it."""

    def respond_within_limit(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        limit = request_bodies.limit_for_path(request.path_info)
        if "HTTP_TRANSFER_ENCODING" in request.META or not (length.isascii() and length.isdecimal()):
            return error_responses.render_problem(request, "bad_request")
        if len(length) > _MAX_LENGTH_DIGITS or int(length) > limit:
            words = _("At most %(limit)s can be sent here.") % {"limit": request_bodies.format_limit(limit)}
            return error_responses.render_problem(request, "body_too_large", words)
        if length != "0" and (request.content_params or {}).get("charset", "utf-8").lower() not in _CHARSETS:
            return error_responses.render_problem(request, "unsupported_media_type")
        return get_response(request)

    return respond_within_limit


class AllowedHostsMiddleware(CommonMiddleware):
    """Django's CommonMiddleware, which refuses a foreign Host, except where any is taken."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:  # type: ignore[override]  # as it is called
        """Refuse, redirect or pass on."""
        return None if routes.takes_any_host(request) else super().process_request(request)


class RefusalMiddleware(MiddlewareMixin):
    """Answers a refusal that a page of ours did not catch, and a database outage, instead of leaving them to a 500."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """Return the response; None leaves the exception to Django's handlers, as that of any other app's view."""
        refusal = problems.refusal_of(exception) if routes.is_ours(request) else None
        return error_responses.render_refusal(request, refusal) if refusal else None
