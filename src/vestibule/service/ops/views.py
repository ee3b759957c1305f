"""Metrics for Prometheus, and the public keys that verify our access tokens."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from vestibule.kernel.errors import Unauthenticated
from vestibule.service.ops.exposition import render_metrics
from vestibule.sessions import signing_keys
from vestibule.web import problems
from vestibule.web.operators import is_operator


@require_safe
def show_metrics(request: HttpRequest) -> HttpResponse:
    """Return every metric as text, over all processes of this machine; for operators only."""
    if not is_operator(request.META):
        return problems.problem_response(problems.build_details("not_authenticated"), Unauthenticated())
    return HttpResponse(render_metrics(), content_type=CONTENT_TYPE_LATEST)


@require_safe
def show_jwks(request: HttpRequest) -> JsonResponse:
    """`/.well-known/jwks.json` (RFC 7517). It may be cached for less time than a key is published before it signs."""
    seconds = int(signing_keys.PUBLISHED_FOR.total_seconds())
    return JsonResponse(signing_keys.build_jwk_set(), headers={"Cache-Control": f"public, max-age={seconds}"})
