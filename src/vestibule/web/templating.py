"""The rendering of our pages. Their context comes with them, so that no project has to name a context processor."""

from collections.abc import Mapping
from typing import Any

from django import shortcuts
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language, get_language_bidi

from vestibule.conf import conf
from vestibule.web.accent import accent_stylesheet_url
from vestibule.web.destination import NEXT, RETURN_TO, read_destination
from vestibule.web.headers import allow_forms_to
from vestibule.web.language import offered_languages
from vestibule.web.routes import is_ours


def render(
    request: HttpRequest, template: str, context: Mapping[str, Any] | None = None, status: int | None = None
) -> HttpResponse:
    """Return the page of this template."""
    return shortcuts.render(request, template, {**page_context(request), **(context or {})}, status=status)


def render_in_flow(
    request: HttpRequest, template: str, context: Mapping[str, Any], status: int | None = None
) -> HttpResponse:
    """Return a page that a destination goes through. Its forms may lead there."""
    destination = read_destination(request)
    response = render(request, template, {"destination": destination, **context}, status)
    return allow_forms_to(response, [destination.form_origin] if destination and destination.form_origin else [])


def page_context(request: HttpRequest) -> dict[str, Any]:
    """Return the brand, the language and which others may be picked, what is switched on, and this page's address
    without a token."""
    language, offered = get_language() or settings.LANGUAGE_CODE, offered_languages()
    return {
        "brand": conf.brand,
        "accent_stylesheet": accent_stylesheet_url(),
        "language": language,
        "direction": "rtl" if get_language_bidi() else "ltr",
        "language_name": offered.get(language, ""),
        "languages": [*offered.items()],
        "here": url_of_page(request) if is_ours(request) else "",  # what is nowhere is not repeated
        "mailbox": conf.mailbox,
        "magic_link": conf.magic_link,
        "nonce": getattr(request, "csp_nonce", ""),
        "without_token": url_without_token(request),
    }


def url_without_token(request: HttpRequest) -> str:
    """Return the address of this page without the token, or "" if it has none. Of the destination it holds what is
    allowed."""
    return url_of_page(request) if request.method != "POST" and "token" in request.GET else ""


def url_of_page(request: HttpRequest) -> str:
    """Return the address under which a GET shows this page again. It holds no token, which a cookie keeps
    (`pages.link_token`); of the destination it holds what is allowed."""
    rest = request.GET.copy()
    for name in ("token", RETURN_TO, NEXT):
        rest.pop(name, None)
    if destination := read_destination(request):
        rest[destination.field] = destination.url
    return f"{request.path}?{rest.urlencode()}" if rest else request.path
