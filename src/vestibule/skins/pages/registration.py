"""Sign up by page: the form, the code, another code, welcome. The signed registration travels in the forms."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from vestibule.accounts import applicant, identifiers
from vestibule.flows import registration
from vestibule.flows.signing_up import Sent
from vestibule.guards import rules
from vestibule.kernel.errors import AlreadyUsed, Exhausted, Expired, Invalid, Refusal, TokenInvalid, UsernameTaken
from vestibule.skins.edge import admit
from vestibule.skins.problems import PROBLEMS, waiting

FIELDS = ("email", "phone_number", "username", "full_name", "password", "channel")
OVER = (AlreadyUsed, Exhausted, Expired, TokenInvalid)  # no code of this registration helps any more

form_or_post = require_http_methods(["GET", "HEAD", "POST"])


@form_or_post
def register(request: HttpRequest) -> HttpResponse:
    """`/register/`: type an address and a password; the answer is the page that asks for the code."""
    if request.method != "POST":
        return _form(request, {"channel": request.GET.get("channel", "email")})
    typed = {field: request.POST[field] for field in FIELDS if field in request.POST}
    try:
        who = applicant.parse(typed)
        client = admit(request, rules.REGISTER_START, identifiers.digest(who.address))
        sent = registration.start(client=client, applicant=who)
    except Refusal as refusal:
        return _form(request, typed, refusal)
    return _code(request, _shown(sent))


@form_or_post
def verify(request: HttpRequest) -> HttpResponse:
    """`/verify-otp/`: type the code; the right one makes the account."""
    typed = _carried(request)
    if not typed["registration"]:
        return render(request, "pages/no_registration.html")
    otp = "".join(request.POST.get("otp", "").split())
    try:
        username = applicant.chosen_username(request.POST.get("username"))
        client = admit(request, rules.REGISTER_CONFIRM)
        registration.confirm(
            client=client, registration=typed["registration"], otp=otp, username=username, sign_in=False
        )
    except Refusal as refusal:
        kept = otp if isinstance(refusal, UsernameTaken | Invalid) else ""
        return _code(request, {**typed, "otp": kept}, refusal)
    return HttpResponseRedirect("/welcome/", status=303)


@form_or_post
def resend(request: HttpRequest) -> HttpResponse:
    """`/resend-otp/`: another code in place of the old."""
    typed = _carried(request)
    if not typed["registration"]:
        return render(request, "pages/no_registration.html")
    try:
        client = admit(request, rules.REGISTER_RESEND)
        sent = registration.resend(client=client, registration=typed["registration"])
    except Refusal as refusal:
        return _code(request, typed, refusal)
    return _code(request, {**_shown(sent), "resent": True})


@require_safe
def welcome(request: HttpRequest) -> HttpResponse:
    """`/welcome/`: the account is there."""
    return render(request, "pages/welcome.html")


def _form(request: HttpRequest, typed: dict[str, str], refusal: Refusal | None = None) -> HttpResponse:
    by_sms = typed.get("channel") == "sms" and "sms" in settings.CHANNELS
    wanted = ["phone_number" if by_sms else "email", *settings.SIGNUP_FIELDS]
    fields = [name for name in ("email", "phone_number", "username", "full_name") if name in wanted]
    context = {
        "fields": [_field(name, typed, refusal) for name in fields],
        "password": _field("password", {}, refusal),
        "by_sms": by_sms,
        "sms_offered": "sms" in settings.CHANNELS,
        "min_length": settings.PASSWORD_MIN_LENGTH,
        **_alert(refusal),
    }
    return _page(request, "pages/register.html", context, refusal)


def _code(request: HttpRequest, shown: dict[str, Any], refusal: Refusal | None = None) -> HttpResponse:
    now = int(timezone.now().timestamp())
    context = {
        **shown,
        "minutes": -(-shown["expires_in"] // 60),
        "expires_at": now + shown["expires_in"],
        "resend_at": now + shown["resend_in"],
        "over": isinstance(refusal, OVER),
        "done": isinstance(refusal, AlreadyUsed),
        "name_taken": isinstance(refusal, UsernameTaken | Invalid),
        "attempts_left": refusal.attempts_left if refusal else None,
        "retry_after": refusal.retry_after if refusal else None,
        **_alert(refusal),
    }
    return _page(request, "pages/verify.html", context, refusal)


def _page(request: HttpRequest, template: str, context: dict[str, Any], refusal: Refusal | None) -> HttpResponse:
    status = PROBLEMS[refusal.code].status if refusal else 200
    response = render(request, template, context, status=status)
    for name, value in waiting(refusal).items():
        response[name] = value
    return response


def _alert(refusal: Refusal | None) -> dict[str, Any]:
    if refusal is None:
        return {}
    words = PROBLEMS[refusal.code].detail
    if isinstance(refusal, Invalid):
        words = " ".join(error.message for errors in refusal.fields.values() for error in errors)
    return {"alert": words, "alert_code": refusal.code, "invalid": isinstance(refusal, Invalid)}


def _field(name: str, typed: dict[str, str], refusal: Refusal | None) -> dict[str, Any]:
    """What the template needs of one field; the first that is wrong gets the focus."""
    wrong = refusal.fields if isinstance(refusal, Invalid) else {}
    if isinstance(refusal, UsernameTaken) and name == "username":
        wrong = {"username": []}
    first = next((field for field in (*FIELDS,) if field in wrong), None)
    return {
        "name": name,
        "value": typed.get(name, ""),
        "wrong": name in wrong,
        "errors": [error.message for error in wrong.get(name, [])],
        "focus": name == first if first else name in ("email", "phone_number"),
    }


def _shown(sent: Sent) -> dict[str, Any]:
    return {
        "registration": sent.registration,
        "address": sent.address,
        "channel": sent.channel,
        "expires_in": sent.standing.code_expires_in,
        "resend_in": sent.standing.resend_in,
        "resends_left": sent.standing.resends_left,
    }


def _carried(request: HttpRequest) -> dict[str, Any]:
    """What the form carries from page to page. All but the registration is for show, and never trusted."""
    now = int(timezone.now().timestamp())
    expires_at, resend_at = (_whole(request.POST.get(name, "")) for name in ("expires_at", "resend_at"))
    return {
        "expires_in": max(0, expires_at - now),
        "resend_in": max(0, resend_at - now),
        "registration": request.POST.get("registration", ""),
        "address": request.POST.get("address", "")[:254],
        "channel": "sms" if request.POST.get("channel") == "sms" else "email",
    }


def _whole(text: str) -> int:
    """A moment in whole seconds; 0 for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else 0
