"""`/account/security/`: the ways into the account, its addresses and its closing, behind a recent sign-in."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from vestibule.accounts import applicant
from vestibule.addresses import parsing
from vestibule.conf import conf
from vestibule.flows import step_up
from vestibule.flows.account import email_change, password_change, personal_data, phone_change, profile
from vestibule.kernel.client import Client
from vestibule.kernel.errors import NotFound, Refusal, StepUpRequired
from vestibule.web.pages.rendering import render_page
from vestibule.web.pages.session_cookie import delete_session_cookie, open_before_enrolment
from vestibule.web.pages.step_up import step_up_page


@open_before_enrolment
def change_security(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/security/`: show them, or do what the button says."""
    context: dict[str, Any] = {
        "tab": "security",
        "min_length": conf.password_min_length,
        "done": request.GET.get("done", ""),
    }
    refusal: Refusal | None = None
    if request.method == "POST":
        act = request.POST.get("act", "")
        try:
            step_up.require_enrolment(client)  # these acts wait until the second factor is set up
            return _ACTIONS.get(act, _refuse_unknown_action)(request, client)
        except StepUpRequired:
            return step_up_page(request, client, reverse("vestibule_pages:security"))
        except Refusal as refused:
            refusal = refused
        context |= {"act": act, "awaits": act.removesuffix("_confirm") if act.endswith("_confirm") else ""}
    return render_page(
        request,
        "vestibule/pages/account/security.html",
        context | {"person": profile.show_profile(client=client)},
        refusal,
    )


def _change_password(request: HttpRequest, client: Client) -> HttpResponse:
    new = request.POST.get("password", "")
    step_up.require_matching_passwords(new, request.POST.get("password2"))
    password_change.change_password(client=client, current=request.POST.get("current_password", ""), password=new)
    return HttpResponseRedirect(_done_url("password"), status=303)


def _start_email_change(request: HttpRequest, client: Client) -> HttpResponse:
    email = applicant.parse_single_field("email", request.POST.get("email", ""), parsing.parse_email)
    email_change.start(client=client, email=email, password=request.POST.get("current_password", ""))
    return _code_form_page(request, client, "email", email.value)


def _confirm_email_change(request: HttpRequest, client: Client) -> HttpResponse:
    email_change.confirm(client=client, otp=request.POST.get("otp", ""))
    return HttpResponseRedirect(_done_url("email"), status=303)


def _start_phone_change(request: HttpRequest, client: Client) -> HttpResponse:
    phone = applicant.parse_single_field("phone_number", request.POST.get("phone_number", ""), parsing.parse_phone)
    phone_change.start(client=client, phone=phone, password=request.POST.get("current_password", ""))
    return _code_form_page(request, client, "phone", phone.value)


def _confirm_phone_change(request: HttpRequest, client: Client) -> HttpResponse:
    phone_change.confirm(client=client, otp=request.POST.get("otp", ""))
    return HttpResponseRedirect(_done_url("phone"), status=303)


def _remove_phone(request: HttpRequest, client: Client) -> HttpResponse:
    phone_change.remove_number(client=client)
    return HttpResponseRedirect(_done_url("phone_remove"), status=303)


def _close_account(request: HttpRequest, client: Client) -> HttpResponse:
    personal_data.close_own_account(client=client)
    return delete_session_cookie(render_page(request, "vestibule/pages/account/closing.html", {}))


def _refuse_unknown_action(request: HttpRequest, client: Client) -> HttpResponse:
    raise NotFound


def _done_url(act: str) -> str:
    return f"{reverse('vestibule_pages:security')}?done={act}"


def _code_form_page(request: HttpRequest, client: Client, what: str, address: str) -> HttpResponse:
    context = {"tab": "security", "person": profile.show_profile(client=client), "awaits": what, "address": address}
    return render_page(request, "vestibule/pages/account/security.html", context)


_ACTIONS = {
    "password": _change_password,
    "email": _start_email_change,
    "email_confirm": _confirm_email_change,
    "phone": _start_phone_change,
    "phone_confirm": _confirm_phone_change,
    "phone_remove": _remove_phone,
    "close": _close_account,
}
