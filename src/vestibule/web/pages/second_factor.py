"""`/login/mfa/`: the second factor of a sign-in. The ticket travels in the form, so that nothing of an attempt that is
given up stays in the browser for the next person."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from vestibule.conf import conf
from vestibule.factors.registry import Method
from vestibule.factors.remembered_devices import REMEMBERED_FOR
from vestibule.flows.completion import SecondFactorNeeded, SignedIn
from vestibule.flows.sign_in import second_factor
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FactorInvalid, Locked, Refusal, Throttled, TooSoon
from vestibule.limits import rules
from vestibule.web.cookies import set_cookie
from vestibule.web.destination import redirect_with_destination
from vestibule.web.edge import admit
from vestibule.web.pages import session_cookie
from vestibule.web.pages.factor_form import posted_method, posted_secret, way_context
from vestibule.web.pages.rendering import get_or_post, render_page

_SHORT_WAIT = 60  # seconds; a ticket lives little longer than a longer one


def enter_page(request: HttpRequest, entered: SignedIn | SecondFactorNeeded) -> HttpResponse:
    """Answer a sign-in by page: go on signed in, or ask for the second factor."""
    if isinstance(entered, SecondFactorNeeded):
        return _factor_page(request, entered.ticket, list(entered.methods))
    return session_cookie.go_on_signed_in(request, entered, reverse("vestibule_pages:account"))


@get_or_post
def prove_factor(request: HttpRequest) -> HttpResponse:
    """`/login/mfa/`: prove the second factor. Without a ticket it leads to the sign-in."""
    ticket = request.POST.get("mfa", "")
    if request.method != "POST":
        return redirect_with_destination(request, "vestibule_pages:login")
    client = None
    try:
        client = admit(request, rules.LOGIN_MFA)
        if "switch" in request.POST:
            return _switch_page(request, client, ticket, request.POST["switch"])
        proved = second_factor.prove_second_factor(
            client=client,
            ticket=ticket,
            method=posted_method(request) or Method.TOTP,
            secret=posted_secret(request),
            remember=bool(request.POST.get("remember")),
        )
    except Refusal as refusal:
        return _refused(request, client, ticket, refusal)
    response = enter_page(request, proved.signed_in)
    if proved.remembered:
        set_cookie(response, conf.remembered_cookie_name, proved.remembered, REMEMBERED_FOR)
    return response


def _switch_page(request: HttpRequest, client: Client, ticket: str, chosen: str) -> HttpResponse:
    """Show another way. A code by SMS is sent now; if one was sent a moment ago, the page says so and takes that."""
    methods = second_factor.list_ticket_methods(client=client, ticket=ticket)
    refusal: Refusal | None = None
    if chosen == Method.SMS.value and Method.SMS in methods:
        try:
            second_factor.text_code(client=client, ticket=ticket)
        except (TooSoon, Throttled) as refused:
            refusal = refused
    return _factor_page(request, ticket, methods, chosen=chosen, refusal=refusal)


def _refused(request: HttpRequest, client: Client | None, ticket: str, refusal: Refusal) -> HttpResponse:
    """Ask again while the ticket has tries left; after that the sign-in begins anew."""
    methods: list[Method] = []
    if client and _can_try_again(refusal):
        try:
            methods = second_factor.list_ticket_methods(client=client, ticket=ticket)
        except Refusal as over:
            refusal = over
    return _factor_page(request, ticket, methods, chosen=request.POST.get("method", ""), refusal=refusal)


def _can_try_again(refusal: Refusal) -> bool:
    is_short = isinstance(refusal, Locked) and (refusal.retry_after or 0) <= _SHORT_WAIT
    return is_short or isinstance(refusal, FactorInvalid)


def _factor_page(
    request: HttpRequest, ticket: str, methods: list[Method], *, chosen: str = "", refusal: Refusal | None = None
) -> HttpResponse:
    context = {
        **way_context([each.value for each in methods], chosen, [("mfa", ticket)]),
        "action": reverse("vestibule_pages:login_mfa"),
        "passkey_options": reverse("vestibule_api:login_mfa_passkey"),
        "remember": bool(request.POST.get("remember")),
        "days": REMEMBERED_FOR.days,
    }
    return render_page(request, "vestibule/pages/second_factor.html", context, refusal)
