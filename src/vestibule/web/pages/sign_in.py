"""Sign-in and sign-out by page, the password reset, and the pages of mailed links that undo something."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vestibule.accounts import applicant, passwords
from vestibule.accounts.identifiers import LoginName
from vestibule.addresses import parsing
from vestibule.addresses.address import Email
from vestibule.conf import conf
from vestibule.flows.account import email_change, personal_data
from vestibule.flows.recovery import factor_reset, password_reset
from vestibule.flows.sign_in import by_password, sessions
from vestibule.kernel.client import Client
from vestibule.kernel.errors import (
    AccountUnverified,
    AlreadyUsed,
    Invalid,
    Refusal,
    Unauthenticated,
)
from vestibule.kernel.text import clean_label
from vestibule.limits import rules
from vestibule.sessions import devices
from vestibule.web.cookies import known_device_id
from vestibule.web.destination import read_destination, redirect_with_destination, remember_destination
from vestibule.web.edge import admit
from vestibule.web.page_session import admit_page
from vestibule.web.pages import captcha, session_cookie
from vestibule.web.pages.link_token import FINAL_REFUSALS, FINAL_REFUSALS_OF_CODES, opened_by_link
from vestibule.web.pages.provider_buttons import render_with_providers
from vestibule.web.pages.rendering import field_context, get_or_post, render_page
from vestibule.web.pages.second_factor import enter_page

LONGEST_HINT = 254  # characters: an e-mail address (RFC 5321, 4.5.3.1.3)


@get_or_post
@session_cookie.lead_signed_in_on
def log_in(request: HttpRequest) -> HttpResponse:
    """`/login/`: sign in with a name and the password."""
    if request.method != "POST":
        return login_page(request, name=_hinted_name(request))
    name, password = request.POST.get("name", ""), request.POST.get("password", "")
    stay = bool(request.POST.get("stay"))
    try:
        if len(password.encode(errors="replace")) > passwords.MAX_BYTES:
            password = ""  # too long for any password, so it is not hashed
        client = admit(request, rules.LOGIN, captcha=captcha.posted_answer(request))
        entered = by_password.sign_in_by_password(
            client=client,
            name=LoginName.parse_any(name),
            password=password,
            device_claims=devices.describe_user_agent(client.user_agent),
            device_cookie=known_device_id(request),
            remembered=request.COOKIES.get(conf.remembered_cookie_name, ""),
            page_lifetime=conf.page_stay if stay else conf.page_session,
        )
    except Refusal as refusal:
        return login_page(request, refusal, name=name, stay=stay, unproved=_unproved_email(refusal, name))
    return enter_page(request, entered)


def login_page(request: HttpRequest, refusal: Refusal | None = None, **more: object) -> HttpResponse:
    """Show the ways to sign in."""
    focus = bool(more.get("name") and not more.get("unproved"))  # else the name has it, or the button of a new mail
    context = {"password_focus": focus, **captcha.form_context(request, rules.LOGIN, refusal), **more}
    return render_with_providers(request, "vestibule/pages/login.html", context, refusal)


@get_or_post
def log_out(request: HttpRequest) -> HttpResponse:
    """`/logout/`: a button that signs out."""
    if request.method != "POST":
        return render_page(request, "vestibule/pages/logout.html", {})
    try:
        sessions.sign_out(client=admit_page(request, before_enrolment=True))
    except Unauthenticated:
        pass  # already signed out
    except Refusal as refusal:
        return render_page(request, "vestibule/pages/logout.html", {}, refusal)
    response = session_cookie.delete_session_cookie(HttpResponseRedirect(reverse("vestibule_pages:login"), status=303))
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


@get_or_post
def request_password_reset(request: HttpRequest) -> HttpResponse:
    """`/password/reset/`: type the address. The answer is always the same."""
    typed = request.POST.get("email", "")
    if request.method != "POST":
        return render_page(request, "vestibule/pages/forgot.html", captcha.form_context(request, rules.PASSWORD_RESET))
    try:
        email = applicant.parse_single_field("email", typed, parsing.parse_email)
        client = admit(request, rules.PASSWORD_RESET, email, captcha=captcha.posted_answer(request))
        password_reset.start(client=client, address=email, device_cookie=known_device_id(request))
    except Refusal as refusal:
        shown = {"email": typed, **captcha.form_context(request, rules.PASSWORD_RESET, refusal)}
        return render_page(request, "vestibule/pages/forgot.html", shown, refusal)
    return remember_destination(request, _new_password_page(request, email=email.value))


@opened_by_link
def choose_new_password(request: HttpRequest, token: str) -> HttpResponse:
    """`/password/reset/confirm/?token=…`, or the code with the address: choose the new password."""
    email = request.POST.get("email", "")
    if request.method != "POST":
        if not token:
            return redirect_with_destination(request, "vestibule_pages:password_reset")
        return _link_page(request, token)
    password, otp = request.POST.get("password", ""), request.POST.get("otp", "")
    try:
        client = admit(request, rules.PASSWORD_RESET_CONFIRM)
        address = None if token else applicant.parse_single_field("email", email, parsing.parse_email)
        password_reset.confirm(client=client, password=password, token=token, address=address, otp=otp)
    except Refusal as refusal:
        kept = otp if isinstance(refusal, Invalid) else ""
        return _new_password_page(request, refusal, token=token, email=email, otp=kept)
    return session_cookie.delete_session_cookie(login_page(request, reset=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoLink:
    """A mailed link that undoes something: the words of its page, and the flow that its button calls."""

    title: Promise | str
    lead: Promise | str
    button: Promise | str
    done: Promise | str
    undo: Callable[..., None]


NOT_ME = UndoLink(
    title=_("This wasn't you?"),
    lead=_("Press the button to sign out everywhere. A mail then lets you choose a new password."),
    button=_("Sign out everywhere"),
    done=_("You are signed out everywhere, and the old password no longer works. Choose a new one by our newest mail."),
    undo=sessions.disown_sign_in,
)
EMAIL_UNDO = UndoLink(
    title=_("Undo the email change?"),
    lead=_("Your account gets its old email address back. You will be signed out everywhere."),
    button=_("Undo the change"),
    done=_("Your old address is back, and the old password no longer works. Choose a new one by our newest mail."),
    undo=email_change.undo,
)
ACCOUNT_UNDO = UndoLink(
    title=_("Keep your account?"),
    lead=_("Your account then stays as it was."),
    button=_("Keep my account"),
    done=_("Your account stays, and you can sign in again. If somebody else closed it, choose a new password."),
    undo=personal_data.cancel_account_closing,
)


FACTORS_UNDO = UndoLink(
    title=_("Keep your second factors?"),
    lead=_("Your second factors then stay: nobody signs in without one."),
    button=_("Keep my second factors"),
    done=_("Your second factors stay. If you did not ask for their removal, change your password, too."),
    undo=factor_reset.stop_reset,
)


def undo_link_page(undo_link: UndoLink) -> Callable[[HttpRequest], HttpResponse]:
    """Make the page of such a link. A GET shows the button and changes nothing."""

    @opened_by_link
    def show_or_undo(request: HttpRequest, token: str) -> HttpResponse:
        context: dict[str, object] = {"taking": undo_link, "token": token, "action": request.path}
        if request.method != "POST":
            return render_page(request, "vestibule/pages/taking.html", context)
        try:
            client: Client = admit(request, rules.PASSWORD_RESET_CONFIRM)
            undo_link.undo(client=client, token=token)
        except Refusal as refusal:
            context["over"] = isinstance(refusal, FINAL_REFUSALS)
            context["used"] = isinstance(refusal, AlreadyUsed)
            return render_page(request, "vestibule/pages/taking.html", context, refusal)
        return render_page(request, "vestibule/pages/taking.html", {**context, "done": True})

    return show_or_undo


def _unproved_email(refusal: Refusal, name: str) -> Email | None:
    """Return the address to which a person can have a new mail sent: the password that they typed is that of a sign-up
    on it, which the page tells nobody else."""
    address = LoginName.parse_any(name).address if isinstance(refusal, AccountUnverified) else None
    return address if isinstance(address, Email) else None


def _hinted_name(request: HttpRequest) -> str:
    """Return whom the application that sent the person expects (OpenID Connect Core, 3.1.2.1: `login_hint`)."""
    return clean_label(request.GET.get("login_hint", ""), LONGEST_HINT) if read_destination(request) else ""


def _link_page(request: HttpRequest, token: str) -> HttpResponse:
    """The form behind a link; at once what became of it, if it can't be used any more."""
    try:
        email = password_reset.read_link(client=admit(request, rules.TOKEN), token=token)
    except Refusal as refusal:
        return _new_password_page(request, refusal, token=token)
    return _new_password_page(request, token=token, email=email)


def _new_password_page(request: HttpRequest, refusal: Refusal | None = None, **shown: str) -> HttpResponse:
    password = field_context("password", {}, refusal, ("password",))
    context = {
        "password": password,
        "password_focus": password["wrong"] or bool(shown.get("token")),
        "min_length": conf.password_min_length,
        "over": isinstance(refusal, FINAL_REFUSALS_OF_CODES),
    }
    return render_page(request, "vestibule/pages/reset.html", {**context, **shown}, refusal)
