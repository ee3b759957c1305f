"""`/device/`: a person types the code that a device shows, and lets it in, or not (RFC 8628, 3.3)."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from vestibule.applications.device_codes import format_user_code
from vestibule.flows.applications.device_authorization import PendingDevice, answer_device, claim_device
from vestibule.kernel.client import Client
from vestibule.kernel.errors import Refusal
from vestibule.web.pages.rendering import render_page
from vestibule.web.pages.session_cookie import signed_in_only
from vestibule.web.scope_words import describe_scopes

_ANSWERS = {"allow": True, "cancel": False}


@signed_in_only
def let_device_in(request: HttpRequest, client: Client) -> HttpResponse:
    """`/device/`: first the code, then one form with two buttons. What a link fills in is sent by a button, too."""
    if request.method != "POST":
        return _code_page(request, request.GET.get("user_code", ""))
    typed = request.POST.get("user_code", "")
    allows = _ANSWERS.get(request.POST.get("answer", ""))
    try:
        if allows is None:
            return _device_page(request, typed, claim_device(client=client, user_code=typed))
        return _device_page(request, typed, answer_device(client=client, user_code=typed, allows=allows))
    except Refusal as refusal:
        return _code_page(request, typed, refusal)


def _code_page(request: HttpRequest, typed: str, refusal: Refusal | None = None) -> HttpResponse:
    """Return the page that asks for the code. Of what a link says it shows a code, and no other text."""
    return render_page(request, "vestibule/pages/device_code.html", {"user_code": format_user_code(typed)}, refusal)


def _device_page(request: HttpRequest, typed: str, device: PendingDevice) -> HttpResponse:
    context: dict[str, Any] = {
        "application": device.application,
        "scopes": describe_scopes(device.scope),
        "account": device.user.email or device.user.username or device.user.phone_number,
        "user_code": format_user_code(typed),
        "is_allowed": device.is_allowed,
    }
    template = "device_consent" if device.is_allowed is None else "device_done"
    return render_page(request, f"vestibule/pages/{template}.html", context)
