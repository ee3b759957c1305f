"""Response schemas for OpenAPI: each status with an example for every code that it can carry."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers

from vestibule.addresses.address import ADDRESS_TYPES
from vestibule.web import problems
from vestibule.web.api.parsing import RequestBody, Text

_COMMON_CODES = ("not_acceptable", "throttled", "server_error", "unavailable")
PROBLEM_CODES = sorted({problem.code or row for row, problem in problems.PROBLEMS.items()})
CHANNELS = tuple(ADDRESS_TYPES)
TOKEN_TYPES = ("Bearer",)
CAPTCHA_CODES = ("captcha_required", "captcha_invalid")
_BODY_CODES = ("invalid", "parse_error", "body_too_large", "unsupported_media_type")
_EXAMPLE_MEMBERS: dict[str, dict[str, Any]] = {
    "invalid": {
        "detail": "1 field needs attention.",
        "errors": {"email": ["Enter a valid email address."]},
        "codes": {"email": ["invalid"]},
    },
    "otp_invalid": {"attempts_left": 4},
    "throttled": {"retry_after": 3600},
    "cooldown": {"retry_after": 42},
    "locked": {"retry_after": 30},
    "invalid_credentials": {"attempts_left": 4},
    "unavailable": {"retry_after": 5},
    "account_exists": {"link": "c29jaWFsLWxpbms…", "methods": ["password", "passkey"]},
}


class LinkToken(RequestBody):
    """The token of a mailed link."""

    token = Text(allow_blank=False)


class ProblemDetails(serializers.Serializer[object]):
    """RFC 9457 problem details, the same everywhere."""

    type = serializers.URLField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.ChoiceField(PROBLEM_CODES, help_text="Stable and machine-readable.")
    detail = serializers.CharField(help_text="For people.")
    request_id = serializers.CharField()
    errors = serializers.DictField(  # type: ignore[assignment]  # a member of that name, as the RFC's example has
        child=serializers.ListField(child=serializers.CharField()), required=False, help_text="Messages by field."
    )
    codes = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()), required=False, help_text="Codes by field."
    )
    retry_after = serializers.IntegerField(required=False, help_text="Whole seconds to wait.")
    attempts_left = serializers.IntegerField(required=False, help_text="Tries left for this code.")
    link = serializers.CharField(
        required=False, help_text="Of `account_exists`: links the identity, with that account."
    )
    methods = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Of `account_exists`: how to sign in to it."
    )


def response_schemas(status: int, success: Any, *codes: str, body: bool = True) -> dict[Any, Any]:
    """Return the `responses` of one operation: the success, and every problem that it can answer with."""
    by_status: dict[int, list[str]] = {}
    for code in (*codes, *(_BODY_CODES if body else ()), *_COMMON_CODES):
        by_status.setdefault(problems.PROBLEMS[code].status, []).append(code)
    refused = {
        (at, "application/problem+json"): OpenApiResponse(
            ProblemDetails, description=", ".join(sorted(found)), examples=[_problem_example(code) for code in found]
        )
        for at, found in sorted(by_status.items())
    }
    return {(status, "application/json"): success, **refused}


def answer_example(name: str, value: Any, status: int = 200) -> OpenApiExample:
    """Return the example of an answer."""
    return OpenApiExample(name, value=value, response_only=True, status_codes=[str(status)])


def body_example(name: str, value: Any) -> OpenApiExample:
    """Return the example of a request."""
    return OpenApiExample(name, value=value, request_only=True)


def _problem_example(code: str) -> OpenApiExample:
    problem, members = problems.PROBLEMS[code], _EXAMPLE_MEMBERS.get(code, {})
    value = {
        "type": f"https://auth.example.com/problems/{code}",
        "title": str(problem.title),
        "status": problem.status,
        "code": problem.code or code,
        "detail": problems.describe_problem(code, members.get("retry_after")),
        "request_id": "0f8fad5bd9cb469fa165b9c1b4a0e5d1",
        **members,
    }
    return OpenApiExample(code, value=value, response_only=True)
