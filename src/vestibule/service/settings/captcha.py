"""Settings of captchas: when one is required, and from which provider."""

from urllib.parse import urlsplit

from vestibule.captcha import vendors
from vestibule.limits import rules
from vestibule.service.settings.deployment import ALLOWED_HOSTS, FRONTEND_URL, env
from vestibule.service.settings.django_wiring import CONTENT_SECURITY_POLICY
from vestibule.service.settings.web import CORS_ALLOWED_ORIGINS


def _read_word(name: str) -> str:
    return env.read_choice(name, (rules.NEVER, rules.SUSPICIOUS, rules.ALWAYS), default=rules.NEVER, id="E022")


CAPTCHA_REGISTER = _read_word("CAPTCHA_REGISTER")
CAPTCHA_LOGIN = _read_word("CAPTCHA_LOGIN")
CAPTCHA_PASSWORD_RESET = _read_word("CAPTCHA_PASSWORD_RESET")
CAPTCHA_PROVIDER = env.read_choice(
    "CAPTCHA_PROVIDER", (vendors.ALTCHA, *vendors.VENDORS), default=vendors.ALTCHA, id="E020"
)
CAPTCHA_SITE_KEY = env.read_text("CAPTCHA_SITE_KEY")
CAPTCHA_SECRET_KEY = env.read_secret("CAPTCHA_SECRET_KEY")
CAPTCHA_VERIFY_URL = env.read_url("CAPTCHA_VERIFY_URL")
# PBKDF2 rounds of one try; 256 tries are expected. Measured: docs/decisions/0020.
CAPTCHA_COST = env.read_number("CAPTCHA_COST", default=10_000, least=1, most=1_000_000, id="E023")
# Other hosts than ours on which a vendor's widget may have been solved.
CAPTCHA_HOSTS = {*ALLOWED_HOSTS, *(urlsplit(url).hostname or "" for url in (FRONTEND_URL, *CORS_ALLOWED_ORIGINS))}

# The Content-Security-Policy of our pages allows only the configured vendor.
if CAPTCHA_PROVIDER in vendors.VENDORS and {CAPTCHA_REGISTER, CAPTCHA_LOGIN, CAPTCHA_PASSWORD_RESET} != {rules.NEVER}:
    for _directive, _sources in vendors.VENDORS[CAPTCHA_PROVIDER].sources.items():
        CONTENT_SECURITY_POLICY["DIRECTIVES"].setdefault(_directive, []).extend(_sources)
