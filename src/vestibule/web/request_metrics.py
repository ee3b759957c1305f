"""Response times by route, method and status. The route is the URL pattern, never the path, which may hold a token."""

from functools import cache

from django.http import HttpRequest
from prometheus_client import Histogram

_KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

REQUEST_DURATION = Histogram(
    "vestibule_request_duration_seconds",
    "Seconds from the first middleware to the answer.",
    ["route", "method", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


def observe_duration(request: HttpRequest, status: int, seconds: float) -> None:
    """Record one response. Unknown paths and methods, which a stranger can invent, share one label value each."""
    route = request.resolver_match.route if request.resolver_match else "unmatched"
    method = request.method if request.method in _KNOWN_METHODS else "other"
    _duration_series(route, method, status // 100).observe(seconds)


@cache
def _duration_series(route: str, method: str | None, hundreds: int) -> Histogram:
    """Return the series, cached because looking it up costs more than observing."""
    return REQUEST_DURATION.labels(route=route or "/", method=method, status=f"{hundreds}xx")
