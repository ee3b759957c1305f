"""The way of what programs ask: the API, OpenID Connect's endpoints, the keys, health and metrics.

A program has no cookies, forms or frames. Its requests pass what concerns them and reach their view; those of people go
on through the middleware that protects pages in a browser. What that adds to a response of a program is in
`web.headers`.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import cast

from corsheaders.middleware import CorsMiddleware
from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.urls import ResolverMatch, URLResolver, get_resolver

from vestibule.web import error_responses, routes
from vestibule.web.headers import vary_by
from vestibule.web.middleware import limit_body

GetResponse = Callable[[HttpRequest], HttpResponse]


def answer_programs(get_response: GetResponse) -> GetResponse:
    """Answer what programs ask, and pass on what people ask (middleware). A page among the paths of programs, like the
    documentation of the API, is for people."""

    def ask_view_or_page(request: HttpRequest) -> HttpResponse:
        is_page = routes.is_page_of_programs(request) or not routes.expects_json(request)  # `/api/` without its slash
        return get_response(request) if is_page else _ask_view(request)

    ask = cast(GetResponse, convert_exception_to_response(ask_view_or_page))
    answer = _https_only(_strip_slash(limit_body(ask)))
    cors = CorsMiddleware(answer)

    def answer_or_pass_on(request: HttpRequest) -> HttpResponse:
        if not routes.expects_json(request):
            return get_response(request)
        if "HTTP_ORIGIN" in request.META or request.method == "OPTIONS":
            response = cast(HttpResponse, cors(request))
        else:
            response = answer(request)
            if cors.is_enabled(request):
                vary_by(response, "origin")
        if not response.streaming:
            response.headers.setdefault("Content-Length", str(len(response.content)))
        return response

    return answer_or_pass_on


def _ask_view(request: HttpRequest) -> HttpResponse:
    """Return the response of the view, or that of its refusal.

    Raises:
        DisallowedHost: the Host is none of ours, and the path asks for one.
        Http404: no view has this path.
    """
    if not routes.takes_any_host(request):
        request.get_host()
    match = request.resolver_match = find_view(get_resolver(), request.path_info)
    try:
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        return response.render() if isinstance(response, SimpleTemplateResponse) else response  # as DRF's are
    except Exception as error:
        if answer := error_responses.answer_exception(request, error):
            return answer
        raise


@lru_cache(maxsize=256)  # a path that stands alone is asked again and again
def find_view(resolver: URLResolver, path: str) -> ResolverMatch:
    """Return the view of a path. That there is none is not kept.

    Raises:
        Resolver404: no view has this path.
    """
    return resolver.resolve(path)


def _https_only(get_response: GetResponse) -> GetResponse:
    """Refuse requests over HTTP; SecurityMiddleware redirects pages. A redirect would hide that a client sent a
    password in clear (ASVS 4.1.2).

    Internal paths are answered. The signing keys are refused if a proxy forwards them over HTTP, because an attacker
    could replace them on the way.
    """
    if not settings.SECURE_SSL_REDIRECT:
        return get_response

    def respond_by_https(request: HttpRequest) -> HttpResponse:
        forwarded_keys = routes.is_beside_keys(request) and "HTTP_X_FORWARDED_PROTO" in request.META
        if request.is_secure() or (routes.is_internal(request) and not forwarded_keys):
            return get_response(request)
        return error_responses.render_problem(request, "https_required")

    return respond_by_https


def _strip_slash(get_response: GetResponse) -> GetResponse:
    """Accept and ignore a trailing slash; the canonical form has none."""

    def respond_without_slash(request: HttpRequest) -> HttpResponse:
        if request.path_info.endswith("/"):
            request.path_info = request.path_info.rstrip("/")
            request.path = request.path.rstrip("/")
        return get_response(request)

    return respond_without_slash
