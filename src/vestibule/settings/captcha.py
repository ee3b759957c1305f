"""Who must show that they are a person: when, and by whose captcha."""

from urllib.parse import urlsplit

from vestibule.guards import rules, vendors
from vestibule.settings.place import ALLOWED_HOSTS, FRONTEND_URL, HOST, env
from vestibule.settings.web import CORS_ALLOWED_ORIGINS
from vestibule.settings.wiring import CONTENT_SECURITY_POLICY

CAPTCHAS = {
    what: env.word(f"CAPTCHA_{what.upper()}", (rules.NEVER, rules.SUSPICIOUS, rules.ALWAYS), default=word, id="E022")
    for what, word in rules.CAPTCHAS.items()
}
CAPTCHA_PROVIDER = env.word("CAPTCHA_PROVIDER", (vendors.OURS, *vendors.VENDORS), default=vendors.OURS, id="E020")
CAPTCHA_SITE_KEY = env.text("CAPTCHA_SITE_KEY")
CAPTCHA_SECRET_KEY = env.secret("CAPTCHA_SECRET_KEY")
CAPTCHA_VERIFY_URL = env.url("CAPTCHA_VERIFY_URL")
# PBKDF2 rounds of one try; 256 tries are expected. Measured: docs/decisions/0020.
CAPTCHA_COST = env.number("CAPTCHA_COST", default=10_000, least=1, most=1_000_000, id="E023")
# Where a vendor's widget may have been solved.
CAPTCHA_HOSTS = {HOST, *ALLOWED_HOSTS, *(urlsplit(url).hostname for url in (FRONTEND_URL, *CORS_ALLOWED_ORIGINS))}

# The one vendor that is asked may run in our pages, and no other.
if CAPTCHA_PROVIDER in vendors.VENDORS and set(CAPTCHAS.values()) != {rules.NEVER}:
    for _directive, _sources in vendors.VENDORS[CAPTCHA_PROVIDER].sources.items():
        CONTENT_SECURITY_POLICY["DIRECTIVES"].setdefault(_directive, []).extend(_sources)
