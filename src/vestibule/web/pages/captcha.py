"""The captcha in a form: what the template shows, and the answer that was posted."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from vestibule.captcha import wait_ticket
from vestibule.captcha.vendors import VENDORS
from vestibule.conf import conf
from vestibule.kernel.errors import CaptchaInvalid, CaptchaRequired, Invalid, Refusal
from vestibule.limits.rules import ALWAYS, NEVER, Rule

ANSWER_FIELD, TICKET_FIELD = "captcha", "wait"  # form fields


def posted_answer(request: HttpRequest) -> str:
    """Return the answer of ALTCHA's or the vendor's widget; without one, the wait ticket."""
    vendor = VENDORS.get(conf.captcha_provider)
    names = (ANSWER_FIELD, vendor.field if vendor else ANSWER_FIELD, TICKET_FIELD)
    return next((answer for name in names if (answer := request.POST.get(name, ""))), "")


def form_context(request: HttpRequest, rule: Rule, refusal: Refusal | None = None) -> dict[str, Any]:
    """Return what the form's template needs: nothing, unless the rule always requires a captcha or this person must
    solve one."""
    word, refused = conf.captchas[rule.captcha], isinstance(refusal, CaptchaRequired | CaptchaInvalid)
    if word == NEVER or not (word == ALWAYS or refused or request.POST.get(TICKET_FIELD)):
        return {}
    captcha = {
        "for": rule.captcha,
        "vendor": VENDORS.get(conf.captcha_provider),
        "site_key": conf.captcha_site_key,
        "ticket": _wait_ticket(request, rule, refusal),
        "seconds": int(wait_ticket.VALID_AFTER.total_seconds()),
        "refused": refused,
    }
    return {"captcha": captcha}


def _wait_ticket(request: HttpRequest, rule: Rule, refusal: Refusal | None) -> str:
    """Return the posted ticket if it was not used yet, so that its wait continues; else a new one."""
    kept = request.POST.get(TICKET_FIELD, "") if isinstance(refusal, Invalid | CaptchaRequired) else ""
    return kept or wait_ticket.issue_ticket(rule.captcha, timezone.now())
