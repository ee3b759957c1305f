"""The second factors of the account by page: the authenticator app, the recovery codes, the remembered devices."""

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse

from vestibule.conf import conf
from vestibule.flows.account import second_factors
from vestibule.flows.account.factor_changes import FactorAdded
from vestibule.flows.account.second_factors import TotpSeed
from vestibule.kernel.client import Client
from vestibule.kernel.errors import Refusal
from vestibule.web.destination import go_on
from vestibule.web.pages.account_page import Act, answer_form, render_account_page
from vestibule.web.pages.session_cookie import open_before_enrolment, set_session_cookies

_GROUP = 4  # characters of the key that are read together


@open_before_enrolment
def enrol_app(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/security/app/`: show a new key, and take its first code; or turn the app off. The key is shown once."""
    return answer_form(request, client, _change_app, partial(_app_page, request, client))


def security_url(done: str) -> str:
    """Return the address of the security page that says what has been done."""
    return f"{reverse('vestibule_pages:security')}?done={done}"


def factor_added_page(request: HttpRequest, client: Client, added: FactorAdded, done: str) -> HttpResponse:
    """Go on after a new factor: to its recovery codes, or to the destination, or back to the security page."""
    if added.recovery_codes:
        response = codes_page(request, client, added.recovery_codes, done)
    else:
        response = go_on(request, security_url(done))
    return set_session_cookies(request, response, added.session)


def codes_page(request: HttpRequest, client: Client, codes: Sequence[str], done: str) -> HttpResponse:
    """Show recovery codes, this once. The link to their file holds them itself, so that it needs no script."""
    kept = {"codes": codes, "at": client.at, "person": client.account, "brand": conf.brand}
    file = render_to_string("vestibule/pages/account/codes.txt", kept)
    context = {**kept, "tab": "security", "done": done, "file": quote(file)}
    return render_account_page(request, client, "codes", context)


def _change_app(request: HttpRequest, client: Client) -> HttpResponse:
    if request.POST.get("act") == "totp_remove":
        return _remove_app(request, client)
    if "code" in request.POST:
        return _confirm_app(request, client)
    return _app_page(request, client, seed=second_factors.start_totp(client=client))


def _confirm_app(request: HttpRequest, client: Client) -> HttpResponse:
    added = second_factors.confirm_totp(
        client=client,
        code=request.POST["code"],
        end_other_sessions=bool(request.POST.get("end_others")),
    )
    return factor_added_page(request, client, added, "totp")


def _app_page(
    request: HttpRequest, client: Client, refusal: Refusal | None = None, *, seed: TotpSeed | None = None
) -> HttpResponse:
    """The key with its picture, and the field for the first code; after a wrong one only the field; before, a button
    that makes the key, and of an app that is on, one that turns it off."""
    context = {
        "tab": "security",
        "seed": seed,
        "factors": second_factors.show_factors(client=client),
        "confirming": "code" in request.POST,
        "end_others": bool(request.POST.get("end_others")),
    }
    if seed:
        context["key"] = " ".join(seed.secret[at : at + _GROUP] for at in range(0, len(seed.secret), _GROUP))
    return render_account_page(request, client, "app", context, refusal)


def _remove_app(_request: HttpRequest, client: Client) -> HttpResponse:
    second_factors.remove_totp(client=client)
    return HttpResponseRedirect(security_url("totp_remove"), status=303)


def _replace_codes(request: HttpRequest, client: Client) -> HttpResponse:
    return codes_page(request, client, second_factors.replace_recovery_codes(client=client), "codes")


def _forget_devices(_request: HttpRequest, client: Client) -> HttpResponse:
    second_factors.forget_devices(client=client)
    return HttpResponseRedirect(security_url("devices_forget"), status=303)


FACTOR_ACTIONS: Mapping[str, Act] = MappingProxyType(
    {"totp_remove": _remove_app, "codes": _replace_codes, "devices_forget": _forget_devices}
)
