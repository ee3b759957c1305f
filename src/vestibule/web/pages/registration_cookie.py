"""The sign-up that this browser began: its signed handle in a cookie that no script reads.

It brings the person back to the page that waits, and binds the link in the mail to the browser that signed up.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse


def remember_registration(response: HttpResponse, registration: str) -> HttpResponse:
    """Keep the handle for as long as a link lives."""
    response.set_cookie(
        settings.REGISTRATION_COOKIE_NAME,
        registration,
        max_age=settings.OTP.link_ttl,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",  # a link in a mail opens our page from elsewhere
    )
    return response


def remembered_registration(request: HttpRequest) -> str:
    """The handle, or an empty string; whoever uses it checks its signature."""
    return request.COOKIES.get(settings.REGISTRATION_COOKIE_NAME, "")


def forget_registration(response: HttpResponse) -> HttpResponse:
    """The sign-up is done."""
    response.set_cookie(
        settings.REGISTRATION_COOKIE_NAME, max_age=0, secure=settings.HTTPS, httponly=True, samesite="Lax"
    )
    return response
