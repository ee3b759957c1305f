"""The supported captcha vendors, as they document themselves: where an answer is verified, and what a widget needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

ALTCHA = "altcha"  # our own proof of work, without a vendor


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """A vendor. `field` is the form field that its widget fills in, `widget` the CSS class of the element that it
    replaces, `sources` what it needs in a Content-Security-Policy, by directive."""

    verify_url: str
    script: str
    widget: str
    field: str
    sources: Mapping[str, tuple[str, ...]]


VENDORS: Mapping[str, Vendor] = MappingProxyType(
    {
        # developers.cloudflare.com/turnstile/get-started/server-side-validation, /reference/content-security-policy
        "turnstile": Vendor(
            verify_url="https://challenges.cloudflare.com/turnstile/v0/siteverify",
            script="https://challenges.cloudflare.com/turnstile/v0/api.js",
            widget="cf-turnstile",
            field="cf-turnstile-response",
            sources={
                "script-src": ("https://challenges.cloudflare.com",),
                "frame-src": ("https://challenges.cloudflare.com",),
            },
        ),
        # docs.hcaptcha.com: asset hosts vary, and must not be named one by one
        "hcaptcha": Vendor(
            verify_url="https://api.hcaptcha.com/siteverify",
            script="https://js.hcaptcha.com/1/api.js",
            widget="h-captcha",
            field="h-captcha-response",
            sources=dict.fromkeys(
                ("script-src", "frame-src", "style-src", "connect-src"),
                ("https://hcaptcha.com", "https://*.hcaptcha.com"),
            ),
        ),
        # developers.google.com/recaptcha/docs/verify, /docs/faq (Content-Security-Policy)
        "recaptcha": Vendor(
            verify_url="https://www.google.com/recaptcha/api/siteverify",
            script="https://www.google.com/recaptcha/api.js",
            widget="g-recaptcha",
            field="g-recaptcha-response",
            sources={
                "script-src": ("https://www.google.com/recaptcha/", "https://www.gstatic.com/recaptcha/"),
                "frame-src": ("https://www.google.com/recaptcha/", "https://recaptcha.google.com/recaptcha/"),
            },
        ),
    }
)
