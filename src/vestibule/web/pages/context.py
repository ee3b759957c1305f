"""The template context of every page."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language

from vestibule.conf import conf
from vestibule.web.pages.link_token import url_without_token


def site_context(request: HttpRequest) -> dict[str, Any]:
    """Return the brand, the language, and this page's address without a token."""
    return {
        "brand": conf.brand,
        "language": get_language(),
        "mailbox": conf.mailbox,
        "nonce": getattr(request, "csp_nonce", ""),
        "without_token": url_without_token(request),
    }
