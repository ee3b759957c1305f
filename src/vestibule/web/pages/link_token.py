"""Removal of a mailed link's token from the address bar, where the history, a shared screen or a bookmark would keep it
(ASVS 14.2.1).

The page that the link opens is complete and holds the token in its form. With JavaScript it removes the token from its
own address (house.js). Without, it redirects to the same page without the token (layout.html), which finds the token in
a cookie; so does a reload. A GET changes nothing, because mail scanners open links.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import wraps

from django.http import HttpRequest, HttpResponse

from vestibule.conf import conf
from vestibule.kernel.errors import AlreadyUsed, Exhausted, Expired, LinkExpired, TokenInvalid
from vestibule.kernel.sealing import Unsealable
from vestibule.web.cookies import delete_cookie, set_cookie
from vestibule.web.destination import resume_destination
from vestibule.web.pages.rendering import get_or_post

KEPT_FOR = timedelta(minutes=10)
SIGNING_PURPOSE = "link token"
FINAL_REFUSALS = (AlreadyUsed, Exhausted, LinkExpired, TokenInvalid)  # of a link: its page has no form any more
FINAL_REFUSALS_OF_CODES = (*FINAL_REFUSALS, Expired)  # of a code, or of the link beside it
_TOKEN = re.compile(r"[\w-]{20,200}", re.ASCII)


def opened_by_link(view: Callable[[HttpRequest, str], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Make a page that a mailed link opens. The view gets the token: from the form, from the address, or for a GET from
    the cookie of this very path; "" if there is none. With two links in two tabs, each form has its own token; the
    cookie has the newer one."""

    @get_or_post
    @wraps(view)
    def view_with_token(request: HttpRequest) -> HttpResponse:
        named = request.GET.get("token", "")
        is_post = request.method == "POST"
        token = (request.POST.get("token") or named) if is_post else (named or _remembered_token(request))
        if token:
            resume_destination(request)
        response = view(request, token)
        if is_post:
            return _forget_token(request, response) if response.status_code < 400 else response
        return _remember_token(request, response, named) if _TOKEN.fullmatch(named) else response

    return view_with_token


def _remember_token(request: HttpRequest, response: HttpResponse, token: str) -> HttpResponse:
    signed = conf.keys.sign(SIGNING_PURPOSE, f"{request.path} {token}".encode())
    set_cookie(response, conf.link_cookie_name, signed, KEPT_FOR)
    return response


def _remembered_token(request: HttpRequest) -> str:
    try:
        body = conf.keys.unsign(SIGNING_PURPOSE, request.COOKIES.get(conf.link_cookie_name, ""))
    except Unsealable:
        return ""
    path, _, token = body.decode().partition(" ")
    return token if path == request.path else ""


def _forget_token(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    if conf.link_cookie_name in request.COOKIES:
        delete_cookie(response, conf.link_cookie_name)
    return response
