"""`/account/…`: the signed-in person's own pages: profile, security, sessions and devices, activity."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from vestibule.accounts import applicant, identifiers, pictures
from vestibule.audit import events
from vestibule.flows import (
    account,
    devices,
    email_change,
    password_change,
    phone_change,
    profile,
    securing,
    sessions,
    sign_in,
)
from vestibule.kernel.client import Client
from vestibule.kernel.errors import NotFound, Refusal, StepUpRequired
from vestibule.skins.pages.entrance import enter, leave, signed_in
from vestibule.skins.pages.showing import onward, page


@signed_in
def about_me(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/`: names, bio, address."""
    refusal = None
    if request.method == "POST":
        about = {name: request.POST.get(name, "") for name in ("bio", "address")}
        typed = {name: request.POST.get(name, "") for name in ("full_name", "username")}
        try:
            profile.change(client=client, typed={**typed, "profile": about})
            return HttpResponseRedirect("/account/?saved", status=303)
        except StepUpRequired:
            return page(request, "pages/account/step_up.html", {"back": "/account/"})
        except Refusal as refused:
            refusal = refused
    user = profile.show(client=client)
    context = {
        "tab": "profile",
        "person": user,
        "picture": pictures.url(user.profile.picture),
        "saved": "saved" in request.GET,
        "typed": request.POST,
    }
    return page(request, "pages/account/profile.html", context, refusal)


@signed_in
def picture(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/picture/`: another picture, or none."""
    try:
        if uploaded := request.FILES.get("picture"):
            profile.set_picture(client=client, uploaded=uploaded.read())
        elif request.method == "POST":
            profile.remove_picture(client=client)
    except Refusal as refusal:
        context = {"tab": "profile", "person": profile.show(client=client)}
        return page(request, "pages/account/profile.html", context, refusal)
    return HttpResponseRedirect("/account/?saved" if request.method == "POST" else "/account/", status=303)


@signed_in
def security(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/security/`: password, addresses, closing; what guards the account wants a recent sign-in."""
    context: dict[str, Any] = {
        "tab": "security",
        "min_length": settings.PASSWORD_MIN_LENGTH,
        "done": request.GET.get("done", ""),
    }
    refusal: Refusal | None = None
    if request.method == "POST":
        act = request.POST.get("act", "")
        try:
            return _ACTS.get(act, _nothing)(request, client)
        except StepUpRequired:
            return page(request, "pages/account/step_up.html", {"back": "/account/security/"})
        except Refusal as refused:
            refusal = refused
        context |= {"act": act, "awaits": act.removesuffix("_confirm") if act.endswith("_confirm") else ""}
    return page(request, "pages/account/security.html", context | {"person": profile.show(client=client)}, refusal)


@signed_in
def places(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/sessions/`: where I am signed in, and from what."""
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            _change_places(request, client)
            return HttpResponseRedirect("/account/sessions/", status=303)
        except StepUpRequired:
            return page(request, "pages/account/step_up.html", {"back": "/account/sessions/"})
        except Refusal as refused:
            refusal = refused
    listed = sessions.mine(client=client)
    context = {
        "tab": "sessions",
        "sessions": listed,
        "current": client.session_id,
        "devices": devices.mine(client=client),
    }
    return page(request, "pages/account/sessions.html", context, refusal)


@signed_in
def activity(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/activity/`: what happened to my account."""
    typed = request.GET.get("page", "1")
    number = max(1, int(typed)) if typed.isascii() and typed.isdecimal() and len(typed) < 7 else 1
    count, found = account.activity(client=client, page=number)
    told = [{"meaning": events.meaning_of(event.name), "at": event.at, "address": event.address} for event in found]
    following = number + 1 if number * account.PAGE < count else None
    return page(request, "pages/account/activity.html", {"tab": "activity", "events": told, "next": following})


@signed_in
def step_up(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/confirm/`: the password once more."""
    wanted = request.POST.get("back", "")
    back = onward(request) or (wanted if wanted in _STEPPED_FROM else "/account/security/")
    if request.method != "POST":
        return page(request, "pages/account/step_up.html", {"back": back})
    try:
        session = sign_in.reauthenticate(client=client, password=request.POST.get("password", ""))
    except Refusal as refusal:
        return page(request, "pages/account/step_up.html", {"back": back}, refusal)
    return enter(request, HttpResponseRedirect(back, status=303), session)


def _change_places(request: HttpRequest, client: Client) -> None:
    act, id = request.POST.get("act", ""), _id(request)
    if act == "end":
        sessions.end(client=client, id=id)
    elif act == "forget":
        devices.forget(client=client, id=id)
    elif act == "rename":
        devices.change(client=client, id=id, name=request.POST.get("name", ""))
    elif act in ("trust", "distrust"):
        devices.change(client=client, id=id, is_trusted=act == "trust")
    elif act == "end_all":
        sessions.sign_out_everywhere(client=client)
    else:
        raise NotFound


def _password(request: HttpRequest, client: Client) -> HttpResponse:
    new = request.POST.get("password", "")
    securing.must_match(new, request.POST.get("password2"))
    password_change.change(client=client, current=request.POST.get("current_password", ""), password=new)
    return HttpResponseRedirect("/account/security/?done=password", status=303)


def _email(request: HttpRequest, client: Client) -> HttpResponse:
    email = applicant.alone("email", request.POST.get("email", ""), identifiers.email)
    email_change.start(client=client, email=email, password=request.POST.get("current_password", ""))
    return _awaiting(request, client, "email", email)


def _email_confirm(request: HttpRequest, client: Client) -> HttpResponse:
    email_change.confirm(client=client, otp=request.POST.get("otp", ""))
    return HttpResponseRedirect("/account/security/?done=email", status=303)


def _phone(request: HttpRequest, client: Client) -> HttpResponse:
    phone = applicant.alone("phone_number", request.POST.get("phone_number", ""), identifiers.phone)
    phone_change.start(client=client, phone=phone, password=request.POST.get("current_password", ""))
    return _awaiting(request, client, "phone", phone)


def _phone_confirm(request: HttpRequest, client: Client) -> HttpResponse:
    phone_change.confirm(client=client, otp=request.POST.get("otp", ""))
    return HttpResponseRedirect("/account/security/?done=phone", status=303)


def _phone_remove(request: HttpRequest, client: Client) -> HttpResponse:
    phone_change.remove(client=client)
    return HttpResponseRedirect("/account/security/?done=phone_remove", status=303)


def _close(request: HttpRequest, client: Client) -> HttpResponse:
    account.close(client=client)
    return leave(page(request, "pages/account/closing.html", {}))


def _nothing(request: HttpRequest, client: Client) -> HttpResponse:
    raise NotFound


def _awaiting(request: HttpRequest, client: Client, what: str, address: str) -> HttpResponse:
    context = {"tab": "security", "person": profile.show(client=client), "awaits": what, "address": address}
    return page(request, "pages/account/security.html", context)


def _id(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("id", ""))
    except ValueError as error:
        if request.POST.get("act") == "end_all":
            return UUID(int=0)
        raise NotFound from error


_STEPPED_FROM = ("/account/", "/account/sessions/", "/account/security/")
_ACTS = {
    "password": _password,
    "email": _email,
    "email_confirm": _email_confirm,
    "phone": _phone,
    "phone_confirm": _phone_confirm,
    "phone_remove": _phone_remove,
    "close": _close,
}
