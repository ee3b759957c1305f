"""SMS through Twilio's Programmable Messaging API (`pip install vestibule[twilio]`)."""

from functools import cache
from uuid import UUID

from django.conf import settings
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client as TwilioClient

from vestibule.courier.channels import Refused
from vestibule.courier.messages import Rendered

TIMEOUT = 10.0  # seconds; the lease on a message is longer
# Numbers that will never take an SMS (twilio.com/docs/api/errors): invalid, no mobile, not reachable, unsubscribed.
NEVER = {21211, 21217, 21610, 21612, 21614}


def send(id: UUID, to: str, rendered: Rendered) -> None:  # noqa: ARG001 - Twilio has no idempotency key
    """One SMS (`channels.Sender`), from the messaging service or the number that is configured. A second delivery is a
    second SMS: the API knows no key to tell them by.

    Raises Refused for a number that never takes one, and whatever the client raises for the rest.
    """
    service = settings.TWILIO_MESSAGING_SERVICE_SID
    sender = {"messaging_service_sid": service} if service else {"from_": settings.TWILIO_FROM}
    try:
        client().messages.create(to=to, body=rendered.text, **sender)
    except TwilioRestException as error:
        if error.code in NEVER:
            raise Refused(str(error.code)) from error
        raise


@cache
def client() -> TwilioClient:
    """Their client, made once: it keeps its connections."""
    made = TwilioClient(
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, http_client=TwilioHttpClient(timeout=TIMEOUT)
    )
    made.api.base_url = settings.TWILIO_API_URL
    return made
