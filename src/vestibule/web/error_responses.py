"""The answer where no view has one: problem details under the API's paths, a page elsewhere."""

from dataclasses import replace
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from vestibule.kernel.errors import Refusal
from vestibule.web import problems

_PASSWORD_LABELS = {
    "password": "Password",
    "current_password": "Current password",
    "password2": "New password, once more",
}
_FIELDS_NOT_REPEATED = {"csrfmiddlewaretoken", *_PASSWORD_LABELS}


def expects_json(request: HttpRequest) -> bool:
    """Whether the request is for a machine."""
    return request.path.startswith(("/api/", "/health/", "/.well-known/")) or request.path == "/metrics"


def render_problem(request: HttpRequest, code: str, detail: str = "") -> HttpResponse:
    """The failure `code`, in the form that the path speaks; `detail`: in other words than the table's."""
    if expects_json(request):
        return problems.problem_response(problems.build_details(code, **({"detail": detail} if detail else {})))
    problem = problems.PROBLEMS[code]
    problem = replace(problem, detail=detail or problem.detail)
    return render(request, "pages/failure.html", {"problem": problem}, status=problem.status)


def render_refusal(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The refusal, in the form that the path speaks, with the headers that say how to go on."""
    response = render_problem(request, problems.problem_key(refusal))
    for name, value in problems.refusal_headers(refusal).items():
        response[name] = value
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    return render_problem(request, "bad_request")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return render_problem(request, "permission_denied")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without our token: Django's CSRF_FAILURE_VIEW.

    From one of our own pages it was made before its person signed in or out in another tab: it is shown once more with
    what was typed, but for passwords, and a new token. From elsewhere nothing is led on.
    """
    if expects_json(request) or not _is_from_our_page(request):
        return render_problem(request, "permission_denied")
    typed = [
        (name, value) for name, values in request.POST.lists() for value in values if name not in _FIELDS_NOT_REPEATED
    ]
    asked = [(name, label) for name, label in _PASSWORD_LABELS.items() if name in request.POST]
    context = {"typed": typed, "passwords": asked, "action": request.get_full_path(), "files": bool(request.FILES)}
    return render(request, "pages/again.html", context, status=403)


def _is_from_our_page(request: HttpRequest) -> bool:
    """Whether the browser says so. One that says nothing at all sent no request across origins: that has an Origin
    (Fetch Standard, 3.2)."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        return site == "same-origin"
    try:
        own = {
            f"{request.scheme}://{request.get_host()}",
            "{0.scheme}://{0.netloc}".format(urlsplit(settings.BASE_URL)),
        }
    except DisallowedHost:
        return False
    return origin is None or origin in own


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    return render_problem(request, "not_found")


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500; the exception has been logged with the request id."""
    return render_problem(request, "server_error")
