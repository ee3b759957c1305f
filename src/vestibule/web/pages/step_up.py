"""`/account/confirm/`: prove once more who it is, for what guards the account."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, Resolver404, resolve, reverse

from vestibule.flows.sign_in.reauthentication import list_reauthentication_ways, reauthenticate
from vestibule.kernel.client import Client
from vestibule.kernel.errors import Refusal
from vestibule.sessions.models import Session
from vestibule.web.destination import carry_destination, go_on, read_destination
from vestibule.web.pages.factor_form import PASSWORD, posted_method, posted_secret, way_context
from vestibule.web.pages.rendering import render_page
from vestibule.web.pages.session_cookie import open_before_enrolment, set_session_cookies

# The pages that may ask for it, by the names of their URLs.
_ORIGINS = frozenset(
    {
        *("account", "profile_field", "security", "security_row", "enrol_app", "add_passkey", "passkey", "identity"),
        *("export", "sessions", "device_row", "keys"),
    }
)


@open_before_enrolment
def confirm_identity(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/confirm/`: the second factor if the account has one, else the password; then back."""
    wanted = request.POST.get("back", "")
    # From a page of the account back to it, which carries the destination on; else to the destination itself.
    default = "" if read_destination(request) else reverse("vestibule_pages:security")
    back = wanted if _is_origin(wanted) else default
    if request.method != "POST" or "switch" in request.POST:
        return step_up_page(request, client, back, chosen=request.POST.get("switch", ""))
    try:
        session = _reauthenticate(request, client)
    except Refusal as refusal:
        return step_up_page(request, client, back, chosen=request.POST.get("method", ""), refusal=refusal)
    if not back:
        return set_session_cookies(request, go_on(request, reverse("vestibule_pages:account")), session)
    back = carry_destination(read_destination(request), back)
    return set_session_cookies(request, HttpResponseRedirect(back, status=303), session)


def step_up_page(
    request: HttpRequest, client: Client, back: str, *, chosen: str = "", refusal: Refusal | None = None
) -> HttpResponse:
    """Ask for the proof; `back` is the page that it leads to, "" for the destination."""
    ways = list_reauthentication_ways(client=client)
    offered = [each.value for each in ways.methods] or [PASSWORD] * ways.has_password
    context: dict[str, Any] = {
        **way_context(offered, chosen, [("back", back)]),
        "action": reverse("vestibule_pages:confirm_identity"),
        "passkey_options": reverse("vestibule_api:login_passkey_options"),
    }
    return render_page(request, "vestibule/pages/account/step_up.html", context, refusal)


def _is_origin(path: str) -> bool:
    """Return whether the path is, character by character, that of a page of ours that asks for it."""
    try:
        match = resolve(path)
        return match.url_name in _ORIGINS and reverse(match.view_name, kwargs=match.kwargs) == path
    except (Resolver404, NoReverseMatch):
        return False


def _reauthenticate(request: HttpRequest, client: Client) -> Session:
    if method := posted_method(request):
        return reauthenticate(client=client, method=method, secret=posted_secret(request))
    return reauthenticate(client=client, password=request.POST.get("password", ""))
