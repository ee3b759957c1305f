"""Metrics for Prometheus, and the public keys that verify our access tokens."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from vestibule.kernel.errors import Unauthenticated
from vestibule.sessions import signing
from vestibule.skins import problems
from vestibule.skins.operators import is_operator
from vestibule.skins.ops.exposition import exposition


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The text exposition of every metric, over all processes where there are several; for operators."""
    if not is_operator(request.META):
        return problems.answer(problems.details("not_authenticated"), Unauthenticated())
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)


@require_safe
def jwks(request: HttpRequest) -> JsonResponse:
    """`/.well-known/jwks.json` (RFC 7517); may be cached for less time than a key is published before it signs."""
    seconds = int(signing.PUBLISHED_FOR.total_seconds())
    return JsonResponse(signing.jwks(), headers={"Cache-Control": f"public, max-age={seconds}"})
