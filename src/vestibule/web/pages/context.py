"""The template context of every page."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

from vestibule.web.pages.link_token import url_without_token


def site_context(request: HttpRequest) -> dict[str, Any]:
    """Return the brand, the language, and this page's address without a token."""
    return {
        "brand": settings.BRAND,
        "language": get_language(),
        "mailbox": settings.MAILBOX,
        "nonce": getattr(request, "csp_nonce", ""),
        "without_token": url_without_token(request),
    }
