"""`/oauth/logout` and `/oauth/sign-out/`: an application sends a person here to sign out (OpenID Connect RP-Initiated
Logout 1.0)."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from vestibule.applications.authorization_request import Parameters
from vestibule.applications.errors import ApplicationUnknown
from vestibule.applications.redirect_uris import redirect_origin
from vestibule.flows.applications.sign_out import Outcome, SignOut, sign_out
from vestibule.kernel.errors import Refusal
from vestibule.kernel.return_urls import add_to_query
from vestibule.limits import rules
from vestibule.web.authorization_answer import ApplicationRedirect
from vestibule.web.error_responses import render_refusal
from vestibule.web.headers import allow_forms_to
from vestibule.web.page_session import admit_visitor
from vestibule.web.pages.rendering import get_or_post, render_page
from vestibule.web.pages.session_cookie import delete_session_cookie

_READ = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales")
_KEPT = ("client_id", "post_logout_redirect_uri", "state")  # by the page that asks


@csrf_exempt  # a POST is only turned into a GET; what signs out without a question brings an ID token
@get_or_post
def receive_sign_out(request: HttpRequest) -> HttpResponse:
    """`/oauth/logout`: the `end_session_endpoint`. A form that another site posts brings no cookie along (SameSite), so
    that its browser asks once more."""
    if request.method == "POST":
        sent = {name: values for name, values in request.POST.lists() if name in _READ}
        query = urlencode(sent, doseq=True)
        return HttpResponseRedirect(f"{reverse('vestibule_pages:end_session')}?{query}", status=303)
    return _answer(request, dict(request.GET.lists()))


@get_or_post
def confirm_sign_out(request: HttpRequest) -> HttpResponse:
    """`/oauth/sign-out/`: one form with two buttons."""
    if request.method != "POST":
        return HttpResponseRedirect(reverse("vestibule_pages:logout"))
    kept = {name: values for name, values in request.POST.lists() if name in _KEPT}
    return _answer(request, kept, request.POST.get("answer") == "allow")


def _answer(request: HttpRequest, given: Parameters, answer: bool | None = None) -> HttpResponse:
    try:
        done = sign_out(client=admit_visitor(request, rules.OAUTH_AUTHORIZE), given=given, answer=answer)
    except ApplicationUnknown as refusal:
        return render_refusal(request, refusal)
    except Refusal as refusal:
        return render_page(request, "vestibule/pages/refused.html", {}, refusal)
    if done.outcome is Outcome.CONFIRMATION_NEEDED:
        return _confirmation_page(request, done)
    if done.outcome is Outcome.STAYED:
        return _last_page(request, done)
    response = _return_to_application(done) if done.return_uri else _last_page(request, done)
    response["Clear-Site-Data"] = '"cache", "storage"'
    return delete_session_cookie(response)


def _confirmation_page(request: HttpRequest, asked: SignOut) -> HttpResponse:
    user, application = asked.user, asked.application
    named = {
        "client_id": application.client_id if application else None,
        "post_logout_redirect_uri": asked.return_uri or None,
        "state": asked.state,
    }
    context = {
        "application": application,
        "account": user and (user.email or user.username or user.phone_number),
        "named": [(name, value) for name, value in named.items() if value is not None],
    }
    page = render_page(request, "vestibule/pages/sign_out.html", context)
    return allow_forms_to(page, [redirect_origin(asked.return_uri)] if asked.return_uri else [])


def _return_to_application(done: SignOut) -> HttpResponse:
    """Redirect to the registered address, with the `state` that came (RP-Initiated Logout 1.0, 3)."""
    state = {} if done.state is None else {"state": done.state}
    return ApplicationRedirect(add_to_query(done.return_uri, **state) if state else done.return_uri)


def _last_page(request: HttpRequest, done: SignOut) -> HttpResponse:
    registered = done.application.post_logout_redirect_uris if done.application else []
    context = {
        "application": done.application,
        "stayed": done.outcome is Outcome.STAYED,
        "continue_to": done.return_uri or next(iter(registered), ""),
    }
    return render_page(request, "vestibule/pages/signed_out.html", context)
