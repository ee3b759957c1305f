"""The Twilio gateway against the documented HTTP API."""

from collections.abc import Iterator
from io import StringIO
from uuid import uuid4

import pytest
from django.utils import timezone

from tests.configured import configured
from tests.vendors import Twilio, serving
from tests.world import PASSWORD, Api
from vestibule.courier import delivery, messages, rendering
from vestibule.courier.models import Feedback, Message, State
from vestibule.courier.replies import Meaning, TransportRefused
from vestibule.courier.transports import twilio
from vestibule.courier.transports.channels import send_sms

NUMBER = "+14155550100"
CODE = rendering.render_sms(messages.REGISTRATION_CODE, {"code": "042042", "minutes": 10})


@pytest.fixture
def gateway() -> Iterator[Twilio]:
    """SMS_BACKEND=twilio with credentials."""
    with (
        serving(gateway := Twilio()) as url,
        configured(
            SMS_GATEWAY="vestibule.courier.transports.twilio.send_through_twilio",
            TWILIO_API_URL=url,
            TWILIO_ACCOUNT_SID=Twilio.SID,
            TWILIO_AUTH_TOKEN=Twilio.TOKEN,
            TWILIO_FROM=Twilio.SENDER,
        ),
    ):
        twilio.twilio_client.cache_clear()
        yield gateway
    twilio.twilio_client.cache_clear()


def test_a_text_goes_to_one_number_from_ours(gateway: Twilio) -> None:
    send_sms(uuid4(), NUMBER, CODE)
    assert gateway.sent == [{"To": NUMBER, "From": Twilio.SENDER, "Body": CODE.text}]


def test_a_messaging_service_picks_the_sender(gateway: Twilio) -> None:
    with configured(TWILIO_MESSAGING_SERVICE_SID="MG1"):
        send_sms(uuid4(), NUMBER, CODE)
    assert gateway.sent == [{"To": NUMBER, "MessagingServiceSid": "MG1", "Body": CODE.text}]


@pytest.mark.parametrize("number", [Twilio.NO_NUMBER, Twilio.UNSUBSCRIBED])
def test_a_number_that_never_takes_one_is_refused(gateway: Twilio, number: str) -> None:
    with pytest.raises(TransportRefused) as refused:
        send_sms(uuid4(), number, CODE)
    assert refused.value.meaning is Meaning.ADDRESS


@pytest.mark.parametrize("trouble", [(429, 20429, "Too Many Requests"), (503, 20503, "Service Unavailable")])
def test_what_passes_is_told_from_what_does_not(gateway: Twilio, trouble: tuple[int, int, str]) -> None:
    gateway.trouble = trouble
    with pytest.raises(TransportRefused) as refused:
        send_sms(uuid4(), NUMBER, CODE)
    assert refused.value.meaning is Meaning.LATER


def test_wrong_credentials_are_no_fault_of_the_number(gateway: Twilio) -> None:
    twilio.twilio_client.cache_clear()
    with configured(TWILIO_AUTH_TOKEN="another"), pytest.raises(TransportRefused, match="20003") as refused:
        send_sms(uuid4(), NUMBER, CODE)
    assert refused.value.meaning is Meaning.OURS


def test_nothing_of_it_is_printed(gateway: Twilio, printed: StringIO) -> None:
    send_sms(uuid4(), NUMBER, CODE)
    assert printed.getvalue() == ""


def test_the_outbox_tries_again_and_gives_up_on_what_never_works(gateway: Twilio, api: Api) -> None:
    gateway.trouble = (503, 20503, "Service Unavailable")
    registration = api.start(phone_number=NUMBER, channel="sms", password=PASSWORD).registration
    delivery.deliver_due_messages(timezone.now())
    assert Message.objects.get().state == State.QUEUED
    Message.objects.update(due_at=timezone.now())
    gateway.trouble = (400, 21614, "To number is not a valid mobile number")
    delivery.deliver_due_messages(timezone.now())
    message = Message.objects.get()
    assert (message.state, message.trouble, message.feedback) == (State.ABANDONED, "refused", Feedback.BOUNCED)
    assert api.post("register/status", {"registration": registration}).body["status"] == "bounced"
