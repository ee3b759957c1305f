"""Answers to programs, in the form of RFC 6749."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from vestibule.applications.directory import list_redirect_origins
from vestibule.applications.errors import InvalidClient, OAuthError
from vestibule.kernel.errors import Refusal
from vestibule.web import problems

View = Callable[..., HttpResponse]

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749, 5.1
_CORS_AGE = "600"  # seconds for which a browser keeps the answer to a preflight


def oauth_endpoint(methods: Sequence[str], *, cors: str = "") -> Callable[[View], View]:
    """Make a view an endpoint for programs, without cookies. Its refusals are answered in the form of RFC 6749, 5.2.
    `cors` says which scripts of browsers may read the answer: of `applications`, or of `anybody`."""

    def wrap(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def respond(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if cors and request.method == "OPTIONS":
                response = HttpResponse(status=204)
            elif request.method not in methods:
                response = json_error("invalid_request", "this method is not allowed here", status=405)
                response["Allow"] = ", ".join(methods)
            else:
                try:
                    response = view(request, *args, **kwargs)
                except Refusal as refusal:
                    response = error_response(request, refusal)
            return _allow_scripts(request, response, methods, cors)

        return respond

    return wrap


def error_response(request: HttpRequest, refusal: Refusal) -> JsonResponse:
    """Return the answer of a refusal (RFC 6749, 5.2; RFC 6750, 3)."""
    if not isinstance(refusal, OAuthError):
        response = json_error("temporarily_unavailable", refusal.code, status=problems.refusal_status(refusal))
        for name, value in problems.refusal_headers(refusal).items():
            response[name] = value
        return response
    response = json_error(refusal.code, refusal.description, status=refusal.status)
    if isinstance(refusal, InvalidClient):
        response["WWW-Authenticate"] = 'Basic realm="oauth", charset="UTF-8"'
    elif refusal.status in (401, 403):
        response["WWW-Authenticate"] = f'Bearer error="{refusal.code}"'
    return response


def json_error(error: str, description: str, *, status: int) -> JsonResponse:
    """Return an error of RFC 6749, 5.2."""
    told = {"error": error} | ({"error_description": description} if description else {})
    return JsonResponse(told, status=status, headers=NO_STORE)


def _allow_scripts(request: HttpRequest, response: HttpResponse, methods: Sequence[str], cors: str) -> HttpResponse:
    origin = request.headers.get("Origin", "")
    if cors == "anybody":
        response["Access-Control-Allow-Origin"] = "*"
    elif cors:
        response["Vary"] = "Origin"
        if origin not in list_redirect_origins():
            return response
        response["Access-Control-Allow-Origin"] = origin
    if cors and request.method == "OPTIONS":
        response["Access-Control-Allow-Methods"] = ", ".join(methods)
        response["Access-Control-Allow-Headers"] = "Authorization, Content-Type, X-Request-ID"
        response["Access-Control-Max-Age"] = _CORS_AGE
    return response
