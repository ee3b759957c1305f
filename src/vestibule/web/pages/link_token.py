"""The token of a link in a mail leaves the address bar, where the history, a shared screen or a bookmark would keep it
(ASVS 14.2.1).

The page that the link opens is whole, and holds the token in its form. With JavaScript it takes the token out of its
own address (house.js). Without, it leads on to the same page without the token (layout.html), which finds it in a
cookie; so does a reload. A GET consumes nothing either way, for mail scanners open links.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from vestibule.kernel.sealing import Unsealable
from vestibule.web.pages.rendering import get_or_post

KEPT_FOR = timedelta(minutes=10)
SIGNING_PURPOSE = "link token"
_TOKEN = re.compile(r"[\w-]{20,200}", re.ASCII)


def opened_by_link(view: Callable[[HttpRequest, str], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A page that such a link opens, given the token: the form's, the address's, or, to look at, the cookie's of this
    very path; an empty string where there is none. Of two links in two tabs each form has its own; the cookie, the
    newer's."""

    @get_or_post
    @wraps(view)
    def view_with_token(request: HttpRequest) -> HttpResponse:
        named = request.GET.get("token", "")
        if request.method == "POST":
            response = view(request, request.POST.get("token") or named)
            return _forget_token(request, response) if response.status_code < 400 else response
        response = view(request, named or _remembered_token(request))
        return _remember_token(request, response, named) if _TOKEN.fullmatch(named) else response

    return view_with_token


def url_without_token(request: HttpRequest) -> str:
    """The address of this page without the token, where it has one; else an empty string."""
    if request.method == "POST" or "token" not in request.GET:
        return ""
    rest = request.GET.copy()
    del rest["token"]
    return f"{request.path}?{rest.urlencode()}" if rest else request.path


def _remember_token(request: HttpRequest, response: HttpResponse, token: str) -> HttpResponse:
    signed = settings.KEYS.sign(SIGNING_PURPOSE, f"{request.path} {token}".encode())
    return _set_link_cookie(response, signed, KEPT_FOR)


def _remembered_token(request: HttpRequest) -> str:
    try:
        body = settings.KEYS.unsign(SIGNING_PURPOSE, request.COOKIES.get(settings.LINK_COOKIE_NAME, ""))
    except Unsealable:
        return ""
    path, _, token = body.decode().partition(" ")
    return token if path == request.path else ""


def _forget_token(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    return _set_link_cookie(response, "", timedelta(0)) if settings.LINK_COOKIE_NAME in request.COOKIES else response


def _set_link_cookie(response: HttpResponse, value: str, life: timedelta) -> HttpResponse:
    response.set_cookie(
        settings.LINK_COOKIE_NAME, value, max_age=life, secure=settings.HTTPS, httponly=True, samesite="Lax"
    )
    return response
