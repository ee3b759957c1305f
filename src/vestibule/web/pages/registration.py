"""Sign-up by page: the form, for the way that REGISTRATION_MODE names, and the welcome page."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from vestibule.accounts import applicant
from vestibule.accounts.fields import SIGN_UP_FIELDS
from vestibule.addresses.address import ADDRESS_TYPES, Email, Phone
from vestibule.conf import conf
from vestibule.flows.sign_up import deferred, pending
from vestibule.kernel.errors import Refusal
from vestibule.limits import rules
from vestibule.web.edge import admit
from vestibule.web.pages import captcha, registration_cookie, waiting
from vestibule.web.pages.provider_buttons import render_with_providers
from vestibule.web.pages.rendering import field_context, get_or_post, personal_field_contexts, render_page
from vestibule.web.pages.session_cookie import redirect_if_signed_in

# Addresses come first, because one of them is proved.
PERSONAL = sorted(SIGN_UP_FIELDS, key=lambda row: not row.is_address)
FORM_FIELDS = (*(row.name for row in PERSONAL), "password", "channel")
BROWSER_DEVICE = {"device": "this browser"}  # satisfies SIGNUP_FIELDS if it requires a device
MODES = {
    "deferred": (rules.REGISTER_START, deferred.start),
    "pending": (rules.REGISTER, pending.start),
}


@get_or_post
def submit_sign_up(request: HttpRequest) -> HttpResponse:
    """`/register/`: type an address and a password. The answer is the page that waits for the proof."""
    if request.method != "POST":
        shown = {"channel": request.GET.get("channel", Email.channel)}
        return redirect_if_signed_in(request) or _sign_up_form(request, shown)
    typed = {name: request.POST[name] for name in FORM_FIELDS if name in request.POST}
    rule, sign_up = MODES[conf.registration_mode]
    try:
        who = applicant.parse_applicant(typed | BROWSER_DEVICE)
        client = admit(request, rule, who.address, captcha=captcha.posted_answer(request))
        sent = sign_up(client=client, applicant=who)
    except Refusal as refusal:
        return _sign_up_form(request, typed, refusal)
    return waiting.render_sent_page(request, client, sent)


@require_safe
def show_welcome(request: HttpRequest) -> HttpResponse:
    """`/welcome/`: the account exists."""
    return registration_cookie.forget_registration(render_page(request, "vestibule/pages/welcome.html", {}))


def _sign_up_form(request: HttpRequest, typed: dict[str, str], refusal: Refusal | None = None) -> HttpResponse:
    channel = typed.get("channel") if typed.get("channel") in conf.channels else Email.channel
    wanted = [ADDRESS_TYPES[str(channel)].field, *conf.signup_fields]
    shown = [row for row in PERSONAL if row.name in wanted]
    context = {
        "fields": personal_field_contexts(shown, typed, refusal, FORM_FIELDS),
        "password": field_context("password", {}, refusal, FORM_FIELDS),
        "password_optional": conf.passwords == "optional",
        "channel": channel,
        "pending": conf.registration_mode == "pending",
        "sms_offered": Phone.channel in conf.channels,
        "min_length": conf.password_min_length,
        **captcha.form_context(request, MODES[conf.registration_mode][0], refusal),
    }
    return render_with_providers(request, "vestibule/pages/register.html", context, refusal)
