"""Translation of exceptions in API views into problem details."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpResponse
from rest_framework import exceptions

from vestibule.web import problems

_CODE_BY_EXCEPTION: Mapping[type[Exception], str] = {
    exceptions.ParseError: "parse_error",
    exceptions.MethodNotAllowed: "method_not_allowed",
    exceptions.NotAcceptable: "not_acceptable",
    exceptions.UnsupportedMediaType: "unsupported_media_type",
    exceptions.NotFound: "not_found",
    Http404: "not_found",
    exceptions.PermissionDenied: "permission_denied",
    PermissionDenied: "permission_denied",
    RequestDataTooBig: "body_too_large",
}


def handle_exception(error: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """Return the response for an exception (DRF's EXCEPTION_HANDLER); None leaves it to the 500 with a request id."""
    if refusal := problems.refusal_of(error):
        return problems.problem_response(problems.refusal_details(refusal), refusal)
    if isinstance(error, exceptions.ValidationError):
        return problems.problem_response(
            problems.build_details("invalid", **problems.field_members(_errors_by_field(error)))
        )
    for kind, code in _CODE_BY_EXCEPTION.items():
        if isinstance(error, kind):
            return problems.problem_response(problems.build_details(code))
    return None


def _errors_by_field(error: exceptions.ValidationError) -> dict[str, list[tuple[str, str]]]:
    details = error.get_full_details()
    if not isinstance(details, dict):
        details = {"non_field_errors": details}
    return {field: _flatten_errors(errors) for field, errors in details.items()}


def _flatten_errors(errors: Any) -> list[tuple[str, str]]:
    """Return nested details (a list in a dictionary in a list) as one list of pairs."""
    if isinstance(errors, dict) and isinstance(errors.get("message"), str):
        return [(str(errors["code"]), str(errors["message"]))]
    inner = errors.values() if isinstance(errors, dict) else errors
    return [pair for each in inner for pair in _flatten_errors(each)]
