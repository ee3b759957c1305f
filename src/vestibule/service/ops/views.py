"""Metrics for Prometheus."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from vestibule.kernel.errors import Unauthenticated
from vestibule.service.ops.exposition import render_metrics
from vestibule.web import problems
from vestibule.web.operators import is_operator


@require_safe
def show_metrics(request: HttpRequest) -> HttpResponse:
    """Return every metric as text, over all processes of this machine; for operators only."""
    if not is_operator(request.META):
        return problems.problem_response(problems.build_details("not_authenticated"), Unauthenticated())
    return HttpResponse(render_metrics(), content_type=CONTENT_TYPE_LATEST)
