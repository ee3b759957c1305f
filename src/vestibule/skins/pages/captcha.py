"""The captcha in a form: what a person is shown, and what came back with what they typed."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from vestibule.guards import patience
from vestibule.guards.rules import ALWAYS, NEVER, Rule
from vestibule.guards.vendors import VENDORS
from vestibule.kernel.errors import CaptchaInvalid, CaptchaRequired, Invalid, Refusal

ANSWER, TICKET = "captcha", "wait"  # form fields


def given(request: HttpRequest) -> str:
    """The answer of ALTCHA's or the vendor's widget; without one, the ticket of whoever waits."""
    vendor = VENDORS.get(settings.CAPTCHA_PROVIDER)
    names = (ANSWER, vendor.field if vendor else ANSWER, TICKET)
    return next((answer for name in names if (answer := request.POST.get(name, ""))), "")


def shown(request: HttpRequest, rule: Rule, refusal: Refusal | None = None) -> dict[str, Any]:
    """What the form's template needs: nothing, unless the rule always asks, or this person was asked."""
    word, refused = settings.CAPTCHAS[rule.captcha], isinstance(refusal, CaptchaRequired | CaptchaInvalid)
    if word == NEVER or not (word == ALWAYS or refused or request.POST.get(TICKET)):
        return {}
    captcha = {
        "for": rule.captcha,
        "vendor": VENDORS.get(settings.CAPTCHA_PROVIDER),
        "site_key": settings.CAPTCHA_SITE_KEY,
        "ticket": _ticket(request, rule, refusal),
        "seconds": int(patience.RIPE_AFTER.total_seconds()),
        "refused": refused,
    }
    return {"captcha": captcha}


def _ticket(request: HttpRequest, rule: Rule, refusal: Refusal | None) -> str:
    """A ticket that was not used yet goes on ripening; else a new one."""
    kept = request.POST.get(TICKET, "") if isinstance(refusal, Invalid | CaptchaRequired) else ""
    return kept or patience.ticket(rule.captcha, timezone.now())
