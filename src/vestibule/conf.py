"""The library's settings: the dict `VESTIBULE` of a Django project, checked and typed, read when something is needed.

    from vestibule.conf import conf

    conf.otp_ttl  # of VESTIBULE = {"OTP_TTL": timedelta(minutes=5)}, or the default

A key is the name of a field of `Settings` in capitals (docs/settings.md). What is Django's own (databases, the secret
key, e-mail) stands in Django's settings. Nothing is read at import. `override_settings` and its
like are followed, but by what a process makes once: the challenge engine and the hashing threads.
"""

import difflib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, cached_property, partial
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Literal, cast, get_type_hints
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from vestibule.kernel import hosts
from vestibule.kernel.access_rules import AccessRule
from vestibule.kernel.brand import Brand, BrandSettings, find_brand_problem, is_static_name
from vestibule.kernel.cookie_names import CookieNames
from vestibule.kernel.linked_pages import LINKED_PAGES, LinkedPage
from vestibule.kernel.sealing import KeyRing
from vestibule.kernel.type_hints import Bounds, find_mistake
from vestibule.storage.lazy_import import import_when_used

static_files = import_when_used("django.templatetags.static")
CaptchaWord = Literal["never", "suspicious", "always"]
RegistrationMode = Literal["deferred", "pending"]
PasswordPolicy = Literal["required", "optional"]


@dataclass(frozen=True, kw_only=True, repr=False)  # no repr: some of it is secret
class Settings(CookieNames, BrandSettings):
    """Every setting of the library, and what follows from them."""

    # Where it is reached, and who stands in front of it.
    base_url: str = "http://localhost:8000"
    frontend_url: str = ""  # where the links in mails open; empty: the hosted pages
    frontend_pages: tuple[LinkedPage, ...] = LINKED_PAGES  # which of them the front end has; the others are hosted
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    csp_report_url: str = ""
    metrics_token: str = ""

    # Where it keeps its things, beside Django's database and file storage.
    var_dir: Path = Path("var")  # holds the development mailbox
    redis_url: str = ""  # empty: rates are counted in this process, challenges are kept in the database
    challenge_store: Literal["database", "redis"] = "database"
    outbox_waker: str = ""  # dotted path of what wakes a worker; empty: the thread of `vestibule serve`

    # Sign-up and passwords.
    registration_mode: RegistrationMode = "deferred"  # of the pages; the API has both
    signup_fields: tuple[str, ...] = ()  # names of `accounts.fields`, or `device`
    enumeration_protection: bool = True
    link_binding: bool = True
    pending_ttl: timedelta = timedelta(hours=72)
    passwords: PasswordPolicy = "required"  # whether an account must have one
    password_min_length: int = 12
    password_breach_url: str = ""
    password_breach_file: Path | None = None
    hashing_slots: int = field(default_factory=lambda: os.cpu_count() or 1)  # password hashes at once in a process
    places: int = 0  # requests that do expensive work or wait for it; 0: 16 more than there are slots

    # Ways in beside the password.
    magic_link: bool = True  # whether a mailed link or code signs in
    mfa_sms: bool = False  # whether a code by SMS may stand in for a second factor
    mfa_required_roles: tuple[str, ...] = ("admin", "manager")  # nothing but enrolment is open to them without one
    passkey_origins: tuple[str, ...] = ()  # beside those of base_url and frontend_url

    # Other providers that people come from (docs/social.md): what `identities.providers` reads, by the provider's id.
    social: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    social_linking: Literal["prove", "authoritative"] = "prove"
    social_keep_tokens: bool = False
    return_urls: tuple[str, ...] = ()  # sites beside frontend_url to which a browser may be sent back

    # Applications that people sign in to from here (docs/openid.md).
    oauth_scopes: Mapping[str, str] = field(default_factory=dict)  # of the operator's own, with words for people
    oauth_resources: tuple[str, ...] = ()  # APIs that any application may ask tokens for (RFC 8707)
    oauth_client_documents: bool = False  # whether a client id may be the URL of a document (docs/mcp.md)
    oauth_registration: Literal["off", "token", "open"] = "off"  # who may register an application (RFC 7591)
    oauth_registration_token: str = ""  # the initial access token that "token" wants
    auth_check_domain: str = ""  # whose hosts a proxy guards by a cookie; empty: that of base_url alone
    auth_check_rules: tuple[AccessRule, ...] = ()  # who may pass a proxy that asks us (docs/proxy.md); empty: everybody

    # Codes and links.
    otp_ttl: timedelta = timedelta(minutes=10)
    otp_link_ttl: timedelta = timedelta(hours=6)
    otp_cooldowns: tuple[timedelta, ...] = (timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=5))

    # Sessions and tokens.
    jwt_issuer: str = ""  # empty: base_url
    jwt_audience: str = ""  # empty: base_url
    jwt_access_ttl: timedelta = timedelta(minutes=10)
    jwt_refresh_idle: timedelta = timedelta(days=14)
    jwt_refresh_absolute: timedelta = timedelta(days=90)
    refresh_grace: timedelta = timedelta(seconds=10)  # a lost answer or a second tab
    sessions_per_person: int = 20
    page_session: timedelta = timedelta(hours=24)  # of the hosted pages
    page_idle: timedelta = timedelta(hours=1)
    page_stay: timedelta = timedelta(days=30)  # "stay signed in"
    staff_session: timedelta = timedelta(hours=12)  # of an admin or manager, on the pages and by token
    staff_idle: timedelta = timedelta(minutes=15)
    step_up: timedelta = timedelta(minutes=10)

    # Rates in words by the names of `limits.rules`: {"login": "5/minute", "register_start_overall": ""}.
    rates: Mapping[str, str] = field(default_factory=dict)

    # Captchas.
    captcha_register: CaptchaWord = "never"
    captcha_login: CaptchaWord = "never"
    captcha_password_reset: CaptchaWord = "never"  # noqa: S105 - no password
    captcha_provider: Literal["altcha", "turnstile", "hcaptcha", "recaptcha"] = "altcha"
    captcha_site_key: str = ""
    captcha_secret_key: str = ""
    captcha_verify_url: str = ""  # empty: the vendor's own
    captcha_cost: int = 10_000  # PBKDF2 rounds of one try; 256 tries are expected (docs/decisions/0020)
    captcha_hosts: tuple[str, ...] = ()  # hosts beside that of base_url where a widget may have been solved

    # What it writes to people, beside the brand.
    mailbox: bool = False  # whether mails and texts end on the page /dev/mailbox/
    bounce_silence: timedelta = timedelta(days=7)
    sms_gateway: str = ""  # dotted path of a function `(id, to, rendered)`; empty: no SMS
    sms_countries: tuple[str, ...] = ()  # ISO 3166, or `*` for all
    twilio_account_sid: str = ""
    twilio_auth_token: str = ""
    twilio_from: str = ""
    twilio_messaging_service_sid: str = ""
    twilio_api_url: str = "https://api.twilio.com"

    # The audit log.
    audit_kept: timedelta = timedelta(days=365)
    audit_addresses_kept: timedelta = timedelta(days=90)

    # Django's: the newest secret first.
    secret_keys: tuple[str, ...]

    def __post_init__(self) -> None:
        """Fill in what follows from other settings where it is not given."""
        object.__setattr__(self, "places", self.places or self.hashing_slots + 16)
        object.__setattr__(self, "jwt_issuer", self.jwt_issuer or self.base_url)
        object.__setattr__(self, "jwt_audience", self.jwt_audience or self.base_url)

    @cached_property
    def keys(self) -> KeyRing:
        """Keyed digests and sealing, under Django's SECRET_KEY and SECRET_KEY_FALLBACKS."""
        return KeyRing(self.secret_keys)

    @cached_property
    def https(self) -> bool:
        """Whether clients come by TLS."""
        return self.base_url.startswith("https://")

    @cached_property
    def host(self) -> str:
        """The host of base_url, in ASCII."""
        return hosts.normalize_host(urlsplit(self.base_url).hostname or "")

    @cached_property
    def mail_domain(self) -> str:
        """The same as the domain of an e-mail address."""
        return hosts.mail_domain(self.host)

    @cached_property
    def brand(self) -> Brand:
        """The brand, for pages: static files are named by their path."""
        return self.describe_brand(self._locate_file)

    @cached_property
    def mail_brand(self) -> Brand:
        """The brand, for mails: static files are named by their whole address."""
        return self.describe_brand(partial(self._locate_file, site=self.base_url))

    def _locate_file(self, name: str, site: str = "") -> str:
        return urljoin(f"{site}/", static_files.static(name)) if is_static_name(name) else name

    @cached_property
    def return_origins(self) -> frozenset[str]:
        """The origins to which a browser may be sent back: those of frontend_url and return_urls."""
        return frozenset(hosts.url_origin(urlsplit(url)) for url in (self.frontend_url, *self.return_urls) if url)

    @property
    def channels(self) -> tuple[str, ...]:
        """How codes may reach a person."""
        return ("email", "sms") if self.sms_gateway else ("email",)

    @property
    def captchas(self) -> dict[str, CaptchaWord]:
        """What a captcha may guard, and when it does."""
        return {
            "register": self.captcha_register,
            "login": self.captcha_login,
            "password_reset": self.captcha_password_reset,
        }


_HINTS = {name: hint for name, hint in get_type_hints(Settings).items() if name != "secret_keys"}
# Every key of VESTIBULE.
NAMES = frozenset(name.upper() for name in _HINTS)
_LONG = timedelta(seconds=2**31 - 1)
_MOMENT, _DAY = timedelta(seconds=1), timedelta(days=1)
# What no deployment may go beyond (SP 800-63B-4, 3.1.1.2 and 3.1.3.2; docs/settings.md): each number and each time.
_BOUNDS: dict[str, Bounds] = {
    **dict.fromkeys((name for name, hint in _HINTS.items() if hint is timedelta), (_MOMENT, _LONG)),
    "password_min_length": (8, 64),
    "hashing_slots": (1, 1024),
    "places": (0, 10_000),
    "sessions_per_person": (1, 10_000),
    "captcha_cost": (1, 1_000_000),
    "otp_ttl": (_MOMENT, timedelta(minutes=10)),
    "otp_cooldowns": (timedelta(0), _DAY),
    "jwt_access_ttl": (_MOMENT, _DAY),
    "refresh_grace": (timedelta(0), timedelta(minutes=1)),
    "bounce_silence": (timedelta(0), timedelta(days=30)),
    "audit_kept": (_DAY, timedelta(days=3650)),
    "audit_addresses_kept": (_DAY, timedelta(days=3650)),
}


def read_settings(source: Any) -> Settings:
    """The library's settings in those of a Django project, which has them as attributes.

    Raises:
        ImproperlyConfigured: VESTIBULE has an unknown name, or a value of a wrong type or beyond its bounds.
    """
    if problems := [" ".join(each) for each in find_problems(source)]:
        raise ImproperlyConfigured(" ".join(problems))
    values = {name.lower(): _as_tuple(value) for name, value in getattr(source, "VESTIBULE", {}).items()}
    return Settings(**values, secret_keys=(source.SECRET_KEY, *source.SECRET_KEY_FALLBACKS))


def find_problems(source: Any) -> Iterator[tuple[str, str]]:
    """Yield each problem that prevents these settings from being read, with its remedy. No value of text is told, since
    it may be secret."""
    given = getattr(source, "VESTIBULE", {})
    if not isinstance(given, Mapping):
        yield "VESTIBULE is no dict.", 'Write VESTIBULE = {"BASE_URL": "https://example.com"}.'
        return
    for name, value in given.items():
        if name not in NAMES:
            near = difflib.get_close_matches(str(name).upper(), NAMES, 1)
            remedy = f"Did you mean {near[0]}?" if near else "docs/settings.md has the list of what there is."
            yield f"VESTIBULE has no setting {name!r}.", remedy
        elif problem := _find_problem(name.lower(), _as_tuple(value)):
            yield f"VESTIBULE[{name!r}] is {problem[0]}.", f"It must be {problem[1]}."


def _find_problem(name: str, value: Any) -> tuple[str, str] | None:
    found = find_mistake(value, _HINTS[name], _BOUNDS.get(name))
    if name.startswith("brand_") and not found:
        return find_brand_problem(name, value)
    is_site = name.endswith(("_url", "_urls")) and name != "redis_url"
    sites = value if isinstance(value, tuple) else (value,)
    if found or not is_site or value == getattr(Settings, name) or all(map(hosts.is_http_url, sites)):
        return found
    return "no absolute URL, or ends with a slash", "like https://example.com"


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | set | frozenset) else value


@cache
def _current_settings() -> Settings:
    return read_settings(settings)


class _CurrentSettings:
    """Reads each attribute from the settings of the project when it is first asked for, and keeps it until one of them
    changes: a request asks for some forty."""

    def __getattr__(self, name: str) -> Any:
        value = self.__dict__[name] = getattr(_current_settings(), name)
        return value


def _forget_settings(**_: Any) -> None:
    _current_settings.cache_clear()
    vars(conf).clear()


setting_changed.connect(_forget_settings)
conf = cast(Settings, _CurrentSettings())
