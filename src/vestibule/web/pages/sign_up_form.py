"""The form of the sign-up, empty, refused, or filled in for a person who starts again."""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse

from vestibule.accounts.fields import SIGN_UP_FIELDS
from vestibule.addresses.address import ADDRESS_TYPES, Email, Phone
from vestibule.conf import conf
from vestibule.flows.sign_up import deferred, pending
from vestibule.kernel.errors import Refusal
from vestibule.limits import rules
from vestibule.web.pages import captcha
from vestibule.web.pages.provider_buttons import render_with_providers
from vestibule.web.pages.rendering import field_context, personal_field_contexts

# Addresses come first, because one of them is proved.
PERSONAL = sorted(SIGN_UP_FIELDS, key=lambda row: not row.is_address)
FORM_FIELDS = (*(row.name for row in PERSONAL), "password", "channel")
MODES = {
    "deferred": (rules.REGISTER_START, deferred.start),
    "pending": (rules.REGISTER, pending.start),
}


def read_typed(request: HttpRequest) -> dict[str, str]:
    """Return what the form of the sign-up was sent with."""
    return {name: request.POST[name] for name in FORM_FIELDS if name in request.POST}


def render_sign_up_form(
    request: HttpRequest, typed: Mapping[str, str], refusal: Refusal | None = None, *, is_restart: bool = False
) -> HttpResponse:
    """Render the form with what was typed, except the password. `is_restart` says that the refusal ended a sign-up."""
    channel = typed.get("channel") if typed.get("channel") in conf.channels else Email.channel
    wanted = [ADDRESS_TYPES[str(channel)].field, *conf.signup_fields]
    shown = [row for row in PERSONAL if row.name in wanted]
    fields = personal_field_contexts(shown, typed, refusal, FORM_FIELDS)
    password = field_context("password", {}, refusal, FORM_FIELDS)
    if is_restart and fields[0]["value"]:  # the address is known: the password is the next to type
        fields[0]["focus"], password["focus"] = False, True
    context = {
        "restarting": is_restart,
        "fields": fields,
        "password": password,
        "password_optional": conf.passwords == "optional",
        "channel": channel,
        "pending": conf.registration_mode == "pending",
        "sms_offered": Phone.channel in conf.channels,
        "min_length": conf.password_min_length,
        **captcha.form_context(request, MODES[conf.registration_mode][0], refusal),
    }
    return render_with_providers(request, "vestibule/pages/register.html", context, refusal)
