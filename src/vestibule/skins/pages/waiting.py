"""The page that waits for the proof: type the code, have it sent again, or elsewhere; it goes on by itself when the
link is opened on another device. The signed registration travels in the forms, and in a cookie for whoever comes
back."""

from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from vestibule.accounts import applicant, identifiers
from vestibule.flows import registration
from vestibule.flows.registration import Progress
from vestibule.flows.signing_up import Sent
from vestibule.guards import rules
from vestibule.kernel.client import Client
from vestibule.kernel.errors import (
    AlreadyUsed,
    CaptchaInvalid,
    CaptchaRequired,
    Exhausted,
    Expired,
    Invalid,
    Refusal,
    TokenInvalid,
    UsernameTaken,
)
from vestibule.skins.edge import admit
from vestibule.skins.pages import captcha, entrance
from vestibule.skins.pages.remembered import registration_of, remember
from vestibule.skins.pages.showing import form_or_post, page

OVER = (AlreadyUsed, Exhausted, Expired, TokenInvalid)  # unless something of the sign-up still lives


def _of_a_sign_up(act: Callable[[HttpRequest, str], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A view of the sign-up that the form or the cookie names. A GET changes nothing: it shows how things stand."""

    @form_or_post
    @wraps(act)
    def view(request: HttpRequest) -> HttpResponse:
        handle = request.POST.get("registration", "") or registration_of(request)
        if not handle:
            return render(request, "pages/no_registration.html")
        return act(request, handle) if request.method == "POST" else _standing(request, handle)

    return view


@_of_a_sign_up
def verify(request: HttpRequest, handle: str) -> HttpResponse:
    """`/verify-otp/`: how the sign-up stands; type the code, and the right one makes the account."""
    otp, client = request.POST.get("otp", ""), None
    try:
        username = applicant.chosen_username(request.POST.get("username"))
        client = admit(request, rules.REGISTER_CONFIRM)
        registered = registration.confirm(
            client=client,
            registration=handle,
            otp=otp,
            username=username,
            sign_in=True,
            page=settings.PAGE_SESSION,
        )
    except Refusal as refusal:
        kept = otp if isinstance(refusal, UsernameTaken | Invalid) else ""
        return _page(request, client, handle, refusal, {"otp": kept, "name_taken": bool(kept)})
    response = HttpResponseRedirect("/welcome/", status=303)
    return entrance.enter(request, response, registered.entered.session) if registered.entered else response


@_of_a_sign_up
def resend(request: HttpRequest, handle: str) -> HttpResponse:
    """`/resend-otp/`: another code in place of the old."""
    client = None
    try:
        client = admit(request, rules.REGISTER_RESEND)
        sent = registration.resend(client=client, registration=handle)
    except Refusal as refusal:
        return _page(request, client, handle, refusal)
    return sent_page(request, client, sent, {"resent": True})


@_of_a_sign_up
def redirect(request: HttpRequest, handle: str) -> HttpResponse:
    """`/redirect-otp/`: the proof goes to another address, or by SMS instead."""
    client = None
    typed = request.POST.get("email", "")
    try:
        email = applicant.alone("email", typed, identifiers.email) if "email" in request.POST else None
        client = admit(
            request, rules.REGISTER, identifiers.digest(email) if email else None, captcha=captcha.given(request)
        )
        sent = registration.redirect(client=client, registration=handle, email=email)
    except Refusal as refusal:
        asked = isinstance(refusal, CaptchaRequired | CaptchaInvalid)
        if asked:
            client = admit(request, rules.REGISTER_STATUS)
        shown = captcha.shown(request, rules.REGISTER, refusal)
        return _page(request, client, handle, refusal, {"typed_email": typed, **shown})
    return sent_page(request, client, sent)


def sent_page(request: HttpRequest, client: Client, sent: Sent, more: dict[str, Any] | None = None) -> HttpResponse:
    """The page after a message went out; this browser remembers the sign-up."""
    return remember(_page(request, client, sent.registration, None, more), sent.registration)


def _standing(request: HttpRequest, handle: str) -> HttpResponse:
    """The page for whoever comes back to it: reloaded, reopened, or asked whether the link was opened elsewhere."""
    try:
        client = admit(request, rules.REGISTER_STATUS)
        progress = registration.status(client=client, registration=handle)
    except Refusal as refusal:
        return _page(request, None, handle, refusal)
    if progress.status == "verified":
        return HttpResponseRedirect("/welcome/", status=303)
    return _show(request, progress, handle, None)


def _page(
    request: HttpRequest,
    client: Client | None,
    handle: str,
    refusal: Refusal | None,
    more: dict[str, Any] | None = None,
) -> HttpResponse:
    """The page with what the sign-up's standing is now; without it where nobody was admitted."""
    try:
        progress = registration.status(client=client, registration=handle) if client else None
    except Refusal as gone:
        progress, refusal = None, refusal or gone
    return _show(request, progress, handle, refusal, more)


def _show(
    request: HttpRequest,
    progress: Progress | None,
    handle: str,
    refusal: Refusal | None,
    more: dict[str, Any] | None = None,
) -> HttpResponse:
    context: dict[str, Any] = {"registration": handle, "over": isinstance(refusal, OVER)}
    context |= {**captcha.shown(request, rules.REGISTER), **(more or {})}
    if progress:
        context |= {**asdict(progress), **asdict(progress.standing)}
        context["minutes"] = -(-progress.standing.code_expires_in // 60)
        context["over"] = progress.status in ("expired", "verified")
    context["done"] = isinstance(refusal, AlreadyUsed)
    return page(request, "pages/verify.html", context, refusal)
