"""The only reader of the environment: everything configurable, embedded by default (docs/settings.md).

With nothing set the service runs whole on SQLite in `var/`; DATABASE_URL and REDIS_URL make it stateless.
"""

import os
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from redis.backoff import NoBackoff
from redis.retry import Retry

from vestibule import logs
from vestibule.challenges.policy import Numbers
from vestibule.guards import rates, rules
from vestibule.kernel import entropy
from vestibule.kernel.sealing import Keys
from vestibule.wiring import *  # noqa: F403 - Django reads one module

env = environ.Env()
environ.Env.read_env(".env", overwrite=False)

# --- Where things are -------------------------------------------------------------------------------------------------

HERE = Path(__file__).resolve().parent
VAR = Path(env.str("VAR_DIR", default="var")).resolve()
VAR.mkdir(parents=True, exist_ok=True)
PORT = env.int("PORT", default=8000)
BASE_URL = env.str("BASE_URL", default=f"http://localhost:{PORT}").rstrip("/")
HOST = urlsplit(BASE_URL).hostname or ""
FRONTEND_URL = env.str("FRONTEND_URL", default="").rstrip("/")
HTTPS = BASE_URL.startswith("https://")
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[HOST, "localhost", "127.0.0.1", "[::1]"])
TRUSTED_PROXIES = [ip_network(text, strict=False) for text in env.list("TRUSTED_PROXIES", default=[])]

# --- Keys -------------------------------------------------------------------------------------------------------------


def _kept_secret(path: Path) -> str:
    """A secret key made at the first start and kept, readable by nobody else."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(entropy.token())
        try:
            os.link(draft, path)  # atomic: of two first starts, one wins
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()


SECRET_KEY_GIVEN = bool(env.str("SECRET_KEY", default=""))
SECRET_KEY = env.str("SECRET_KEY", default="") or _kept_secret(VAR / "secret_key")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
KEYS = Keys([SECRET_KEY, *SECRET_KEY_FALLBACKS])

# --- Stores -----------------------------------------------------------------------------------------------------------

DATABASE_URL = env.str("DATABASE_URL", default="")
REDIS_URL = env.str("REDIS_URL", default="")
REDIS_OPTIONS: dict[str, Any] = {
    "socket_connect_timeout": 1,
    "socket_timeout": 2,
    "retry": Retry(NoBackoff(), 1),  # a connection that went stale is opened again, once
}
CHALLENGE_STORE = env.str("CHALLENGE_STORE", default="redis" if REDIS_URL else "database")
WEB_PROCESSES = env.int("WEB_PROCESSES", default=1)
WEB_THREADS = env.int("WEB_THREADS", default=24)


def _sqlite() -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": VAR / "vestibule.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 5,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
        },
        "TEST": {"NAME": VAR / "test.sqlite3"},
    }


def _postgresql() -> dict[str, Any]:
    database: dict[str, Any] = env.db_url_config(DATABASE_URL)
    # A connection a thread, kept and checked: it fails at once and heals at once, where a pool in between would let
    # each request wait for its own retries (docs/decisions/0007).
    database["CONN_MAX_AGE"] = 600
    database["CONN_HEALTH_CHECKS"] = True
    database["OPTIONS"] = {
        **database.get("OPTIONS", {}),
        "connect_timeout": 2,
        "options": "-c statement_timeout=4000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=10000",
    }
    return database


DATABASES = {"default": _postgresql() if DATABASE_URL else _sqlite()}
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default=REDIS_URL)

# --- The application --------------------------------------------------------------------------------------------------

WHITENOISE_AUTOREFRESH = DEBUG
METRICS_DIR = env.str("PROMETHEUS_MULTIPROC_DIR", default=str(VAR / "metrics") if WEB_PROCESSES > 1 else "")
if METRICS_DIR:  # prometheus_client looks for it when it is first imported, which is after us
    Path(METRICS_DIR).mkdir(parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = METRICS_DIR
LOGGING = logs.config(logs.level(env.str("LOG_LEVEL", default="INFO")))

# --- Headers and cookies ----------------------------------------------------------------------------------------------

SECURE_SSL_REDIRECT = False  # the proxy in front redirects; docs/settings.md
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
# Never a path or a query. `no-referrer` would make browsers send `Origin: null` with our own forms, which the CSRF
# check rightly refuses; answers for machines do carry it (skins.middleware).
SECURE_REFERRER_POLICY = "strict-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
DEVICE_COOKIE_NAME = "__Host-device" if HTTPS else "device"
REGISTRATION_COOKIE_NAME = "__Host-registration" if HTTPS else "registration"
CSRF_FAILURE_VIEW = "vestibule.skins.failures.csrf"
CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=[])
CORS_URLS_REGEX = r"^/api/|^/\.well-known/"
# --- Accounts ---------------------------------------------------------------------------------------------------------

REGISTRATION_MODE = env.str("REGISTRATION_MODE", default="deferred")  # what the pages do; the API has both ways
LINK_BINDING = env.bool("LINK_BINDING", default=True)
PENDING_TTL = timedelta(seconds=env.int("PENDING_TTL", default=72 * 3600))
SIGNUP_FIELDS = env.list("SIGNUP_FIELDS", default=[])
ENUMERATION_PROTECTION = env.bool("ENUMERATION_PROTECTION", default=True)
PASSWORD_MIN_LENGTH = env.int("PASSWORD_MIN_LENGTH", default=12)
# Like https://api.pwnedpasswords.com; empty: no list is asked.
PASSWORD_BREACH_URL = env.str("PASSWORD_BREACH_URL", default="").rstrip("/")
PASSWORD_HASHERS = [
    "vestibule.accounts.passwords.Argon2",
    # What comes from elsewhere is recognised, and hashed anew at the first sign-in.
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
    "django.contrib.auth.hashers.BCryptPasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
HASHING_SLOTS = env.int("HASHING_SLOTS", default=os.cpu_count() or 1)
# Who waits for a hash holds a thread: a quarter of them stays free for whoever wants none.
HASHING_QUEUE = max(0, min(16, WEB_THREADS - max(1, WEB_THREADS // 4) - HASHING_SLOTS))
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "vestibule.accounts.passwords.MinimumLengthValidator",
        "OPTIONS": {"min_length": PASSWORD_MIN_LENGTH},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "username", "full_name")},
    },
]
OTP = Numbers(
    ttl=timedelta(seconds=env.int("OTP_TTL", default=600)),
    link_ttl=timedelta(seconds=env.int("OTP_LINK_TTL", default=6 * 3600)),
    cooldowns=tuple(timedelta(seconds=int(wait)) for wait in env.list("OTP_COOLDOWNS", default=["60", "120", "300"])),
)

# --- Tokens -----------------------------------------------------------------------------------------------------------

JWT_ISSUER = env.str("JWT_ISSUER", default=BASE_URL)
JWT_AUDIENCE = env.str("JWT_AUDIENCE", default=BASE_URL)
JWT_ACCESS_TTL = timedelta(seconds=env.int("JWT_ACCESS_TTL", default=600))
JWT_REFRESH_IDLE = timedelta(seconds=env.int("JWT_REFRESH_IDLE", default=14 * 86400))
JWT_REFRESH_ABSOLUTE = timedelta(seconds=env.int("JWT_REFRESH_ABSOLUTE", default=90 * 86400))
PAGE_SESSION = timedelta(hours=24)  # of the hosted pages; SECURITY's numbers
PAGE_IDLE = timedelta(hours=1)
PAGE_STAY = timedelta(days=30)  # "stay signed in"
SESSIONS_PER_PERSON = env.int("SESSIONS_PER_PERSON", default=20)
STEP_UP = timedelta(minutes=10)
REFRESH_GRACE = timedelta(seconds=10)  # a lost answer or a second tab; SECURITY's number

# --- Rates ------------------------------------------------------------------------------------------------------------


RATE_LIMITS = env.bool("RATE_LIMITS", default=True)  # `off`: no rates at all, for benches and tests


def _rate(name: str, default: str) -> str:
    return env.str(name, default=default) if RATE_LIMITS else ""


RATES = {rule.name: rates.of_rule(rule, _rate) for rule in rules.RULES}
MESSAGES_PER_ADDRESS = {"email": rates.of_cap(rules.MAILS, _rate), "sms": rates.of_cap(rules.TEXTS, _rate)}
MAILS_FROM_NETWORK = rates.of_cap(rules.MAILS_FROM_NETWORK, _rate)
NOTICES_PER_ADDRESS = rates.of_cap(rules.NOTICES, _rate)


def _cost(name: str, default: str) -> str:
    return str(env.str(name, default=default))


SMS_CAPS = {
    "network": rates.of_cap(rules.SMS_NETWORK, _cost),
    "prefix": rates.of_cap(rules.SMS_PREFIX, _cost),
    "total": rates.of_cap(rules.SMS_TOTAL, _cost),
}

# --- Messages ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """How mails and pages present the house."""

    name: str
    color: str
    logo_url: str
    support_email: str


BRAND = Brand(
    name=env.str("BRAND_NAME", default="Vestibule"),
    color=env.str("BRAND_COLOR", default="#3455d1"),
    logo_url=env.str("BRAND_LOGO_URL", default=""),
    support_email=env.str("SUPPORT_EMAIL", default=""),
)
EMAIL_HOST = env.str("EMAIL_HOST", default="")
EMAIL_PORT = env.int("EMAIL_PORT", default=587)
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", default=False)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", default="")
EMAIL_TIMEOUT = 10  # seconds; the lease on a message is longer
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"{BRAND.name} <no-reply@{HOST}>")
# The mailbox page stands in for a transport while none is configured, and does not exist otherwise.
MAILBOX = not EMAIL_HOST and not env.str("EMAIL_BACKEND", default="")
EMAIL_BACKEND = env.str("EMAIL_BACKEND", default="") or (
    "vestibule.courier.mailbox.MailboxBackend" if MAILBOX else "django.core.mail.backends.smtp.EmailBackend"
)
# What anymail reads (its docs name them); its webhook exists where a provider's knock can be told from a stranger's.
ANYMAIL = {name.removeprefix("ANYMAIL_"): text for name, text in os.environ.items() if name.startswith("ANYMAIL_")}
ANYMAIL_WEBHOOK_SECRET = env.str("ANYMAIL_WEBHOOK_SECRET", default="")
if EMAIL_BACKEND.startswith("anymail."):
    INSTALLED_APPS += ["anymail"]  # noqa: F405 - from wiring
SMS_GATEWAYS = {"console": "vestibule.courier.mailbox.deliver_sms", "twilio": "vestibule.courier.twilio.send"}
SMS_BACKEND = env.str("SMS_BACKEND", default="console" if MAILBOX else "")
SMS_GATEWAY = SMS_GATEWAYS.get(SMS_BACKEND, SMS_BACKEND)
SMS_COUNTRIES = env.list("SMS_COUNTRIES", default=["*"] if SMS_GATEWAYS["console"] == SMS_GATEWAY else [])
TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN = env.str("TWILIO_AUTH_TOKEN", default="")
TWILIO_FROM = env.str("TWILIO_FROM", default="")
TWILIO_MESSAGING_SERVICE_SID = env.str("TWILIO_MESSAGING_SERVICE_SID", default="")
TWILIO_API_URL = env.str("TWILIO_API_URL", default="https://api.twilio.com").rstrip("/")
CHANNELS = ("email", "sms") if SMS_BACKEND else ("email",)
BIND = env.str("BIND", default="127.0.0.1" if MAILBOX else "0.0.0.0")  # noqa: S104 - codes in the open stay at home

# Pictures: on our own disk, or, for several machines, in a bucket (`s3` extra; credentials as boto3 finds them).
S3_BUCKET = env.str("S3_BUCKET", default="")
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if S3_BUCKET:
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": env.str("S3_ENDPOINT_URL", default="") or None,
            "object_parameters": {"CacheControl": "public, max-age=31536000, immutable"},
        },
    }
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["img-src"].append("https:")  # noqa: F405 - from wiring; the bucket's host
MEDIA_ROOT, MEDIA_URL = VAR / "media", "/media/"
BODY_LIMIT = 64 * 1024  # bytes
LONGER_BODIES = {  # bytes, by path
    "/webhooks/": 1024 * 1024,  # a mail provider tells of many messages at once
    "/account/picture/": 5 * 1024 * 1024 + BODY_LIMIT,
    "/api/auth/me/picture": 5 * 1024 * 1024 + BODY_LIMIT,
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
