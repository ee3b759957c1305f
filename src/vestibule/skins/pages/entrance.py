"""Who is at the pages: a session by an HttpOnly cookie, bound to the same row that every session is; and the browser's
own mark, by which it is recognised the next time."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import rotate_token

from vestibule.kernel.client import Client
from vestibule.kernel.errors import Refusal, Unauthenticated
from vestibule.sessions.models import Session
from vestibule.skins.cookies import DEVICE, SESSION, unsigned
from vestibule.skins.page_session import admit_page
from vestibule.skins.pages.showing import form_or_post, page

YEAR = timedelta(days=365)


def signed_in(view: Callable[[HttpRequest, Client], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A view for whoever is signed in; the others are asked to."""

    @form_or_post
    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        try:
            client = admit_page(request)
        except Unauthenticated:
            return leave(HttpResponseRedirect("/login/"))
        except Refusal as refusal:
            return page(request, "pages/refused.html", {}, refusal)
        return view(request, client)

    return guarded


def enter(request: HttpRequest, response: HttpResponse, session: Session) -> HttpResponse:
    """Hand the cookies out. The CSRF token changes with the session (ASVS 7.2.4)."""
    rotate_token(request)
    life, cookie = session.expires_at - session.auth_time, settings.KEYS.sign(SESSION, session.pk.bytes)
    _set(response, settings.SESSION_COOKIE_NAME, cookie, life)
    if session.device_id:
        mark = settings.KEYS.sign(DEVICE, session.device_id.bytes)
        _set(response, settings.DEVICE_COOKIE_NAME, mark, YEAR)
    return response


def leave(response: HttpResponse) -> HttpResponse:
    """Nobody is signed in here any more."""
    response.set_cookie(settings.SESSION_COOKIE_NAME, max_age=0, secure=settings.HTTPS, httponly=True, samesite="Lax")
    return response


def device_of(request: HttpRequest) -> UUID | None:
    """The device that this browser was recognised as before."""
    return unsigned(DEVICE, request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""))


def _set(response: HttpResponse, name: str, value: str, life: timedelta) -> None:
    response.set_cookie(name, value, max_age=life, secure=settings.HTTPS, httponly=True, samesite="Lax")
