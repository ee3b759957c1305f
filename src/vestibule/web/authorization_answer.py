"""What a browser is sent to after an application's request for a code: the application, or the page of what its person
has to do first."""

from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from vestibule.applications.errors import Answer, ApplicationUnknown, OAuthError
from vestibule.applications.redirect_uris import redirect_origin
from vestibule.flows.applications.authorization import Step, StepNeeded
from vestibule.kernel.return_urls import add_to_query
from vestibule.web.destination import find_destination, url_with_destination
from vestibule.web.error_responses import render_refusal
from vestibule.web.headers import allow_forms_to
from vestibule.web.language import remember_visit_language
from vestibule.web.templating import render

# The page of each step; each leads back to the request, which waits.
_PAGES = {
    Step.SIGN_IN: "login",
    Step.SIGN_UP: "register",
    Step.ENROL: "security",
    Step.REAUTHENTICATE: "confirm_identity",
}


class ApplicationRedirect(HttpResponseRedirect):
    """The redirect to a registered address, which may have the scheme of a native app (RFC 8252, 7.1)."""

    status_code = 303  # RFC 9700, 4.12: a form that was posted here is not posted there

    def __init__(self, url: str) -> None:
        self.allowed_schemes = [urlsplit(url).scheme]
        super().__init__(url)


def send_answer(request: HttpRequest, answer: Answer) -> HttpResponse:
    """Return what brings the answer to the application: a redirect, or a form that the browser posts (OAuth 2.0 Form
    Post Response Mode)."""
    if answer.response_mode == "form_post":
        context = {"action": answer.redirect_uri, "fields": list(answer.parameters.items())}
        page = render(request, "vestibule/pages/form_post.html", context)
        response = allow_forms_to(page, [redirect_origin(answer.redirect_uri)])
    else:
        response = ApplicationRedirect(add_to_query(answer.redirect_uri, **answer.parameters))
    return remember_visit_language(request, response, "")


def send_refusal(request: HttpRequest, refusal: OAuthError) -> HttpResponse:
    """Return what brings a refusal to the application; a page, where nobody can be trusted with it."""
    return send_answer(request, refusal.answer) if refusal.answer else render_refusal(request, ApplicationUnknown())


def send_to_step(needed: StepNeeded) -> HttpResponse:
    """Redirect to the page of what the person has to do first."""
    named = {"client_id": needed.application.client_id, "request_uri": needed.request_uri}
    if needed.step is Step.CONSENT:
        url = f"{reverse('vestibule_pages:consent')}?{urlencode(named)}"
        return HttpResponseRedirect(url, status=303)
    back = find_destination(f"{reverse('vestibule_oauth:authorize')}?{urlencode(named)}")
    hint = {"login_hint": needed.login_hint} if needed.login_hint and needed.step is Step.SIGN_IN else {}
    return HttpResponseRedirect(
        url_with_destination(back, f"vestibule_pages:{_PAGES[needed.step]}", **hint), status=303
    )
