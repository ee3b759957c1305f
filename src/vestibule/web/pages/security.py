"""`/account/security/`: the ways into the account, its addresses and its closing, behind a recent sign-in."""

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vestibule.accounts import applicant
from vestibule.addresses import parsing
from vestibule.conf import conf
from vestibule.factors import recovery_codes
from vestibule.flows import step_up
from vestibule.flows.account import email_change, password_change, personal_data, phone_change, second_factors
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid, InvalidCredentials, NotFound, Refusal
from vestibule.web.field_messages import field_message
from vestibule.web.pages.account_page import Act, account_context, answer_form, find_action, render_account_page
from vestibule.web.pages.factors import FACTOR_ACTIONS, security_url
from vestibule.web.pages.identities import IDENTITY_ACTIONS, identities_context
from vestibule.web.pages.passkeys import PASSKEY_ACTIONS, passkeys_context
from vestibule.web.pages.provider_buttons import render_with_providers
from vestibule.web.pages.rendering import render_page
from vestibule.web.pages.session_cookie import delete_session_cookie, open_before_enrolment, signed_in_only


@open_before_enrolment
def change_security(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/security/`: a row for each, or do what the button says."""
    if request.method != "POST":
        return _security_page(request, client, done=_DONE.get(request.GET.get("done", ""), ""))
    try:
        step_up.require_enrolment(client)  # what is done here waits until the second factor is set up
    except Refusal as refusal:
        return _security_page(request, client, refusal)
    return _do_or_show(request, client, request.POST.get("act", ""))


@signed_in_only
def change_row(request: HttpRequest, client: Client, row: str) -> HttpResponse:
    """`/account/security/<row>/`: the page of one of them. It asks for a recent sign-in before anything is typed."""
    if row not in _ROWS:
        raise NotFound
    return _do_or_show(request, client, request.POST.get("act", "") if request.method == "POST" else row)


def _do_or_show(request: HttpRequest, client: Client, act: str) -> HttpResponse:
    """Do what the form asks for, or show the page that has the form of this act."""
    row, _line, step = act.partition("_")
    show_page = partial(_security_page, request, client)
    if row in _ROWS:
        show_page = partial(_row_page, request, client, row, awaits=row if step == "confirm" else "")
    return answer_form(request, client, find_action(request, _ACTIONS), show_page, is_guarded=True)


def _security_page(
    request: HttpRequest, client: Client, refusal: Refusal | None = None, done: Promise | str = ""
) -> HttpResponse:
    context = {
        **account_context(client),
        "tab": "security",
        "done": done,
        "factors": second_factors.show_factors(client=client),
        "codes_total": recovery_codes.COUNT,
        **passkeys_context(client),
        **identities_context(client),
        "enrolment_owed": client.owes_enrolment,
    }
    return render_with_providers(request, "vestibule/pages/account/security.html", context, refusal)


def _row_page(
    request: HttpRequest,
    client: Client,
    row: str,
    refusal: Refusal | None = None,
    *,
    awaits: str = "",
    address: str = "",
) -> HttpResponse:
    """The page of a row. `awaits` is the row, if its code is asked for that went to `address`."""
    wrong = _find_wrong_field(refusal, row)
    context = {
        "tab": "security",
        "awaits": awaits,
        "address": address,
        "typed": request.POST.get(_TYPED.get(row, ""), ""),
        "current_wrong": wrong == "current_password",
        "new_wrong": wrong not in ("", "current_password"),
        "new_errors": [field_message(error) for error in _find_errors(refusal, wrong)] if row == "password" else [],
        "min_length": conf.password_min_length,
        "password_optional": conf.passwords == "optional",
        "grace_days": personal_data.CLOSING_GRACE.days,
        "codes_total": recovery_codes.COUNT,
    }
    if row == "codes":
        context["factors"] = second_factors.show_factors(client=client)
    return render_account_page(request, client, f"security_{row}", context, refusal)


def _find_wrong_field(refusal: Refusal | None, row: str) -> str:
    """Return the name of the first wrong field of the row's form, or ""."""
    if isinstance(refusal, InvalidCredentials):
        return "current_password"
    wrong = next(iter(refusal.fields), "") if isinstance(refusal, Invalid) else ""
    return "current_password" if wrong == "password" and row != "password" else wrong  # as its flow calls it


def _find_errors(refusal: Refusal | None, field: str) -> Sequence[FieldError]:
    return refusal.fields.get(field, []) if isinstance(refusal, Invalid) and field != "current_password" else []


def _change_password(request: HttpRequest, client: Client) -> HttpResponse:
    new = request.POST.get("password", "")
    step_up.require_matching_passwords(new, request.POST.get("password2"))
    password_change.change_password(client=client, current=request.POST.get("current_password", ""), password=new)
    return HttpResponseRedirect(security_url("password"), status=303)


def _remove_password(request: HttpRequest, client: Client) -> HttpResponse:
    password_change.remove_password(client=client)
    return HttpResponseRedirect(security_url("password_remove"), status=303)


def _start_email_change(request: HttpRequest, client: Client) -> HttpResponse:
    email = applicant.parse_single_field("email", request.POST.get("email", ""), parsing.parse_email)
    email_change.start(client=client, email=email, password=request.POST.get("current_password", ""))
    return _row_page(request, client, "email", awaits="email", address=email.value)


def _confirm_email_change(request: HttpRequest, client: Client) -> HttpResponse:
    email_change.confirm(client=client, otp=request.POST.get("otp", ""))
    return HttpResponseRedirect(security_url("email"), status=303)


def _start_phone_change(request: HttpRequest, client: Client) -> HttpResponse:
    phone = applicant.parse_single_field("phone_number", request.POST.get("phone_number", ""), parsing.parse_phone)
    phone_change.start(client=client, phone=phone, password=request.POST.get("current_password", ""))
    return _row_page(request, client, "phone", awaits="phone", address=phone.value)


def _confirm_phone_change(request: HttpRequest, client: Client) -> HttpResponse:
    phone_change.confirm(client=client, otp=request.POST.get("otp", ""))
    return HttpResponseRedirect(security_url("phone"), status=303)


def _remove_phone(request: HttpRequest, client: Client) -> HttpResponse:
    phone_change.remove_number(client=client)
    return HttpResponseRedirect(security_url("phone_remove"), status=303)


def _close_account(request: HttpRequest, client: Client) -> HttpResponse:
    personal_data.close_own_account(client=client)
    return delete_session_cookie(
        render_page(request, "vestibule/pages/account/closing.html", {"grace_days": personal_data.CLOSING_GRACE.days})
    )


_ROWS = frozenset({"password", "email", "phone", "codes", "close"})
_TYPED: Mapping[str, str] = MappingProxyType({"email": "email", "phone": "phone_number"})  # shown again as typed
_DONE: Mapping[str, Promise | str] = MappingProxyType(
    {
        "password": _("Your password is changed. Other devices were signed out."),
        "password_remove": _("Your password is removed. Other devices were signed out."),
        "email": _("Your email address is changed. Other devices were signed out."),
        "phone": _("Your phone number is changed. Other devices were signed out."),
        "phone_remove": _("Your phone number is removed. Other devices were signed out."),
        "totp": _("Your authenticator app is set up. From now on we ask for its code."),
        "totp_remove": _("Your authenticator app is turned off. Other devices were signed out."),
        "passkey": _("Your passkey is saved. You can sign in with it from now on."),
        "passkey_by_browser": _("Your browser made a passkey for you. You can sign in with it, or remove it here."),
        "passkey_rename": _("Your passkey is renamed."),
        "passkey_remove": _("Your passkey is removed. Other devices were signed out."),
        "identity": _("It is linked. From now on you can sign in with it."),
        "identity_remove": _("It is removed. Whoever was signed in with it is signed out."),
        "codes": _("You have new recovery codes. The old ones do not work any more."),
        "devices_forget": _("From now on we ask for a second factor on every device."),
    }
)
_ACTIONS: Mapping[str, Act] = {
    **FACTOR_ACTIONS,
    **PASSKEY_ACTIONS,
    **IDENTITY_ACTIONS,
    "password": _change_password,
    "password_remove": _remove_password,
    "email": _start_email_change,
    "email_confirm": _confirm_email_change,
    "phone": _start_phone_change,
    "phone_confirm": _confirm_phone_change,
    "phone_remove": _remove_phone,
    "close": _close_account,
}
