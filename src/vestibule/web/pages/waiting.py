"""The page that waits for the proof: type the code, have it sent again or elsewhere. It continues by itself when the
link is opened on another device. The signed handle is in the forms, and in a cookie for a person who comes back."""

from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from vestibule.accounts import applicant
from vestibule.addresses import parsing
from vestibule.conf import conf
from vestibule.flows.completion import SignedIn
from vestibule.flows.sign_up import deferred
from vestibule.flows.sign_up.deferred import Progress
from vestibule.flows.sign_up.steps import Sent
from vestibule.kernel.client import Client
from vestibule.kernel.errors import (
    AlreadyUsed,
    CaptchaInvalid,
    CaptchaRequired,
    Invalid,
    Refusal,
    UsernameTaken,
)
from vestibule.limits import rules
from vestibule.web.destination import (
    read_destination,
    redirect_with_destination,
    remember_destination,
    resume_destination,
)
from vestibule.web.edge import admit
from vestibule.web.pages import captcha, session_cookie
from vestibule.web.pages.link_token import FINAL_REFUSALS_OF_CODES
from vestibule.web.pages.mail_sites import find_mail_site
from vestibule.web.pages.registration_cookie import (
    forget_registration,
    remember_registration,
    remembered_registration,
)
from vestibule.web.pages.rendering import field_context, get_or_post, render_page
from vestibule.web.pages.session_cookie import is_signed_in
from vestibule.web.pages.sign_up_form import read_typed, render_sign_up_form


def _sign_up_view(page_view: Callable[[HttpRequest, str], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Make a view of the sign-up that the form or the cookie names. A GET changes nothing and shows the progress."""

    @get_or_post
    @wraps(page_view)
    def view_with_handle(request: HttpRequest) -> HttpResponse:
        resume_destination(request)
        handle = request.POST.get("registration", "") or remembered_registration(request)
        if not handle:
            return render_page(request, "vestibule/pages/no_registration.html", {})
        return page_view(request, handle) if request.method == "POST" else _show_progress(request, handle)

    return view_with_handle


@_sign_up_view
def confirm_code(request: HttpRequest, handle: str) -> HttpResponse:
    """`/verify-otp/`: show the progress; type the code, and the right one creates the account."""
    if "again" in request.POST:
        return _leave_sign_up(request, handle)
    otp, client = request.POST.get("otp", ""), None
    try:
        username = applicant.parse_chosen_username(request.POST.get("username"))
        client = admit(request, rules.REGISTER_CONFIRM)
        registered = deferred.confirm(
            client=client,
            registration=handle,
            otp=otp,
            username=username,
            sign_in=True,
            page_lifetime=conf.page_session,
        )
    except Refusal as refusal:
        is_of_name = isinstance(refusal, UsernameTaken | Invalid)
        typed = {"otp": otp if is_of_name else "", "username": request.POST.get("username", "")}
        return _page_with_progress(request, client, handle, refusal, {"name_taken": is_of_name, **typed})
    return end_sign_up(request, registered.signed_in)


@_sign_up_view
def resend_code(request: HttpRequest, handle: str) -> HttpResponse:
    """`/resend-otp/`: send another code in place of the old one."""
    client = None
    try:
        client = admit(request, rules.REGISTER_RESEND)
        sent = deferred.resend(client=client, registration=handle)
    except Refusal as refusal:
        return _page_with_progress(request, client, handle, refusal)
    return render_sent_page(request, client, sent, {"resent": True})


@_sign_up_view
def send_proof_elsewhere(request: HttpRequest, handle: str) -> HttpResponse:
    """`/redirect-otp/`: send the proof to another address, or by SMS instead."""
    client = None
    typed = request.POST.get("email", "")
    try:
        email = applicant.parse_single_field("email", typed, parsing.parse_email) if "email" in request.POST else None
        client = admit(
            request,
            rules.REGISTER,
            email if email else None,
            captcha=captcha.posted_answer(request),
        )
        sent = deferred.redirect_proof(client=client, registration=handle, email=email)
    except Refusal as refusal:
        asked = isinstance(refusal, CaptchaRequired | CaptchaInvalid)
        if asked:
            client = admit(request, rules.REGISTER_STATUS)
        shown = captcha.form_context(request, rules.REGISTER, refusal)
        shown["elsewhere"] = field_context("email", {}, refusal, ("email",))
        return _page_with_progress(request, client, handle, refusal, {"typed_email": typed, **shown})
    return render_sent_page(request, client, sent)


def render_sent_page(
    request: HttpRequest, client: Client, sent: Sent, more: dict[str, Any] | None = None
) -> HttpResponse:
    """Render the page after a message was sent, and remember the sign-up in this browser."""
    response = _page_with_progress(request, client, sent.registration, None, more)
    return remember_destination(request, remember_registration(response, sent.registration))


def end_sign_up(request: HttpRequest, entered: SignedIn | None) -> HttpResponse:
    """Redirect a person who has an account now: to the destination, by the sign-in if they are not signed in (another
    device proved the address); without a destination to the welcome page."""
    has_destination, welcome = read_destination(request) is not None, reverse("vestibule_pages:welcome")
    if entered:
        response = session_cookie.go_on_signed_in(request, entered, welcome)
    elif has_destination:
        response = redirect_with_destination(request, "vestibule_pages:login", status=303)
    else:
        response = HttpResponseRedirect(welcome, status=303)
    return forget_registration(response) if has_destination else response  # the welcome page forgets it, too


def render_done_page(request: HttpRequest, refusal: Refusal | None) -> HttpResponse:
    """Render the page for a person who proves once more what made their account."""
    return render_page(request, "vestibule/pages/done.html", {"signed_in": is_signed_in(request)}, refusal)


def start_again(request: HttpRequest, progress: Progress | None, refusal: Refusal | None) -> HttpResponse:
    """Render the form of the sign-up with what was typed for the one that `refusal` ended, as far as it is known."""
    typed = {**(progress.typed if progress else {}), **read_typed(request)}
    return render_sign_up_form(request, typed, refusal, is_restart=True)


def _leave_sign_up(request: HttpRequest, handle: str) -> HttpResponse:
    """Let a person start again who no longer wants to wait. The sign-up goes on as long as it would."""
    try:
        client = admit(request, rules.REGISTER_STATUS)
        progress = deferred.show_progress(client=client, registration=handle)
    except Refusal as refusal:
        return start_again(request, None, refusal)
    return start_again(request, progress, None)


def _show_progress(request: HttpRequest, handle: str) -> HttpResponse:
    """Render the page for a person who comes back to it, or redirect if the link was opened elsewhere."""
    try:
        client = admit(request, rules.REGISTER_STATUS)
        progress = deferred.show_progress(client=client, registration=handle)
    except Refusal as refusal:
        return _page_with_progress(request, None, handle, refusal)
    if progress.status == "verified":
        return end_sign_up(request, None)
    return _render_waiting_page(request, progress, handle, None)


def _page_with_progress(
    request: HttpRequest,
    client: Client | None,
    handle: str,
    refusal: Refusal | None,
    more: dict[str, Any] | None = None,
) -> HttpResponse:
    """Render the page with the present progress; without it if the request was not admitted."""
    try:
        progress = deferred.show_progress(client=client, registration=handle) if client else None
    except Refusal as gone:
        progress, refusal = None, refusal or gone
    return _render_waiting_page(request, progress, handle, refusal, more)


def _render_waiting_page(
    request: HttpRequest,
    progress: Progress | None,
    handle: str,
    refusal: Refusal | None,
    more: dict[str, Any] | None = None,
) -> HttpResponse:
    """Render the form of the code; of a sign-up that made its account the way in, and of one that is over the form to
    start again."""
    status = progress.status if progress else ""
    if status == "verified" or (isinstance(refusal, AlreadyUsed) and status != "expired"):
        return render_done_page(request, refusal)
    if status == "expired" or isinstance(refusal, FINAL_REFUSALS_OF_CODES):
        return start_again(request, progress, progress.ended_by if progress and progress.ended_by else refusal)
    context: dict[str, Any] = {"registration": handle, **captcha.form_context(request, rules.REGISTER), **(more or {})}
    if progress:
        context |= {"status": progress.status, "address": progress.address, "linked": progress.linked}
        counts = asdict(progress.challenge_status)
        del counts["attempts_left"]  # told with a wrong code, by its refusal
        context |= {"texting": progress.texting, **counts}
        context["mail_site"] = find_mail_site(progress.address)
    return render_page(request, "vestibule/pages/verify.html", context, refusal)
