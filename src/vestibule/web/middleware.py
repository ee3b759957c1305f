"""The middleware of every request: request id and access log line, common headers, language, the size of a body, the
host, and refusals that no view caught. What programs ask leaves it early (`web.programs`)."""

from collections.abc import Callable
from time import perf_counter

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.common import CommonMiddleware
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _

from vestibule.kernel.request_id import set_request_id
from vestibule.limits.admission import admission
from vestibule.web import edge, error_responses, headers, language, request_bodies, request_metrics, routes

GetResponse = Callable[[HttpRequest], HttpResponse]

_MAX_LENGTH_DIGITS = 12  # of a Content-Length; a longer one is over any limit
_CHARSETS = ("utf-8", "utf8", "us-ascii")

log = structlog.get_logger("vestibule.access")


def request_context(get_response: GetResponse) -> GetResponse:
    """Set the id that every log line holds, and write one access line. It holds the route, never the path or query,
    which may hold a token."""

    def respond_in_context(request: HttpRequest) -> HttpResponse:
        request_id = headers.choose_request_id(request)
        set_request_id(request_id)
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
        return error_responses.answer_exception(request, exception)
