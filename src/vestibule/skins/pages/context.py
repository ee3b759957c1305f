"""What every page knows: the brand, where help is, and its own address."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from vestibule.skins.pages.link_token import without_token


def house(request: HttpRequest) -> dict[str, Any]:
    """The context of every template."""
    return {
        "brand": settings.BRAND,
        "mailbox": settings.MAILBOX,
        "nonce": getattr(request, "csp_nonce", ""),
        "without_token": without_token(request),
    }
