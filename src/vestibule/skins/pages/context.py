"""What every page knows: the brand, and where help is."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def house(request: HttpRequest) -> dict[str, Any]:
    """The context of every template."""
    return {"brand": settings.BRAND, "mailbox": settings.MAILBOX, "nonce": getattr(request, "csp_nonce", "")}
