"""How a page answers: a template, the status of the refusal, its words; and what a template needs of one field."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from vestibule.kernel.errors import Invalid, Refusal, UsernameTaken
from vestibule.web.field_messages import field_message
from vestibule.web.problems import PROBLEMS, problem_key, refusal_headers, refusal_message, seconds_to_wait

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


def render_page(
    request: HttpRequest, template: str, context: dict[str, Any], refusal: Refusal | None = None
) -> HttpResponse:
    """The page, with the status, the headers and the words of what was refused, where something was."""
    response = render(request, template, {**_alert_context(refusal), **context}, status=refusal_status(refusal))
    for name, value in refusal_headers(refusal).items():
        response[name] = value
    return response


def next_path(request: HttpRequest) -> str:
    """Where the person was on the way to, as `next` says: only to the admin, else nowhere. A path of ours that begins
    so is no other host's, whatever follows."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    return wanted if wanted.startswith("/admin/") and wanted.isascii() and wanted.isprintable() else ""


def refusal_status(refusal: Refusal | None) -> int:
    """The HTTP status that the API gives the same refusal."""
    return PROBLEMS[problem_key(refusal)].status if refusal else 200


def field_context(name: str, typed: dict[str, str], refusal: Refusal | None, order: tuple[str, ...]) -> dict[str, Any]:
    """What the template needs of one field; of those in `order`, the first that is wrong gets the focus."""
    wrong = refusal.fields if isinstance(refusal, Invalid) else {}
    if isinstance(refusal, UsernameTaken) and name == "username":
        wrong = {"username": []}
    first = next((each for each in order if each in wrong), None)
    return {
        "name": name,
        "value": typed.get(name, ""),
        "wrong": name in wrong,
        "errors": [field_message(error) for error in wrong.get(name, [])],
        "focus": name == first if first else name in ("email", "phone_number"),
    }


def _alert_context(refusal: Refusal | None) -> dict[str, Any]:
    if refusal is None:
        return {}
    return {
        "alert": refusal_message(refusal),
        "alert_code": refusal.code,
        "invalid": isinstance(refusal, Invalid),
        "attempts_left": refusal.attempts_left,
        "retry_after": seconds_to_wait(refusal),
    }
