"""The answer where no view has one: problem details under the API's paths, a page elsewhere."""

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from vestibule.skins import problems

log = structlog.get_logger(__name__)


def speaks_json(request: HttpRequest) -> bool:
    """Whether the request is for a machine."""
    return request.path.startswith(("/api/", "/health/", "/.well-known/")) or request.path == "/metrics"


def answer(request: HttpRequest, code: str) -> HttpResponse:
    """The failure `code`, in the form that the path speaks."""
    if speaks_json(request):
        return problems.answer(problems.details(code))
    problem = problems.PROBLEMS[code]
    return render(request, "pages/failure.html", {"problem": problem}, status=problem.status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    return answer(request, "bad_request")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return answer(request, "permission_denied")


def csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without our token: Django's CSRF_FAILURE_VIEW."""
    return answer(request, "permission_denied")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    return answer(request, "not_found")


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500; the exception has been logged with the request id."""
    return answer(request, "server_error")
