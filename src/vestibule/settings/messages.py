"""How it writes to people: the brand, mail, SMS."""

import os
from dataclasses import dataclass
from datetime import timedelta
from email.headerregistry import Address

from vestibule.settings.place import HOST, env
from vestibule.settings.wiring import INSTALLED_APPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """How mails and pages present the house."""

    name: str
    color: str
    logo_url: str
    support_email: str


def sender(name: str, host: str) -> str:
    """The address that mails come from: a name with specials is quoted (RFC 5322, 3.2.4), so that it reads as typed."""
    return str(Address(display_name=name, username="no-reply", domain=host))


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
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=sender(BRAND.name, HOST))
BOUNCE_SILENCE = timedelta(days=env.int("BOUNCE_SILENCE", default=7))  # towards an address that mail came back from
# The mailbox page stands in for a transport while none is configured, and does not exist otherwise.
MAILBOX = not EMAIL_HOST and not env.str("EMAIL_BACKEND", default="")
EMAIL_BACKEND = env.str("EMAIL_BACKEND", default="") or (
    "vestibule.courier.mailbox.MailboxBackend" if MAILBOX else "django.core.mail.backends.smtp.EmailBackend"
)
# What anymail reads (its docs name them); its webhook exists where a provider's knock can be told from a stranger's.
ANYMAIL = {name.removeprefix("ANYMAIL_"): text for name, text in os.environ.items() if name.startswith("ANYMAIL_")}
ANYMAIL_WEBHOOK_SECRET = env.str("ANYMAIL_WEBHOOK_SECRET", default="")
if EMAIL_BACKEND.startswith("anymail."):
    INSTALLED_APPS += ["anymail"]
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
