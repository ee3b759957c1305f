"""Rendering of pages: template, status and words of a refusal, and the context of a form field."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from vestibule.accounts.fields import PersonalField
from vestibule.kernel.errors import AlreadyUsed, EmailTaken, Invalid, NotFound, PhoneTaken, Refusal, UsernameTaken
from vestibule.web.field_messages import field_message
from vestibule.web.problems import (
    count_wrong_fields,
    problem_key,
    refusal_headers,
    refusal_message,
    refusal_status,
    seconds_to_wait,
)
from vestibule.web.templating import render_in_flow

_TAKEN = {UsernameTaken: "username", EmailTaken: "email", PhoneTaken: "phone_number"}  # which field it is about

R = TypeVar("R", bound=Model)
get_or_post = require_http_methods(["GET", "HEAD", "POST"])


def render_page(
    request: HttpRequest, template: str, context: dict[str, Any], refusal: Refusal | None = None
) -> HttpResponse:
    """Render the page, with status, headers and words of the refusal, if there is one."""
    response = render_in_flow(request, template, {**_alert_context(refusal), **context}, refusal_status(refusal))
    for name, value in refusal_headers(refusal).items():
        response[name] = value
    return response


def posted_id(request: HttpRequest) -> UUID:
    """Return the id of the row that the form is about.

    Raises:
        NotFound: it is no id.
    """
    try:
        return UUID(request.POST.get("id", ""))
    except ValueError as error:
        raise NotFound from error


def find_own(rows: Iterable[R], id: UUID) -> R:
    """Return the one of these rows, all of them the person's own, that the address of the page names.

    Raises:
        NotFound: there is none.
    """
    found = next((row for row in rows if row.pk == id), None)
    if found is None:
        raise NotFound
    return found


def field_context(name: str, typed: Mapping[str, str], refusal: Refusal | None, order: Sequence[str]) -> dict[str, Any]:
    """Return what the template needs for one field. The first wrong field in `order` gets the focus."""
    wrong = _field_errors(refusal)
    first = next((each for each in order if each in wrong), None)
    return {
        "name": name,
        "value": typed.get(name, ""),
        "wrong": name in wrong,
        "errors": wrong.get(name, []),
        "focus": name == first if first else name in ("email", "phone_number"),
    }


def personal_field_contexts(
    rows: Iterable[PersonalField], values: Mapping[str, str], refusal: Refusal | None, order: Sequence[str]
) -> list[dict[str, Any]]:
    """Return what the template needs of fields of the table. One of them at most gets the focus."""
    contexts = [{**field_context(row.name, values, refusal, order), "row": row} for row in rows]
    for later in [each for each in contexts if each["focus"]][1:]:
        later["focus"] = False
    return contexts


def _field_errors(refusal: Refusal | None) -> dict[str, list[str]]:
    """Return what is wrong with which field, in words."""
    if isinstance(refusal, Invalid):
        named = {path.removeprefix("profile."): errors for path, errors in refusal.fields.items()}
        return {name: [field_message(error) for error in errors] for name, errors in named.items()}
    taken = _TAKEN.get(type(refusal)) if refusal else None
    return {taken: [refusal_message(refusal)]} if refusal and taken else {}


def _alert_context(refusal: Refusal | None) -> dict[str, Any]:
    if refusal is None:
        return {}
    wrong = _field_errors(refusal)
    return {
        "alert": refusal_message(refusal),
        "alert_code": refusal.code,
        "settled": isinstance(refusal, AlreadyUsed),  # no error: what the person wants was done before
        "alert_key": problem_key(refusal),
        "invalid": isinstance(refusal, Invalid),
        "wrong_fields": count_wrong_fields(len(wrong)) if wrong else "",
        "attempts_left": refusal.attempts_left,
        "retry_after": seconds_to_wait(refusal),
    }
