"""SMS through Twilio's Programmable Messaging API (`pip install vestibule[twilio]`)."""

from functools import cache
from uuid import UUID

from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client as TwilioClient

from vestibule.conf import conf
from vestibule.courier import replies
from vestibule.courier.rendering import RenderedMessage
from vestibule.courier.replies import TransportRefused

TIMEOUT = 10.0  # seconds, less than the lease on a message


def send_through_twilio(id: UUID, to: str, rendered: RenderedMessage) -> None:  # noqa: ARG001 - no key there
    """Send one SMS (`channels.MessageSender`) from the configured messaging service or number.

    The API takes no idempotency key, so a second delivery is a second SMS.

    Raises:
        TransportRefused: the API answered with an error. Without an answer, the client's own exception is raised.
    """
    service = conf.twilio_messaging_service_sid
    sender = {"messaging_service_sid": service} if service else {"from_": conf.twilio_from}
    try:
        twilio_client().messages.create(to=to, body=rendered.text, **sender)
    except TwilioRestException as error:
        raise TransportRefused(
            str(error.code or error.status), replies.classify_twilio_error(error.code, error.status)
        ) from error


@cache
def twilio_client() -> TwilioClient:
    """Return the client of the API, made once because it keeps its connections."""
    made = TwilioClient(conf.twilio_account_sid, conf.twilio_auth_token, http_client=TwilioHttpClient(timeout=TIMEOUT))
    made.api.base_url = conf.twilio_api_url
    return made
