"""How it writes to people: the brand, mail, SMS."""

import os
from dataclasses import dataclass
from datetime import timedelta

from vestibule.settings import kinds
from vestibule.settings.place import MAIL_DOMAIN, env
from vestibule.settings.wiring import INSTALLED_APPS

SUBMISSIONS = 465  # the port of implicit TLS


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """How mails and pages present the house."""

    name: str
    color: str
    logo_url: str
    support_email: str


BRAND = Brand(
    name=env.text("BRAND_NAME", default="Vestibule"),
    color=env.parsed("BRAND_COLOR", "colour", kinds.colour, default="#3455d1", id="E037"),
    logo_url=env.url("BRAND_LOGO_URL"),
    support_email=env.parsed("SUPPORT_EMAIL", "address", kinds.bare_address, default="", id="E037"),
)
EMAIL_HOST = env.parsed("EMAIL_HOST", "host", kinds.server, default="", id="E035")
EMAIL_PORT = env.number("EMAIL_PORT", default=587, least=1, most=65535)
EMAIL_USE_TLS = env.switch("EMAIL_USE_TLS", default=False)  # STARTTLS
EMAIL_USE_SSL = env.switch("EMAIL_USE_SSL", default=EMAIL_PORT == SUBMISSIONS)  # from the first byte (RFC 8314 3.3)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.secret("EMAIL_HOST_PASSWORD")
EMAIL_TIMEOUT = 10  # seconds; the lease on a message is longer
_SENDER = kinds.mailbox(BRAND.name, "no-reply", MAIL_DOMAIN)
DEFAULT_FROM_EMAIL = env.parsed("DEFAULT_FROM_EMAIL", "address", kinds.address, default=_SENDER, id="E037")
SENDER_BY_HOST = DEFAULT_FROM_EMAIL == _SENDER
# Towards an address that mail came back from.
BOUNCE_SILENCE = timedelta(days=env.number("BOUNCE_SILENCE", default=7, most=30))
_TRANSPORT = env.parsed("EMAIL_BACKEND", "path", kinds.dotted(()), default="", id="E034")
# The mailbox page stands in for a transport while none is configured, and does not exist otherwise.
MAILBOX = not EMAIL_HOST and not _TRANSPORT
MAILBOX_PUBLIC = env.switch("MAILBOX_PUBLIC", default=False)
EMAIL_BACKEND = _TRANSPORT or (
    "vestibule.courier.mailbox.MailboxBackend" if MAILBOX else "vestibule.courier.smtp.EmailBackend"
)
# What anymail reads (its docs name them); its webhook exists where a provider's knock can be told from a stranger's.
ANYMAIL = {name.removeprefix("ANYMAIL_"): text for name, text in os.environ.items() if name.startswith("ANYMAIL_")}
ANYMAIL_WEBHOOK_SECRET = env.secret("ANYMAIL_WEBHOOK_SECRET")
if EMAIL_BACKEND.startswith("anymail."):
    INSTALLED_APPS += ["anymail"]
SMS_GATEWAYS = {"console": "vestibule.courier.mailbox.deliver_sms", "twilio": "vestibule.courier.twilio.send"}
SMS_BACKEND = env.parsed(
    "SMS_BACKEND", "path", kinds.dotted(SMS_GATEWAYS), default="console" if MAILBOX else "", id="E034"
)
SMS_GATEWAY = SMS_GATEWAYS.get(SMS_BACKEND, SMS_BACKEND)
SMS_COUNTRIES = env.items(
    "SMS_COUNTRIES", kinds.country, default=["*"] if SMS_GATEWAYS["console"] == SMS_GATEWAY else []
)
TWILIO_ACCOUNT_SID = env.text("TWILIO_ACCOUNT_SID")
TWILIO_AUTH_TOKEN = env.secret("TWILIO_AUTH_TOKEN")
TWILIO_FROM = env.text("TWILIO_FROM")
TWILIO_MESSAGING_SERVICE_SID = env.text("TWILIO_MESSAGING_SERVICE_SID")
TWILIO_API_URL = env.url("TWILIO_API_URL", default="https://api.twilio.com")
CHANNELS = ("email", "sms") if SMS_BACKEND else ("email",)
_EVERYWHERE = "0.0.0.0"  # noqa: S104 - never with the mailbox: codes in the open stay at home
BIND = env.parsed("BIND", "host", kinds.server, default="127.0.0.1" if MAILBOX else _EVERYWHERE, id="E035")
