"""A tracing span around each request, named by its route, never its path or query. Used only where OTEL_* asks for
traces."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from vestibule.kernel import spans
from vestibule.web import edge

GetResponse = Callable[[HttpRequest], HttpResponse]


def trace_requests(get_response: GetResponse) -> GetResponse:
    """The outermost middleware. A `traceparent` is followed only from a trusted proxy: with one of its own, a stranger
    could join our spans to any trace or switch them off."""

    def respond_in_span(request: HttpRequest) -> HttpResponse:
        parent = request.headers.get("traceparent", "") if edge.is_from_trusted_proxy(request) else ""
        with spans.open_span("request", parent=parent, kind="server") as span:
            response = get_response(request)
            route = request.resolver_match.route if request.resolver_match else "unmatched"
            span.describe(
                f"{request.method} {route}",
                {
                    "http.request.method": request.method or "",
                    "http.route": route,
                    "http.response.status_code": response.status_code,
                },
            )
        return response

    return respond_in_span
