"""Settings of messages: mail, SMS."""

import os
from datetime import timedelta

from vestibule.service.settings import value_types
from vestibule.service.settings.brand import BRAND_NAME
from vestibule.service.settings.deployment import env, mail_domain
from vestibule.service.settings.django_wiring import INSTALLED_APPS

IMPLICIT_TLS_PORT = 465  # the port of implicit TLS

EMAIL_HOST = env.read_parsed("EMAIL_HOST", "host", value_types.parse_server_host, default="", id="E035")
EMAIL_PORT = env.read_number("EMAIL_PORT", default=587, least=1, most=65535)
EMAIL_USE_TLS = env.read_switch("EMAIL_USE_TLS", default=False)  # STARTTLS
EMAIL_USE_SSL = env.read_switch(
    "EMAIL_USE_SSL", default=EMAIL_PORT == IMPLICIT_TLS_PORT
)  # TLS from the first byte (RFC 8314 3.3)
EMAIL_HOST_USER = env.read_text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.read_secret("EMAIL_HOST_PASSWORD")
EMAIL_TIMEOUT = 10  # seconds, less than the lease on a message
_DEFAULT_SENDER = value_types.format_mailbox(BRAND_NAME, "no-reply", mail_domain)
DEFAULT_FROM_EMAIL = env.read_parsed(
    "DEFAULT_FROM_EMAIL", "address", value_types.parse_sender, default=_DEFAULT_SENDER, id="E037"
)
SENDER_BY_HOST = DEFAULT_FROM_EMAIL == _DEFAULT_SENDER
# How long no message is sent to an address that bounced or complained.
BOUNCE_SILENCE = timedelta(days=env.read_number("BOUNCE_SILENCE", default=7, most=30))
_GIVEN_EMAIL_BACKEND = env.read_parsed(
    "EMAIL_BACKEND", "path", value_types.dotted_path_parser(()), default="", id="E034"
)
# The mailbox page exists only while no transport is configured.
MAILBOX = not EMAIL_HOST and not _GIVEN_EMAIL_BACKEND
MAILBOX_PUBLIC = env.read_switch("MAILBOX_PUBLIC", default=False)
EMAIL_BACKEND = _GIVEN_EMAIL_BACKEND or (
    "vestibule.courier.transports.mailbox.MailboxBackend"
    if MAILBOX
    else "vestibule.courier.transports.smtp.EmailBackend"
)
# The settings that anymail documents. Its webhook exists only with a secret that tells a provider from a stranger.
ANYMAIL = {name.removeprefix("ANYMAIL_"): text for name, text in os.environ.items() if name.startswith("ANYMAIL_")}
ANYMAIL_WEBHOOK_SECRET = env.read_secret("ANYMAIL_WEBHOOK_SECRET")
if EMAIL_BACKEND.startswith("anymail."):
    INSTALLED_APPS += ["anymail"]
SMS_GATEWAYS = {
    "console": "vestibule.courier.transports.mailbox.deliver_sms",
    "twilio": "vestibule.courier.transports.twilio.send_through_twilio",
}
SMS_BACKEND = env.read_parsed(
    "SMS_BACKEND", "path", value_types.dotted_path_parser(SMS_GATEWAYS), default="console" if MAILBOX else "", id="E034"
)
SMS_GATEWAY = SMS_GATEWAYS.get(SMS_BACKEND, SMS_BACKEND)
SMS_COUNTRIES = env.read_list(
    "SMS_COUNTRIES", value_types.parse_country, default=["*"] if SMS_GATEWAYS["console"] == SMS_GATEWAY else []
)
TWILIO_ACCOUNT_SID = env.read_text("TWILIO_ACCOUNT_SID")
TWILIO_AUTH_TOKEN = env.read_secret("TWILIO_AUTH_TOKEN")
TWILIO_FROM = env.read_text("TWILIO_FROM")
TWILIO_MESSAGING_SERVICE_SID = env.read_text("TWILIO_MESSAGING_SERVICE_SID")
TWILIO_API_URL = env.read_url("TWILIO_API_URL", default="https://api.twilio.com")
_ALL_INTERFACES = "0.0.0.0"  # noqa: S104 - not the default with the mailbox, which shows every code
BIND = env.read_parsed(
    "BIND", "host", value_types.parse_server_host, default="127.0.0.1" if MAILBOX else _ALL_INTERFACES, id="E035"
)
