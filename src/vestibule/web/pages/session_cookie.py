"""The cookies of the pages: the session, which names the same row as any session, and the device, by which the browser
is recognised at the next sign-in."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import rotate_token
from django.urls import reverse

from vestibule.conf import conf
from vestibule.flows.completion import EnrolmentNeeded, SignedIn
from vestibule.kernel.errors import EnrolmentRequired, Refusal, Unauthenticated
from vestibule.sessions.models import Session
from vestibule.web.cookies import CHECK_PURPOSE, DEVICE_PURPOSE, SESSION_PURPOSE, delete_cookie, set_cookie
from vestibule.web.destination import (
    find_destination,
    go_on,
    redirect_with_destination,
    url_with_destination,
)
from vestibule.web.page_session import admit_page
from vestibule.web.pages.rendering import get_or_post, render_page

DEVICE_COOKIE_LIFE = timedelta(days=365)

View = Callable[..., HttpResponse]  # of a request, a Client if it is for signed-in people, and what its address names


def signed_in_only(view: View) -> View:
    """Make a view for signed-in people; others are redirected to the sign-in, and a person who has to set up a
    second factor first is redirected there. From there they come back, if the page may be a destination."""
    return _admit_signed_in(view, before_enrolment=False)


def open_before_enrolment(view: View) -> View:
    """Make a view for signed-in people that is open before the second factor that their role needs is set up."""
    return _admit_signed_in(view, before_enrolment=True)


def _admit_signed_in(view: View, *, before_enrolment: bool) -> View:
    @get_or_post
    @wraps(view)
    def view_for_signed_in(request: HttpRequest, **named: Any) -> HttpResponse:
        try:
            client = admit_page(request, before_enrolment=before_enrolment)
        except Unauthenticated:
            here = find_destination(request.get_full_path())
            return delete_session_cookie(HttpResponseRedirect(url_with_destination(here, "vestibule_pages:login")))
        except EnrolmentRequired:
            here = find_destination(request.get_full_path())
            return HttpResponseRedirect(url_with_destination(here, "vestibule_pages:security"), status=303)
        except Refusal as refusal:
            return render_page(request, "vestibule/pages/refused.html", {}, refusal)
        return view(request, client, **named)

    return view_for_signed_in


def set_session_cookies(request: HttpRequest, response: HttpResponse, session: Session) -> HttpResponse:
    """Set the cookies. The CSRF token changes with the session (ASVS 7.2.4)."""
    rotate_token(request)
    life, cookie = session.expires_at - session.auth_time, conf.keys.sign(SESSION_PURPOSE, session.pk.bytes)
    set_cookie(response, conf.session_cookie_name, cookie, life)
    if domain := conf.auth_check_domain:
        mark = conf.keys.sign(CHECK_PURPOSE, session.pk.bytes)
        set_cookie(response, conf.check_cookie_name, mark, life, domain)
    if session.device_id:
        mark = conf.keys.sign(DEVICE_PURPOSE, session.device_id.bytes)
        set_cookie(response, conf.device_cookie_name, mark, DEVICE_COOKIE_LIFE)
    return response


def go_on_signed_in(request: HttpRequest, entered: SignedIn, otherwise: str) -> HttpResponse:
    """Redirect a person who has just signed in or up to the destination, or without one to this page of ours; before
    that to the second factor that their role needs."""
    if isinstance(entered, EnrolmentNeeded):
        response = redirect_with_destination(request, "vestibule_pages:security", status=303)
    else:
        response = go_on(request, otherwise)
    return set_session_cookies(request, response, entered.session)


def lead_signed_in_on(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Make a page for people who are not signed in. Who is signed in goes on at once, so that nobody is asked twice: to
    the destination, or without one to the account. `prompt` in the query asks for the page all the same."""

    @wraps(view)
    def view_or_go_on(request: HttpRequest) -> HttpResponse:
        if request.method == "POST" or "prompt" in request.GET:
            return view(request)
        try:
            admit_page(request)
        except EnrolmentRequired:
            return redirect_with_destination(request, "vestibule_pages:security", status=303)
        except Refusal:
            return view(request)
        return go_on(request, reverse("vestibule_pages:account"))

    return view_or_go_on


def is_signed_in(request: HttpRequest) -> bool:
    """Return whether the browser has a session of the pages."""
    try:
        admit_page(request, before_enrolment=True)
    except Refusal:
        return False
    return True


def delete_session_cookie(response: HttpResponse) -> HttpResponse:
    """Delete the session cookie, and that for the sites behind a proxy."""
    delete_cookie(response, conf.session_cookie_name)
    if domain := conf.auth_check_domain:
        delete_cookie(response, conf.check_cookie_name, domain)
    return response
