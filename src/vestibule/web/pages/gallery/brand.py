"""Pages with everything that an operator may set, with some of it, and with what is on here switched off."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.templatetags.static import static

from vestibule.conf import conf
from vestibule.kernel.brand import BrandSettings
from vestibule.web.pages.gallery.examples import ADA_EMAIL
from vestibule.web.pages.gallery.sign_in import login_context
from vestibule.web.pages.gallery.sign_up import form_context
from vestibule.web.pages.gallery.state import State

_SITE = "https://www.example.com"


def brand_states() -> Iterator[State]:
    """Yield the states of these pages, whatever the brand of this service is."""
    plain = BrandSettings(brand_name=conf.brand.name, brand_color=conf.brand.color).describe_brand(locate=str)
    icon = static("vestibule/pages/icon.svg")
    terms, privacy = replace(plain, terms_url=f"{_SITE}/terms"), replace(plain, privacy_url=f"{_SITE}/privacy")
    full = replace(
        plain,
        logo_url=icon,
        logo_dark_url=icon,
        favicon_url=icon,
        stylesheet_url=static("vestibule/pages/captcha.css"),
        terms_url=terms.terms_url,
        privacy_url=privacy.privacy_url,
        imprint_url=f"{_SITE}/imprint",
        footer_text="Example Ltd · 12 St James Square · London",
        support_email=ADA_EMAIL.value,
    )
    shown: dict[str, Any] = {
        "plain": plain,
        "terms": terms,
        "privacy": privacy,
        "logo": replace(plain, logo_url=icon),
        "full": full,
    }
    for name, brand in shown.items():
        yield State(name=f"register-{name}", template="register", context=form_context(brand=brand))
        yield State(name=f"login-{name}", template="login", context=login_context(brand=brand))
    without = {"mailbox": False, "magic_link": False, "languages": [], "language_name": ""}
    yield State(name="login-without-email-link", template="login", context=login_context(**without))
