"""Error responses outside of views: problem details under the API's paths, a page elsewhere."""

from dataclasses import replace
from urllib.parse import urlsplit

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from vestibule.conf import conf
from vestibule.kernel.errors import Refusal
from vestibule.web import problems
from vestibule.web.routes import expects_json, is_ours
from vestibule.web.templating import render, render_in_flow

CURRENT_PASSWORD = _("Current password"), "current-password"  # label and `autocomplete`
NEW_PASSWORD = _("New password"), "new-password"
_PASSWORD_FIELDS = {
    "current_password": CURRENT_PASSWORD,
    "password": (_("Password"), "current-password"),
    "password2": (_("New password, once more"), "new-password"),
}
_FIELDS_NOT_REPEATED = {"csrfmiddlewaretoken", *_PASSWORD_FIELDS}


def render_problem(request: HttpRequest, code: str, detail: str = "") -> HttpResponse:
    """Return the response for the failure `code`, as JSON or page; `detail` replaces the words of the table."""
    if expects_json(request):
        return problems.problem_response(problems.build_details(code, **({"detail": detail} if detail else {})))
    problem = replace(problems.PROBLEMS[code], detail=detail or problems.describe_problem(code))
    return render(request, "vestibule/pages/failure.html", {"problem": problem}, status=problem.status)


def render_refusal(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Return the response for a refusal, as JSON or page, with the headers that say how to continue."""
    key = problems.problem_key(refusal)
    response = render_problem(request, key, problems.describe_problem(key, problems.seconds_to_wait(refusal)))
    for name, value in problems.refusal_headers(refusal).items():
        response[name] = value
    return response


def answer_exception(request: HttpRequest, exception: Exception) -> HttpResponse | None:
    """Return the response for a refusal, or for a database outage, that a view of ours raised. Other exceptions are
    left to Django's handlers, as are those of any other app's view."""
    refusal = problems.refusal_of(exception) if is_ours(request) else None
    return render_refusal(request, refusal) if refusal else None


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400 (Django's handler400)."""
    return render_problem(request, "bad_request")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403 (Django's handler403)."""
    return render_problem(request, "permission_denied")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without a valid CSRF token (Django's CSRF_FAILURE_VIEW).

    A form from one of our own pages was loaded before its person signed in or out in another tab. It is shown again
    with a new token and what was typed, except passwords. Nothing from another origin is repeated.
    """
    if expects_json(request) or not _is_from_our_page(request):
        return render_problem(request, "permission_denied")
    typed = [
        (name, value) for name, values in request.POST.lists() for value in values if name not in _FIELDS_NOT_REPEATED
    ]
    fields = _PASSWORD_FIELDS | ({"password": NEW_PASSWORD} if "current_password" in request.POST else {})
    asked = [(name, *shown) for name, shown in fields.items() if name in request.POST]
    context = {"typed": typed, "passwords": asked, "action": request.get_full_path(), "files": bool(request.FILES)}
    return render_in_flow(request, "vestibule/pages/again.html", context, status=403)


def _is_from_our_page(request: HttpRequest) -> bool:
    """Return whether the browser says so. A request without both headers was not sent across origins, because that has
    an Origin (Fetch Standard, 3.2)."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        return site == "same-origin"
    try:
        own = {
            f"{request.scheme}://{request.get_host()}",
            "{0.scheme}://{0.netloc}".format(urlsplit(conf.base_url)),
        }
    except DisallowedHost:
        return False
    return origin is None or origin in own


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404 (Django's handler404)."""
    return render_problem(request, "not_found")


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 (Django's handler500). The exception was logged with the request id."""
    return render_problem(request, "server_error")
