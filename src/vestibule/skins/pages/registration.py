"""Sign up by page: the form, in the way that REGISTRATION_MODE names; and welcome."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from vestibule.accounts import applicant, identifiers
from vestibule.flows import pending_registration, registration
from vestibule.guards import rules
from vestibule.kernel.errors import Refusal
from vestibule.skins.edge import admit
from vestibule.skins.pages import captcha, remembered, waiting
from vestibule.skins.pages.showing import field, form_or_post, page

FIELDS = ("email", "phone_number", "username", "full_name", "password", "channel")
BROWSER = {"device": "this browser"}  # where a device is required, the page is opened on one
WAYS = {
    "deferred": (rules.REGISTER_START, registration.start),
    "pending": (rules.REGISTER, pending_registration.register),
}


@form_or_post
def register(request: HttpRequest) -> HttpResponse:
    """`/register/`: type an address and a password; the answer is the page that waits for the proof."""
    if request.method != "POST":
        return _form(request, {"channel": request.GET.get("channel", "email")})
    typed = {name: request.POST[name] for name in FIELDS if name in request.POST}
    rule, sign_up = WAYS[settings.REGISTRATION_MODE]
    try:
        who = applicant.parse(typed | BROWSER)
        client = admit(request, rule, identifiers.digest(who.address), captcha=captcha.given(request))
        sent = sign_up(client=client, applicant=who)
    except Refusal as refusal:
        return _form(request, typed, refusal)
    return waiting.sent_page(request, client, sent)


@require_safe
def welcome(request: HttpRequest) -> HttpResponse:
    """`/welcome/`: the account is there."""
    return remembered.forget(render(request, "pages/welcome.html"))


def _form(request: HttpRequest, typed: dict[str, str], refusal: Refusal | None = None) -> HttpResponse:
    by_sms = typed.get("channel") == "sms" and "sms" in settings.CHANNELS
    wanted = ["phone_number" if by_sms else "email", *settings.SIGNUP_FIELDS]
    fields = [name for name in ("email", "phone_number", "username", "full_name") if name in wanted]
    context = {
        "fields": [field(name, typed, refusal, FIELDS) for name in fields],
        "password": field("password", {}, refusal, FIELDS),
        "by_sms": by_sms,
        "pending": settings.REGISTRATION_MODE == "pending",
        "sms_offered": "sms" in settings.CHANNELS,
        "min_length": settings.PASSWORD_MIN_LENGTH,
        **captcha.shown(request, WAYS[settings.REGISTRATION_MODE][0], refusal),
    }
    return page(request, "pages/register.html", context, refusal)
