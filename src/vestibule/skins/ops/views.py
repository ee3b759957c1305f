"""Metrics for Prometheus, and the public keys that verify our access tokens."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from vestibule.sessions import signing


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The text exposition of every metric, over all processes where there are several."""
    registry = REGISTRY
    if settings.METRICS_DIR:
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=settings.METRICS_DIR)  # type: ignore[no-untyped-call]  # theirs
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


@require_safe
def jwks(request: HttpRequest) -> JsonResponse:
    """`/.well-known/jwks.json` (RFC 7517); may be cached for as long as a key is published before it signs."""
    return JsonResponse(signing.jwks(), headers={"Cache-Control": "public, max-age=300"})
