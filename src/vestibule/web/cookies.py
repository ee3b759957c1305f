"""The cookies of a browser, for the pages and the admin: how they are set, and those that are signed."""

from datetime import timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from vestibule.conf import conf
from vestibule.kernel.sealing import Unsealable

SESSION_PURPOSE, DEVICE_PURPOSE, BROWSER_PURPOSE = "page session", "page device", "browser"
CHECK_PURPOSE = "auth check"
BROWSER_KEPT_FOR = timedelta(hours=1)  # as long as what is bound to a browser may take: signing up for an application


def set_cookie(response: HttpResponse, name: str, value: str, life: timedelta, domain: str = "") -> None:
    """Set a cookie that no script reads. It comes along where a mailed link opens our page from another site. It is for
    this host alone, or for all hosts of `domain`."""
    response.set_cookie(
        name, value, max_age=life, domain=domain or None, secure=conf.https, httponly=True, samesite="Lax"
    )


def delete_cookie(response: HttpResponse, name: str, domain: str = "") -> None:
    """Delete a cookie, with the attributes that it was set with."""
    set_cookie(response, name, "", timedelta(0), domain)


def known_device_id(request: HttpRequest) -> UUID | None:
    """Return the device that this browser was recognised as before, or None."""
    return unsign_id(DEVICE_PURPOSE, request.COOKIES.get(conf.device_cookie_name, ""))


def read_browser(request: HttpRequest) -> UUID | None:
    """Return the id of this browser, by which what it began is bound to it, or None."""
    return unsign_id(BROWSER_PURPOSE, request.COOKIES.get(conf.browser_cookie_name, ""))


def remember_browser(response: HttpResponse, browser: UUID | None) -> HttpResponse:
    """Bind to this browser, from now on, what it began."""
    if browser:
        set_cookie(response, conf.browser_cookie_name, conf.keys.sign(BROWSER_PURPOSE, browser.bytes), BROWSER_KEPT_FOR)
    return response


def page_session_id(request: HttpRequest) -> UUID | None:
    """Return the session that the cookie of our pages names, or None."""
    return unsign_id(SESSION_PURPOSE, request.COOKIES.get(conf.session_cookie_name, ""))


def checked_session_id(request: HttpRequest) -> UUID | None:
    """Return the session of our pages that passes `/auth/check`, or None: also that of the cookie for other hosts
    (AUTH_CHECK_DOMAIN), which opens nothing else."""
    id = page_session_id(request)
    if id is None and conf.auth_check_domain:
        id = unsign_id(CHECK_PURPOSE, request.COOKIES.get(conf.check_cookie_name, ""))
    return id


def unsign_id(purpose: str, cookie: str) -> UUID | None:
    """Return the id in a cookie that this service signed for this purpose, or None."""
    try:
        return UUID(bytes=conf.keys.unsign(purpose, cookie))
    except (Unsealable, ValueError):
        return None
