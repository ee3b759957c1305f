"""Sign in and out by page; forgot the password; and the links of mails that take something back."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vestibule.accounts import applicant, identifiers, passwords
from vestibule.accounts.identifiers import Name
from vestibule.flows import account, email_change, password_reset, sessions, sign_in
from vestibule.guards import rules
from vestibule.kernel.client import Client
from vestibule.kernel.errors import AlreadyUsed, Exhausted, Invalid, LinkExpired, Refusal, TokenInvalid, Unauthenticated
from vestibule.sessions import devices
from vestibule.skins.edge import admit
from vestibule.skins.page_session import admit_page
from vestibule.skins.pages import captcha, entrance
from vestibule.skins.pages.link_token import opened_by_link
from vestibule.skins.pages.showing import field, form_or_post, onward, page

OVER = (AlreadyUsed, Exhausted, LinkExpired, TokenInvalid)


@form_or_post
def login(request: HttpRequest) -> HttpResponse:
    """`/login/`: a name and the password."""
    following = onward(request)
    if request.method != "POST":
        return page(request, "pages/login.html", {"next": following, **captcha.shown(request, rules.LOGIN)})
    name, password = request.POST.get("name", ""), request.POST.get("password", "")
    stay = bool(request.POST.get("stay"))
    try:
        if len(password.encode(errors="replace")) > passwords.MAX_BYTES:
            password = ""  # can be nobody's, and is not hashed
        client = admit(request, rules.LOGIN, captcha=captcha.given(request))
        entered = sign_in.sign_in(
            client=client,
            name=Name.guessed(name),
            password=password,
            said=devices.described(client.agent),
            cookie=entrance.device_of(request),
            page=settings.PAGE_STAY if stay else settings.PAGE_SESSION,
        )
    except Refusal as refusal:
        shown = {"name": name, "stay": stay, "next": following, **captcha.shown(request, rules.LOGIN, refusal)}
        return page(request, "pages/login.html", shown, refusal)
    return entrance.enter(request, HttpResponseRedirect(following or "/account/", status=303), entered.session)


@form_or_post
def logout(request: HttpRequest) -> HttpResponse:
    """`/logout/`: a button, and out."""
    if request.method != "POST":
        return page(request, "pages/logout.html", {})
    try:
        sessions.sign_out(client=admit_page(request))
    except Unauthenticated:
        pass  # nobody is signed in: so it shall be
    except Refusal as refusal:
        return page(request, "pages/logout.html", {}, refusal)
    response = entrance.leave(HttpResponseRedirect("/login/", status=303))
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


@form_or_post
def forgot(request: HttpRequest) -> HttpResponse:
    """`/password/reset/`: the address; the answer is always the same."""
    typed = request.POST.get("email", "")
    if request.method != "POST":
        return page(request, "pages/forgot.html", captcha.shown(request, rules.PASSWORD_RESET))
    try:
        email = applicant.alone("email", typed, identifiers.email)
        client = admit(request, rules.PASSWORD_RESET, identifiers.digest(email), captcha=captcha.given(request))
        password_reset.start(client=client, address=email, cookie=entrance.device_of(request))
    except Refusal as refusal:
        shown = {"email": typed, **captcha.shown(request, rules.PASSWORD_RESET, refusal)}
        return page(request, "pages/forgot.html", shown, refusal)
    return page(request, "pages/reset.html", {**_new_password(None), "email": email, "sent": True})


@opened_by_link
def reset(request: HttpRequest, token: str) -> HttpResponse:
    """`/password/reset/confirm/?token=…`, or the code with the address: choose the new password."""
    email = request.POST.get("email", "")
    if request.method != "POST":
        if not token:
            return HttpResponseRedirect("/password/reset/")
        return page(request, "pages/reset.html", {**_new_password(None), "token": token})
    password, otp = request.POST.get("password", ""), request.POST.get("otp", "")
    try:
        client = admit(request, rules.PASSWORD_RESET_CONFIRM)
        address = None if token else applicant.alone("email", email, identifiers.email)
        password_reset.confirm(client=client, password=password, token=token, address=address, otp=otp)
    except Refusal as refusal:
        over = isinstance(refusal, OVER)
        shown = {"token": token, "email": email, "otp": otp if isinstance(refusal, Invalid) else "", "over": over}
        return page(request, "pages/reset.html", {**_new_password(refusal), **shown}, refusal)
    return entrance.leave(page(request, "pages/login.html", {"reset": True, **captcha.shown(request, rules.LOGIN)}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """A link of a mail that takes something back: its page in words, and what its button does."""

    path: str
    title: Promise | str
    lead: Promise | str
    button: Promise | str
    done: Promise | str
    act: Callable[..., None]


TAKINGS = (
    Taking(
        path="not-me",
        title=_("This wasn't you?"),
        lead=_("Press the button, and every session of your account ends. A mail lets you choose a new password."),
        button=_("Sign everybody out"),
        done=_(
            "Everybody is signed out, and the old password opens nothing. A message that we sent you says how to go on."
        ),
        act=sessions.disown,
    ),
    Taking(
        path="email/undo",
        title=_("Take the change back?"),
        lead=_("Press the button, and your account has its old email address again. Every session of it ends."),
        button=_("Put my address back"),
        done=_("Your address is back, and the old password opens nothing. A mail that we sent you says how to go on."),
        act=email_change.undo,
    ),
    Taking(
        path="account/undo",
        title=_("Keep your account?"),
        lead=_("Press the button, and your account stays as it was."),
        button=_("Keep my account"),
        done=_("Your account stays. You can sign in again. If somebody else closed it, reset your password."),
        act=account.keep,
    ),
)


def taking(taking: Taking) -> Callable[[HttpRequest], HttpResponse]:
    """The page of such a link: a GET shows the button and changes nothing."""

    @opened_by_link
    def view(request: HttpRequest, token: str) -> HttpResponse:
        context = {"taking": taking, "token": token}
        if request.method != "POST":
            return page(request, "pages/taking.html", context)
        try:
            client: Client = admit(request, rules.PASSWORD_RESET_CONFIRM)
            taking.act(client=client, token=token)
        except Refusal as refusal:
            return page(request, "pages/taking.html", {**context, "over": isinstance(refusal, OVER)}, refusal)
        return page(request, "pages/taking.html", {**context, "done": True})

    return view


def _new_password(refusal: Refusal | None) -> dict[str, object]:
    order = ("password",)
    return {"password": field("password", {}, refusal, order), "min_length": settings.PASSWORD_MIN_LENGTH}
