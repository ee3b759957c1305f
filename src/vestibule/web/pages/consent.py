"""`/oauth/consent/`: a person is asked whether an application may have what it asks for."""

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse

from vestibule.applications.client_documents import document_host
from vestibule.applications.errors import Answer, ApplicationUnknown, OAuthError
from vestibule.applications.models import UNCHECKED_SOURCES, Source
from vestibule.applications.redirect_uris import is_loopback, redirect_origin
from vestibule.flows.applications.authorization import PendingRequest, answer_consent, read_request
from vestibule.kernel.client import Client
from vestibule.kernel.errors import AlreadyUsed, LinkExpired, OtherBrowser, Refusal
from vestibule.web.authorization_answer import send_answer, send_refusal, send_to_step
from vestibule.web.cookies import read_browser
from vestibule.web.headers import allow_forms_to
from vestibule.web.pages.rendering import render_page
from vestibule.web.pages.session_cookie import open_before_enrolment
from vestibule.web.scope_words import describe_scopes

_NAMED = ("client_id", "request_uri")


@open_before_enrolment
def ask_consent(request: HttpRequest, client: Client) -> HttpResponse:
    """`/oauth/consent/`: one form with two buttons. The answer goes to the application."""
    sent = request.POST if request.method == "POST" else request.GET
    client_id, request_uri = (sent.get(name, "") for name in _NAMED)
    browser = read_browser(request)
    # A person who meanwhile signed in as somebody else is asked anew: the page named another account.
    is_answer = request.method == "POST" and sent.get("account") == str(client.user_id)
    try:
        if not is_answer:
            return _consent_page(
                request,
                read_request(client=client, client_id=client_id, request_uri=request_uri, browser=browser),
                request_uri,
            )
        found = answer_consent(
            client=client,
            client_id=client_id,
            request_uri=request_uri,
            browser=browser,
            allows=request.POST.get("answer") == "allow",
        )
    except OAuthError as refusal:
        return send_refusal(request, refusal)
    except (ApplicationUnknown, AlreadyUsed, LinkExpired, OtherBrowser) as over:
        return render_page(request, "vestibule/pages/consent_over.html", {}, over)
    except Refusal as refusal:
        return render_page(request, "vestibule/pages/refused.html", {}, refusal)
    return send_answer(request, found) if isinstance(found, Answer) else send_to_step(found)


def _consent_page(request: HttpRequest, pending: PendingRequest, request_uri: str) -> HttpResponse:
    redirect_uri = pending.request.redirect_uri
    client_id = pending.application.client_id
    context = {
        "application": pending.application,
        "host": urlsplit(redirect_uri).netloc or redirect_uri,
        "publisher": document_host(client_id) if pending.application.source == Source.DOCUMENT else "",
        "is_unchecked": pending.application.source in UNCHECKED_SOURCES,
        "is_on_this_device": is_loopback(urlsplit(redirect_uri)),
        "scopes": describe_scopes(pending.request.scope),
        "account": pending.user.email or pending.user.username or pending.user.phone_number,
        "named": [("client_id", client_id), ("request_uri", request_uri), ("account", str(pending.user.pk))],
    }
    page = render_page(request, "vestibule/pages/consent.html", context)
    return allow_forms_to(page, [redirect_origin(redirect_uri)])
