"""Who must show that they are a person: when, and by whose captcha."""

from urllib.parse import urlsplit

from vestibule.guards import rules, vendors
from vestibule.settings.place import ALLOWED_HOSTS, FRONTEND_URL, HOST, env
from vestibule.settings.web import CORS_ALLOWED_ORIGINS
from vestibule.settings.wiring import CONTENT_SECURITY_POLICY

CAPTCHAS = {
    "register": env.str("CAPTCHA_REGISTER", default=rules.CAPTCHAS["register"]),
    "login": env.str("CAPTCHA_LOGIN", default=rules.CAPTCHAS["login"]),
    "password_reset": env.str("CAPTCHA_PASSWORD_RESET", default=rules.CAPTCHAS["password_reset"]),
}
CAPTCHA_PROVIDER = env.str("CAPTCHA_PROVIDER", default=vendors.OURS)
CAPTCHA_SITE_KEY = env.str("CAPTCHA_SITE_KEY", default="")
CAPTCHA_SECRET_KEY = env.str("CAPTCHA_SECRET_KEY", default="")
CAPTCHA_VERIFY_URL = env.str("CAPTCHA_VERIFY_URL", default="")
# PBKDF2 rounds of one try; 256 tries are expected. Measured: docs/decisions/0020.
CAPTCHA_COST = env.int("CAPTCHA_COST", default=10_000)
# Where a vendor's widget may have been solved.
CAPTCHA_HOSTS = {HOST, *ALLOWED_HOSTS, *(urlsplit(url).hostname for url in (FRONTEND_URL, *CORS_ALLOWED_ORIGINS))}

# The one vendor that is asked may run in our pages, and no other.
if CAPTCHA_PROVIDER in vendors.VENDORS and set(CAPTCHAS.values()) != {rules.NEVER}:
    for _directive, _sources in vendors.VENDORS[CAPTCHA_PROVIDER].sources.items():
        CONTENT_SECURITY_POLICY["DIRECTIVES"].setdefault(_directive, []).extend(_sources)
