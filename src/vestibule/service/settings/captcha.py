"""Settings of captchas: when one is required, and from which provider."""

from urllib.parse import urlsplit

from vestibule.captcha import vendors
from vestibule.limits import rules
from vestibule.service.settings.deployment import ALLOWED_HOSTS, FRONTEND_URL, HOST, env
from vestibule.service.settings.django_wiring import CONTENT_SECURITY_POLICY
from vestibule.service.settings.web import CORS_ALLOWED_ORIGINS

CAPTCHAS = {
    what: env.read_choice(
        f"CAPTCHA_{what.upper()}", (rules.NEVER, rules.SUSPICIOUS, rules.ALWAYS), default=word, id="E022"
    )
    for what, word in rules.CAPTCHAS.items()
}
CAPTCHA_PROVIDER = env.read_choice(
    "CAPTCHA_PROVIDER", (vendors.ALTCHA, *vendors.VENDORS), default=vendors.ALTCHA, id="E020"
)
CAPTCHA_SITE_KEY = env.read_text("CAPTCHA_SITE_KEY")
CAPTCHA_SECRET_KEY = env.read_secret("CAPTCHA_SECRET_KEY")
CAPTCHA_VERIFY_URL = env.read_url("CAPTCHA_VERIFY_URL")
# PBKDF2 rounds of one try; 256 tries are expected. Measured: docs/decisions/0020.
CAPTCHA_COST = env.read_number("CAPTCHA_COST", default=10_000, least=1, most=1_000_000, id="E023")
# Hosts on which a vendor's widget may have been solved.
CAPTCHA_HOSTS = {HOST, *ALLOWED_HOSTS, *(urlsplit(url).hostname for url in (FRONTEND_URL, *CORS_ALLOWED_ORIGINS))}

# The Content-Security-Policy of our pages allows only the configured vendor.
if CAPTCHA_PROVIDER in vendors.VENDORS and set(CAPTCHAS.values()) != {rules.NEVER}:
    for _directive, _sources in vendors.VENDORS[CAPTCHA_PROVIDER].sources.items():
        CONTENT_SECURITY_POLICY["DIRECTIVES"].setdefault(_directive, []).extend(_sources)
