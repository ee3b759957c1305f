"""The sign-up that this browser began: its signed handle in an HttpOnly cookie.

It leads the person back to the page that waits, and binds the mailed link to the browser that signed up.
"""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse

from vestibule.conf import conf
from vestibule.web.cookies import delete_cookie, set_cookie

KEPT_AFTER_EXPIRY = timedelta(hours=1)  # so that a person who comes back too late finds what they typed


def remember_registration(response: HttpResponse, registration: str) -> HttpResponse:
    """Set the cookie, for as long as a link lives and a while longer."""
    set_cookie(response, conf.registration_cookie_name, registration, conf.otp_link_ttl + KEPT_AFTER_EXPIRY)
    return response


def remembered_registration(request: HttpRequest) -> str:
    """Return the handle, or "". The flow checks its signature."""
    return request.COOKIES.get(conf.registration_cookie_name, "")


def forget_registration(response: HttpResponse) -> HttpResponse:
    """Delete the cookie because the sign-up is done."""
    delete_cookie(response, conf.registration_cookie_name)
    return response
