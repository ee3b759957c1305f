"""The captchas of others, as they document them: where an answer is checked, and what their widget needs of a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

ALTCHA = "altcha"  # needs nobody else


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """One of them. `field` is the form field that their widget fills in; `widget`, the class of the element that it
    takes the place of; `sources`, what it adds to a Content-Security-Policy, by directive."""

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
