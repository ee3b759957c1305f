"""`/social/…`: to another provider and back, for the pages and for apps; and what a visit by page still needs.

A visit by page is bound to the browser that began it, by a cookie: nobody can be signed in with the answer that another
browser fetched. A visit by API is bound to the handle that the app keeps.
"""

from collections.abc import Mapping
from types import MappingProxyType

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from vestibule.accounts import applicant
from vestibule.addresses import parsing
from vestibule.conf import conf
from vestibule.flows import social_visits, step_up
from vestibule.flows.account import identities
from vestibule.flows.sign_in import social
from vestibule.flows.sign_in.social import EmailNeeded, LinkReady
from vestibule.flows.sign_up.social import submit_email
from vestibule.flows.sign_up.steps import Registered
from vestibule.flows.social_visits import Visit
from vestibule.identities.answers import AccountExists
from vestibule.identities.providers import provider_name
from vestibule.kernel import entropy
from vestibule.kernel.client import Client
from vestibule.kernel.errors import (
    EnrolmentRequired,
    OtherBrowser,
    Refusal,
    StepUpRequired,
    TokenInvalid,
    Unauthenticated,
)
from vestibule.kernel.return_urls import add_to_query
from vestibule.limits import rules
from vestibule.sessions import devices
from vestibule.web.cookies import known_device_id, read_browser, remember_browser
from vestibule.web.destination import (
    find_destination,
    go_on,
    read_destination,
    redirect_with_destination,
    set_destination,
    url_with_destination,
)
from vestibule.web.edge import admit
from vestibule.web.page_session import admit_page
from vestibule.web.pages import captcha, waiting
from vestibule.web.pages.factors import security_url
from vestibule.web.pages.link_token import FINAL_REFUSALS, opened_by_link
from vestibule.web.pages.provider_buttons import list_provider_buttons
from vestibule.web.pages.rendering import get_or_post, render_page
from vestibule.web.pages.second_factor import enter_page
from vestibule.web.pages.sign_in import login_page

# Of what a provider sends back (OpenID Connect Core, 3.1.2.5; RFC 9207; Apple: `user`).
_PARAMETERS = ("state", "code", "error", "iss", "user")
# How the account of `account_exists` is signed in to: `methods` in words.
SIGN_IN_WAYS: Mapping[str, Promise | str] = MappingProxyType(
    {
        "password": _("with its password"),
        "passkey": _("with a passkey"),
        "magic_link": _("with a link by email"),
        "social": _("through the provider that it is linked with"),
    }
)


@require_POST
def begin_visit(request: HttpRequest, provider: str) -> HttpResponse:
    """`/social/<provider>/`: a button leads to the provider. `intent` says whether to sign in, or to link it."""
    links_identity = request.POST.get("intent") == "link"
    destination = read_destination(request)
    browser = read_browser(request) or entropy.random_uuid()
    try:
        client = admit_page(request) if links_identity else admit(request, rules.SOCIAL_START)
        begun = social_visits.start_visit(
            client=client,
            provider=provider,
            return_to=destination.url if destination else "",
            links_identity=links_identity,
            browser=browser,
        )
    except (StepUpRequired, Unauthenticated) as refusal:
        page = "confirm_identity" if isinstance(refusal, StepUpRequired) else "login"
        return redirect_with_destination(request, f"vestibule_pages:{page}", status=303)
    except Refusal as refusal:
        return _refused_page(request, provider, refusal)
    response = HttpResponseRedirect(begun.authorize_url, status=303)
    return remember_browser(response, browser)


@csrf_exempt  # the provider sends the browser; the state, which is used up, is the proof (RFC 6749, 10.12)
@require_http_methods(["GET", "POST"])  # a HEAD would use up the state
def receive_callback(request: HttpRequest, provider: str) -> HttpResponse:
    """`/social/<provider>/callback/`: the provider sends the browser back, by GET, or by a form of its own."""
    sent = request.POST if request.method == "POST" else request.GET
    parameters = {name: sent[name] for name in _PARAMETERS if name in sent}
    try:
        client = admit(request, rules.SOCIAL_CALLBACK)
        visit = social_visits.receive_callback(
            client=client, provider=provider, state=parameters.get("state", ""), browser=read_browser(request)
        )
    except OtherBrowser:
        # No cookie of ours comes along with a form of another site: once more, by a GET (docs/decisions/0125).
        if request.method == "POST" and read_browser(request) is None:
            return HttpResponseRedirect(add_to_query(request.path, **parameters), status=303)
        return _refused_page(request, provider, TokenInvalid())
    except Refusal as refusal:
        return _refused_page(request, provider, refusal)
    return _end_page_visit(request, client, visit, parameters) if visit.is_page else _return(client, visit, parameters)


@get_or_post
def name_address(request: HttpRequest) -> HttpResponse:
    """`/register/social/`: the address of a person whose provider has proved none."""
    registration, typed = request.POST.get("registration", ""), request.POST.get("email", "")
    if request.method != "POST":
        return redirect_with_destination(request, "vestibule_pages:register")
    try:
        email = applicant.parse_single_field("email", typed, parsing.parse_email)
        client = admit(request, rules.SOCIAL_EMAIL, email, captcha=captcha.posted_answer(request))
        sent = submit_email(client=client, registration=registration, email=email)
    except Refusal as refusal:
        return _address_form(request, registration, typed, refusal)
    return waiting.render_sent_page(request, client, sent)


@opened_by_link
def link_identity(request: HttpRequest, token: str) -> HttpResponse:
    """`/account/link/?token=…`: whom the provider named, and a button that links them to the account."""
    again = _link_url(request, token)
    try:
        client = admit_page(request)
        if request.method == "POST":  # before anything is said of the handle
            step_up.require_recent_sign_in(client)
        answer = identities.read_link(client=client, link=token, browser=read_browser(request))
        if request.method == "POST":
            identities.link_by_handle(client=client, link=token)
            return go_on(request, security_url("identity"))
        context = {"token": token, "answer": answer, "provider": provider_name(answer.provider)}
    except Unauthenticated:
        return HttpResponseRedirect(add_to_query(reverse("vestibule_pages:login"), next=again))
    except StepUpRequired:
        return HttpResponseRedirect(add_to_query(reverse("vestibule_pages:confirm_identity"), next=again), status=303)
    except EnrolmentRequired:
        return redirect_with_destination(request, "vestibule_pages:security", status=303)
    except Refusal as refusal:
        return render_page(request, "vestibule/pages/account/link.html", {"over": True}, refusal)
    return render_page(request, "vestibule/pages/account/link.html", context)


def _return(client: Client, visit: Visit, parameters: dict[str, str]) -> HttpResponse:
    """Send the browser back to the app."""
    try:
        url = social_visits.hand_over_answer(client=client, visit=visit, parameters=parameters)
    except Refusal as refusal:
        url = visit.url_with_error(refusal)
    return HttpResponseRedirect(url, status=303)


def _end_page_visit(request: HttpRequest, client: Client, visit: Visit, parameters: dict[str, str]) -> HttpResponse:
    set_destination(request, find_destination(visit.payload.return_to))
    try:
        outcome = social.sign_in_by_page(
            client=client,
            visit=visit,
            parameters=parameters,
            device_claims=devices.describe_user_agent(client.user_agent),
            device_cookie=known_device_id(request),
            page_lifetime=conf.page_session,
        )
    except AccountExists as refusal:
        signing_in = _sign_in_first(request, visit.payload.provider, refusal)
        return remember_browser(signing_in, visit.payload.browser)
    except Refusal as refusal:
        return _refused_page(request, visit.payload.provider, refusal)
    if isinstance(outcome, LinkReady):
        following = _link_url(request, outcome.link)
        return remember_browser(HttpResponseRedirect(following, status=303), visit.payload.browser)
    if isinstance(outcome, EmailNeeded):
        return _address_form(request, outcome.registration, "", provider=visit.payload.provider)
    if isinstance(outcome, Registered):
        return waiting.end_sign_up(request, outcome.signed_in)
    return enter_page(request, outcome)


def _sign_in_first(request: HttpRequest, provider: str, refusal: AccountExists) -> HttpResponse:
    """The sign-in, which says whom to sign in as and leads to the link, and from there to the destination."""
    set_destination(request, find_destination(_link_url(request, refusal.link)))
    ways = [str(SIGN_IN_WAYS[each]) for each in refusal.methods]
    return login_page(
        request,
        refusal,
        name=refusal.address,
        account_of={"provider": provider_name(provider), "ways": ways},
        providers=[each for each in list_provider_buttons() if each.id != provider or "social" in refusal.methods],
    )


def _link_url(request: HttpRequest, token: str) -> str:
    return url_with_destination(read_destination(request), "vestibule_pages:link_identity", token=token)


def _address_form(
    request: HttpRequest, registration: str, typed: str, refusal: Refusal | None = None, *, provider: str = ""
) -> HttpResponse:
    context = {
        "provider": provider_name(provider),
        "registration": registration,
        "email": typed,
        "over": isinstance(refusal, FINAL_REFUSALS),
        **captcha.form_context(request, rules.SOCIAL_EMAIL, refusal),
    }
    return render_page(request, "vestibule/pages/social_email.html", context, refusal)


def _refused_page(request: HttpRequest, provider: str, refusal: Refusal) -> HttpResponse:
    context = {"provider": provider_name(provider)}
    return render_page(request, "vestibule/pages/social_refused.html", context, refusal)
