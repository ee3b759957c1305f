"""`/oauth/authorize`: an application sends a person here to sign in (RFC 6749, 3.1)."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from vestibule.applications.errors import Answer, OAuthError
from vestibule.flows.applications.authorization import authorize
from vestibule.kernel import entropy
from vestibule.limits import rules
from vestibule.web.authorization_answer import send_answer, send_refusal, send_to_step
from vestibule.web.cookies import read_browser, remember_browser
from vestibule.web.language import remember_visit_language
from vestibule.web.oauth.requests import read_query
from vestibule.web.page_session import admit_visitor


@csrf_exempt  # it acts by a session alone, which no form of another site brings along (SameSite=Lax)
@require_http_methods(["GET", "POST"])
def start_authorization(request: HttpRequest) -> HttpResponse:
    """`/oauth/authorize`: a code for the application, or first what the person has to do."""
    browser = read_browser(request) or entropy.random_uuid()
    client = admit_visitor(request, rules.OAUTH_AUTHORIZE)
    try:
        found = authorize(client=client, given=read_query(request), browser=browser)
    except OAuthError as refusal:
        return send_refusal(request, refusal)
    if isinstance(found, Answer):
        return send_answer(request, found)
    response = remember_visit_language(request, send_to_step(found), found.ui_locales)
    return remember_browser(response, browser)
