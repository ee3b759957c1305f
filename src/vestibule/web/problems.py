"""Failures in words and as problem details (RFC 9457): one table for API, pages and admin."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError
from django.http import JsonResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from vestibule.conf import conf
from vestibule.identities.answers import AccountExists
from vestibule.kernel.errors import (
    CredentialInvalid,
    Invalid,
    LastFactor,
    LinkExpired,
    Locked,
    Refusal,
    Throttled,
    Unauthenticated,
    Unavailable,
)
from vestibule.kernel.request_id import current_request_id
from vestibule.web.durations import name_duration
from vestibule.web.field_messages import field_message

log = structlog.get_logger("vestibule.access")

CONTENT_TYPE = "application/problem+json"
EXACT_WAIT_LIMIT = 5  # seconds; a wait this short is for another request and reveals nothing

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Problem:
    """One row: the status, and the words for a person. `code` is set where it differs from the row's key."""

    status: int
    title: Text
    detail: Text
    code: str = ""  # if it is not the key of the row, because one code has two meanings
    passes: bool = False  # whether the same request may do later: the words then say when


PROBLEMS: Mapping[str, Problem] = MappingProxyType(
    {
        "invalid": Problem(400, _("Validation failed"), _("One or more fields need attention.")),
        "parse_error": Problem(400, _("Malformed JSON"), _("The body is not the JSON that this endpoint reads.")),
        "bad_request": Problem(400, _("Bad request"), _("The request could not be understood.")),
        "otp_invalid": Problem(400, _("Wrong code"), _("Wrong code. Use the newest one.")),
        "captcha_invalid": Problem(400, _("Wrong captcha"), _("The check for robots did not succeed. Try again.")),
        "token_invalid": Problem(400, _("Invalid token"), _("This link or code is invalid. Request a new one.")),
        "credential_invalid": Problem(
            401, _("Invalid token"), _("This token is not valid here."), code="token_invalid"
        ),
        "invalid_credentials": Problem(401, _("Wrong credentials"), _("Wrong email or password.")),
        "wrong_password": Problem(401, _("Wrong password"), _("Wrong password."), code="invalid_credentials"),
        "wrong_passkey": Problem(
            401,
            _("Wrong passkey"),
            _("This passkey did not work. Try again, or use another way."),
            code="invalid_credentials",
        ),
        "credentials_changed": Problem(
            401,
            _("Account changed"),
            _("Your account has changed in the meantime. Sign in again."),
            code="invalid_credentials",
        ),
        "mfa_invalid": Problem(401, _("Wrong second factor"), _("That is not right. Check it, or try another way.")),
        "credential_unknown": Problem(
            401, _("Unknown passkey"), _("No account here has this passkey. It may have been removed.")
        ),
        "not_authenticated": Problem(401, _("Not signed in"), _("Send an access token as bearer.")),
        "token_expired": Problem(401, _("Token expired"), _("This token has expired. Refresh it, or sign in.")),
        "session_revoked": Problem(401, _("Session ended"), _("This session has ended. Sign in again.")),
        "password_required": Problem(
            403,
            _("Password required"),
            _("Open this where you signed up, or confirm with the password that you chose."),
        ),
        "reauthentication_required": Problem(
            403, _("Confirm that it is you"), _("For your security, confirm first that it is you.")
        ),
        "mfa_enrolment_required": Problem(
            403, _("Second factor required"), _("This needs a second factor. Set one up first.")
        ),
        "application_unknown": Problem(
            400,
            _("Unknown application"),
            _("The application that sent you here, or the address that it named, is not known. Go back and try again."),
        ),
        "user_code_unknown": Problem(
            400,
            _("Unknown code"),
            _("That code is wrong, too old, or was used. Look at your device, or begin again there."),
        ),
        "other_browser": Problem(
            403,
            _("Another browser"),
            _("Open this link where you asked for it, or type the code instead."),
        ),
        "captcha_required": Problem(403, _("Captcha required"), _("Show that you are not a robot.")),
        "account_unverified": Problem(
            403, _("Address not confirmed"), _("Confirm your address first. Open the newest message that we sent you.")
        ),
        "account_suspended": Problem(403, _("Account suspended"), _("This account can't sign in.")),
        "permission_denied": Problem(403, _("Not allowed"), _("You may not do this.")),
        "access_denied": Problem(
            403, _("Not agreed"), _("You were not signed in there. Try again, or use another way.")
        ),
        "https_required": Problem(403, _("HTTPS only"), _("This was sent without encryption. Use https.")),
        "not_found": Problem(404, _("Not found"), _("There is nothing here.")),
        "method_not_allowed": Problem(405, _("Method not allowed"), _("This address takes another method.")),
        "not_acceptable": Problem(406, _("Not acceptable"), _("Only JSON can be had here.")),
        "email_taken": Problem(409, _("Address taken"), _("This email address has an account. Sign in instead.")),
        "username_taken": Problem(409, _("Username taken"), _("Somebody has this username. Choose another.")),
        "phone_taken": Problem(409, _("Number taken"), _("This phone number has an account. Sign in instead.")),
        "account_exists": Problem(
            409, _("Account exists"), _("Your email address has an account here. Sign in to it, then link the two.")
        ),
        "identity_taken": Problem(
            409, _("Linked elsewhere"), _("This sign-in belongs to another account. Remove it there first.")
        ),
        "last_way_in": Problem(
            409,
            _("Last way in"),
            _("Without this you could not get into your account. Add another way first."),
        ),
        "last_factor": Problem(
            409,
            _("Last second factor"),
            _("Your role needs a second factor, and this is the last one. Add another first."),
            code="last_way_in",
        ),
        "otp_expired": Problem(410, _("Code expired"), _("The code has expired. Request a new one, or start again.")),
        "otp_exhausted": Problem(410, _("No tries left"), _("Too many wrong codes. Start again to get a new one.")),
        "link_expired": Problem(
            410, _("Link expired"), _("The link has expired. Request a new one."), code="token_expired"
        ),
        "token_used": Problem(410, _("Already done"), _("This has been done before. Sign in.")),
        "body_too_large": Problem(413, _("Body too large"), _("That is more than can be sent here.")),
        "unsupported_media_type": Problem(415, _("Unsupported media type"), _("Send application/json.")),
        "throttled": Problem(429, _("Too many requests"), _("Too many requests."), passes=True),
        "cooldown": Problem(429, _("Too soon"), _("A code was sent a moment ago."), passes=True),
        "locked": Problem(429, _("Locked"), _("This can't be tried right now."), passes=True),
        "server_error": Problem(500, _("Internal error"), _("Something went wrong on our side. Try again.")),
        "unavailable": Problem(503, _("Unavailable"), _("The service can't do this right now."), passes=True),
    }
)


_WAIT, _LATER = _("Try again in %(wait)s."), _("Try again later.")
_KEY_BY_REFUSAL: Mapping[type[Refusal], str] = MappingProxyType(
    {
        CredentialInvalid: "credential_invalid",
        LastFactor: "last_factor",
        LinkExpired: "link_expired",
    }
)


def build_details(code: str, **members: Any) -> dict[str, Any]:
    """Return the problem details of a row of the table, with these extra members."""
    problem = PROBLEMS[code]
    return {
        "type": f"{conf.base_url}{reverse('vestibule_pages:problem', args=[code])}",
        "title": str(problem.title),
        "status": problem.status,
        "code": problem.code or code,
        "detail": describe_problem(code, members.get("retry_after")),
        "request_id": current_request_id(),
        **members,
    }


def describe_problem(key: str, wait: int | None = None) -> str:
    """Return the words of a row, and when to try again: `wait` is in seconds."""
    problem = PROBLEMS[key]
    if wait:
        return f"{problem.detail} {_WAIT % {'wait': name_duration(wait)}}"
    return f"{problem.detail} {_LATER}" if problem.passes else str(problem.detail)


def refusal_details(refusal: Refusal) -> dict[str, Any]:
    """Return the problem details of a refusal."""
    members: dict[str, Any] = {}
    if isinstance(refusal, Invalid):
        members = field_members(
            {
                field: [(error.code, field_message(error)) for error in errors]
                for field, errors in refusal.fields.items()
            }
        )
    if isinstance(refusal, AccountExists):
        members = {"link": refusal.link, "methods": refusal.methods}
    if (wait := seconds_to_wait(refusal)) is not None:
        members["retry_after"] = wait
    if refusal.attempts_left is not None:
        members["attempts_left"] = refusal.attempts_left
    return build_details(problem_key(refusal), **members)


def refusal_of(error: Exception) -> Refusal | None:
    """Return the refusal that an exception is: itself, or Unavailable for a database outage outside a flow, which is
    logged (a flow logs its own); None for any other."""
    if isinstance(error, OperationalError | InterfaceError):
        log.error("database.unavailable", flow=None, error=type(error).__name__)
        return Unavailable()
    return error if isinstance(error, Refusal) else None


def refusal_status(refusal: Refusal | None) -> int:
    """Return the HTTP status of the refusal, as in the API; 200 without one."""
    return PROBLEMS[problem_key(refusal)].status if refusal else 200


def problem_key(refusal: Refusal) -> str:
    """Return the key of the row for a refusal."""
    return refusal.reason or _KEY_BY_REFUSAL.get(type(refusal), refusal.code)


def refusal_message(refusal: Refusal) -> str:
    """Return the words of a refusal for a page, which counts a known wait down by itself."""
    if isinstance(refusal, Invalid):
        return " ".join(field_message(error) for errors in refusal.fields.values() for error in errors)
    key = problem_key(refusal)
    return str(PROBLEMS[key].detail) if seconds_to_wait(refusal) else describe_problem(key)


def field_members(fields: Mapping[str, list[tuple[str, str]]]) -> dict[str, Any]:
    """Return the members that name the wrong fields, given pairs of code and message for each."""
    return {
        "detail": count_wrong_fields(len(fields)),
        "errors": {field: [message for _, message in errors] for field, errors in fields.items()},
        "codes": {field: [code for code, _ in errors] for field, errors in fields.items()},
    }


def count_wrong_fields(count: int) -> str:
    """Return how many fields are wrong, in words."""
    return ngettext("%(n)d field needs attention.", "%(n)d fields need attention.", count) % {"n": count}


def problem_response(problem: Mapping[str, Any], refusal: Refusal | None = None) -> JsonResponse:
    """Return the response: `application/problem+json`, with Retry-After (RFC 9110, 10.2.3) and, if a rate refused, the
    RateLimit fields (draft-ietf-httpapi-ratelimit-headers)."""
    return JsonResponse(
        dict(problem),
        status=problem["status"],
        content_type=CONTENT_TYPE,
        headers=refusal_headers(refusal),
    )


def refusal_headers(refusal: Refusal | None) -> dict[str, str]:
    """Return the headers that say how long to wait, or how to sign in (RFC 6750, 3)."""
    if isinstance(refusal, Unauthenticated):
        return {"WWW-Authenticate": "Bearer"}
    if refusal is None or (wait := seconds_to_wait(refusal)) is None:
        return {}
    headers = {"Retry-After": str(wait)}
    if isinstance(refusal, Throttled) and refusal.limit:
        headers["RateLimit-Policy"] = f'"default";q={refusal.limit};w={refusal.window}'
        headers["RateLimit"] = f'"default";r=0;t={wait}'
    return headers


def seconds_to_wait(refusal: Refusal) -> int | None:
    """Return the seconds that a client is told to wait. The wait for a shared count is rounded up, to tens of seconds,
    and over a minute to minutes: the exact time would reveal when somebody else sent a request (OWASP Bot
    Management)."""
    wait = refusal.retry_after
    if wait is None or not isinstance(refusal, Throttled | Locked) or wait <= EXACT_WAIT_LIMIT:
        return wait
    step = 60 if wait > 60 else 10
    return -(-wait // step) * step
