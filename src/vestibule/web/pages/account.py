"""`/account/…`: the pages of a signed-in person: profile, security, sessions and devices, activity."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from vestibule.accounts import applicant, pictures
from vestibule.accounts.fields import PERSONAL_FIELDS, Holder
from vestibule.addresses import parsing
from vestibule.audit import events
from vestibule.conf import conf
from vestibule.factors.registry import Method
from vestibule.flows import step_up
from vestibule.flows.account import devices, email_change, password_change, personal_data, phone_change, profile
from vestibule.flows.sign_in import sessions
from vestibule.flows.sign_in.reauthentication import reauthenticate
from vestibule.kernel.client import Client
from vestibule.kernel.errors import NotFound, Refusal, StepUpRequired
from vestibule.sessions.models import Session
from vestibule.web.pages.rendering import next_path, personal_field_contexts, render_page
from vestibule.web.pages.session_cookie import delete_session_cookie, set_session_cookies, signed_in_only


@signed_in_only
def edit_profile(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/`: what the person tells about themselves."""
    refusal = None
    if request.method == "POST":
        typed = {**_posted_fields(request, Holder.USER), "profile": _posted_fields(request, Holder.PROFILE)}
        try:
            profile.change_profile(client=client, typed=typed)
            return HttpResponseRedirect(_done_url("account", "saved"), status=303)
        except StepUpRequired:
            return _step_up_page(request, reverse("vestibule_pages:account"))
        except Refusal as refused:
            refusal = refused
    return _profile_page(request, client, refusal)


@signed_in_only
def change_picture(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/picture/`: replace or remove the picture."""
    try:
        if uploaded := request.FILES.get("picture"):
            profile.set_picture(client=client, uploaded=uploaded.read())
        elif request.method == "POST":
            profile.remove_picture(client=client)
    except Refusal as refusal:
        return _profile_page(request, client, refusal)
    return HttpResponseRedirect(_done_url("account", "saved" if request.method == "POST" else ""), status=303)


@signed_in_only
def change_security(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/security/`: password, addresses, closing. These changes need a recent sign-in."""
    context: dict[str, Any] = {
        "tab": "security",
        "min_length": conf.password_min_length,
        "done": request.GET.get("done", ""),
    }
    refusal: Refusal | None = None
    if request.method == "POST":
        act = request.POST.get("act", "")
        try:
            return _SECURITY_ACTIONS.get(act, _refuse_unknown_action)(request, client)
        except StepUpRequired:
            return _step_up_page(request, reverse("vestibule_pages:security"))
        except Refusal as refused:
            refusal = refused
        context |= {"act": act, "awaits": act.removesuffix("_confirm") if act.endswith("_confirm") else ""}
    return render_page(
        request,
        "vestibule/pages/account/security.html",
        context | {"person": profile.show_profile(client=client)},
        refusal,
    )


@signed_in_only
def manage_sessions(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/sessions/`: sessions and devices."""
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            _change_session_or_device(request, client)
            return HttpResponseRedirect(reverse("vestibule_pages:sessions"), status=303)
        except StepUpRequired:
            return _step_up_page(request, reverse("vestibule_pages:sessions"))
        except Refusal as refused:
            refusal = refused
    listed = sessions.list_own_sessions(client=client)
    context = {
        "tab": "sessions",
        "sessions": listed,
        "current": client.session_id,
        "devices": devices.list_own_devices(client=client),
    }
    return render_page(request, "vestibule/pages/account/sessions.html", context, refusal)


@signed_in_only
def show_activity(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/activity/`: the security events of the account."""
    typed = request.GET.get("page", "1")
    number = max(1, int(typed)) if typed.isascii() and typed.isdecimal() and len(typed) < 7 else 1
    count, found = personal_data.list_security_events(client=client, page=number)
    told = [{"meaning": events.meaning_of(event.name), "at": event.at, "address": event.address} for event in found]
    following = number + 1 if number * personal_data.EVENTS_PER_PAGE < count else None
    return render_page(
        request, "vestibule/pages/account/activity.html", {"tab": "activity", "events": told, "next": following}
    )


@signed_in_only
def confirm_password(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/confirm/`: type the password again, for a recent sign-in."""
    wanted = request.POST.get("back", "")
    origins = [reverse(f"vestibule_pages:{name}") for name in _STEP_UP_ORIGINS]
    back = next_path(request) or (wanted if wanted in origins else reverse("vestibule_pages:security"))
    if request.method != "POST":
        return _step_up_page(request, back)
    try:
        session = _reauthenticate(request, client)
    except Refusal as refusal:
        return _step_up_page(request, back, refusal)
    return set_session_cookies(request, HttpResponseRedirect(back, status=303), session)


def _reauthenticate(request: HttpRequest, client: Client) -> Session:
    typed = request.POST.get("method", "")
    if typed not in list(Method):
        return reauthenticate(client=client, password=request.POST.get("password", ""))
    return reauthenticate(client=client, method=Method(typed), secret=request.POST.get("code", ""))


def _step_up_page(request: HttpRequest, back: str, refusal: Refusal | None = None) -> HttpResponse:
    """The password once more, and then back."""
    return render_page(
        request, "vestibule/pages/account/step_up.html", {"back": back, "next": next_path(request)}, refusal
    )


def _done_url(page: str, query: str) -> str:
    return f"{reverse(f'vestibule_pages:{page}')}?{query}".rstrip("?")


def _posted_fields(request: HttpRequest, holder: Holder) -> dict[str, str]:
    return {row.name: request.POST.get(row.name, "") for row in _ON_PAGE if row.holder is holder}


def _profile_page(request: HttpRequest, client: Client, refusal: Refusal | None) -> HttpResponse:
    user = profile.show_profile(client=client)
    values = {row.name: request.POST.get(row.name) or user.read_field(row) for row in _ON_PAGE}
    context = {
        "tab": "profile",
        "fields": personal_field_contexts(_ON_PAGE, values, refusal, list(values)),
        "picture": pictures.picture_url(user.profile.picture),
        "saved": "saved" in request.GET,
    }
    return render_page(request, "vestibule/pages/account/profile.html", context, refusal)


def _change_session_or_device(request: HttpRequest, client: Client) -> None:
    act, id = request.POST.get("act", ""), _posted_id(request)
    if act == "end":
        sessions.end_session(client=client, id=id)
    elif act == "forget":
        devices.forget_device(client=client, id=id)
    elif act == "rename":
        devices.change_device(client=client, id=id, name=request.POST.get("name", ""))
    elif act in ("trust", "distrust"):
        devices.change_device(client=client, id=id, is_trusted=act == "trust")
    elif act == "end_all":
        sessions.sign_out_everywhere(client=client)
    else:
        raise NotFound


def _change_password(request: HttpRequest, client: Client) -> HttpResponse:
    new = request.POST.get("password", "")
    step_up.require_matching_passwords(new, request.POST.get("password2"))
    password_change.change_password(client=client, current=request.POST.get("current_password", ""), password=new)
    return HttpResponseRedirect(_done_url("security", "done=password"), status=303)


def _start_email_change(request: HttpRequest, client: Client) -> HttpResponse:
    email = applicant.parse_single_field("email", request.POST.get("email", ""), parsing.parse_email)
    email_change.start(client=client, email=email, password=request.POST.get("current_password", ""))
    return _code_form_page(request, client, "email", email.value)


def _confirm_email_change(request: HttpRequest, client: Client) -> HttpResponse:
    email_change.confirm(client=client, otp=request.POST.get("otp", ""))
    return HttpResponseRedirect(_done_url("security", "done=email"), status=303)


def _start_phone_change(request: HttpRequest, client: Client) -> HttpResponse:
    phone = applicant.parse_single_field("phone_number", request.POST.get("phone_number", ""), parsing.parse_phone)
    phone_change.start(client=client, phone=phone, password=request.POST.get("current_password", ""))
    return _code_form_page(request, client, "phone", phone.value)


def _confirm_phone_change(request: HttpRequest, client: Client) -> HttpResponse:
    phone_change.confirm(client=client, otp=request.POST.get("otp", ""))
    return HttpResponseRedirect(_done_url("security", "done=phone"), status=303)


def _remove_phone(request: HttpRequest, client: Client) -> HttpResponse:
    phone_change.remove_number(client=client)
    return HttpResponseRedirect(_done_url("security", "done=phone_remove"), status=303)


def _close_account(request: HttpRequest, client: Client) -> HttpResponse:
    personal_data.close_own_account(client=client)
    return delete_session_cookie(render_page(request, "vestibule/pages/account/closing.html", {}))


def _refuse_unknown_action(request: HttpRequest, client: Client) -> HttpResponse:
    raise NotFound


def _code_form_page(request: HttpRequest, client: Client, what: str, address: str) -> HttpResponse:
    context = {"tab": "security", "person": profile.show_profile(client=client), "awaits": what, "address": address}
    return render_page(request, "vestibule/pages/account/security.html", context)


def _posted_id(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("id", ""))
    except ValueError as error:
        if request.POST.get("act") == "end_all":
            return UUID(int=0)
        raise NotFound from error


_ON_PAGE = [row for row in PERSONAL_FIELDS if row.editable and not row.is_address]
_STEP_UP_ORIGINS = ("account", "sessions", "security")
_SECURITY_ACTIONS = {
    "password": _change_password,
    "email": _start_email_change,
    "email_confirm": _confirm_email_change,
    "phone": _start_phone_change,
    "phone_confirm": _confirm_phone_change,
    "phone_remove": _remove_phone,
    "close": _close_account,
}
