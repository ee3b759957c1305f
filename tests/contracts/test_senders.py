"""The ways out: what a mail and an SMS look like once a transport took them; the mailbox, and SMTP in production."""

from smtplib import SMTPException
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.core.mail import BadHeaderError

from tests.configured import configured
from tests.environment import PRODUCTION
from tests.world import PASSWORD, Api, Inbox, Smtp
from vestibule.conf import conf
from vestibule.courier import rendering
from vestibule.courier.message_kind import MessageKind
from vestibule.courier.messages import ALREADY_REGISTERED, KINDS, REGISTRATION_CODE
from vestibule.courier.rendering import RenderedMessage
from vestibule.courier.transports import channels

pytestmark = pytest.mark.usefixtures("house")

ID = UUID("0c0ffee0-0000-4000-8000-000000000001")
ADA = "ada@example.com"
PARAMS: dict[str, str | int] = {"address": "192.0.2.1", "at": "01 March 2026, 12:00 UTC", "minutes": 10}
CODE = "042042"


def rendered(kind: MessageKind = REGISTRATION_CODE) -> RenderedMessage:
    return rendering.render_mail(kind, {**PARAMS, "code": CODE})


def test_a_mail_is_text_and_html_that_say_the_same(inbox: Inbox) -> None:
    channels.send_mail(ID, ADA, rendered())
    post = inbox.newest(ADA)
    assert post.headers["Content-Type"].startswith("multipart/alternative")
    assert post.code == CODE
    assert CODE in post.html
    assert post.subject == f"{CODE} is your verification code · {conf.brand.name}"
    assert post.subject.isprintable()


def test_a_mail_carries_our_id_and_says_that_a_machine_wrote_it(inbox: Inbox) -> None:
    channels.send_mail(ID, ADA, rendered())
    headers = inbox.newest(ADA).headers
    assert headers["Message-ID"] == f"<{ID}@{conf.host}>"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["X-Auto-Response-Suppress"] == "All"
    assert headers["From"] == settings.DEFAULT_FROM_EMAIL
    assert [name for name in headers if name.lower() in {"cc", "bcc", "reply-to"}] == []


def test_a_mail_goes_to_one_address(inbox: Inbox) -> None:
    channels.send_mail(ID, ADA, rendered())
    assert [post.to for post in inbox.all()] == [ADA]


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r"])
def test_a_line_break_makes_no_header(inbox: Inbox, break_: str) -> None:
    """ABU-04."""
    with pytest.raises((BadHeaderError, ValueError)):
        channels.send_mail(ID, f"{ADA}{break_}Bcc: eve@example.com", rendered())
    subject = RenderedMessage(subject=f"Hello{break_}Bcc: eve@example.com", text="text", html="<p>text</p>")
    with pytest.raises(BadHeaderError):
        channels.send_mail(ID, ADA, subject)
    assert inbox.all() == []


def test_what_a_stranger_typed_is_escaped_in_html(inbox: Inbox) -> None:
    """INP-09."""
    params: dict[str, str | int] = {**PARAMS, "code": CODE, "address": "<img src=x onerror=alert(1)>"}
    channels.send_mail(ID, ADA, rendering.render_mail(REGISTRATION_CODE, params))
    assert "<img" not in inbox.newest(ADA).html


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_kind_reads_in_full_both_ways(kind: MessageKind) -> None:
    """ABU-13."""
    mail, text = rendered(kind), rendering.render_sms(kind, {**PARAMS, "code": CODE})
    for part in (mail.subject, mail.text, mail.html, text.text):
        assert part
        assert "{{" not in part
        assert "{%" not in part
    assert "http" not in text.text
    assert len(text.text) <= 160
    assert conf.brand.name in mail.subject


def test_a_notice_holds_no_code() -> None:
    """ABU-13."""
    assert CODE not in "".join((rendered(ALREADY_REGISTERED).text, rendered(ALREADY_REGISTERED).html))


def test_an_sms_is_a_text_to_one_number_under_our_id(inbox: Inbox) -> None:
    number = "+14155550100"
    channels.send_sms(ID, number, rendering.render_sms(REGISTRATION_CODE, {**PARAMS, "code": CODE}))
    [post] = inbox.all()
    assert (post.to, post.code, post.html) == (number, CODE, "")
    assert post.headers["Message-ID"] == f"<{ID}@{conf.host}>"
    assert post.text.strip().splitlines()[-1] == f"@{conf.host} #{CODE}"


def test_a_line_break_in_a_number_makes_no_header(inbox: Inbox) -> None:
    with pytest.raises(ValueError, match="Header"):
        channels.send_sms(ID, "+14155550100\r\nBcc: +14155550101", rendered())
    assert inbox.all() == []


def test_the_gateway_of_sms_is_the_one_that_the_operator_names() -> None:
    with configured(SMS_GATEWAY="tests.contracts.test_senders.broken_gateway"), pytest.raises(ConnectionError):
        channels.send_sms(ID, "+14155550100", rendered())


def broken_gateway(id: UUID, to: str, rendered: RenderedMessage) -> None:
    """A gateway that is down."""
    raise ConnectionError(f"{id}: {len(to)} {len(rendered.text)}")


@pytest.mark.skipif(not PRODUCTION, reason="needs SMTP")
class TestSmtp:
    """What only a server that talks back can show."""

    def test_a_refused_recipient_raises(self, inbox: Inbox, smtp: Smtp) -> None:
        smtp.refuse = "550 5.1.1 nobody of that name"
        with pytest.raises(SMTPException):
            channels.send_mail(uuid4(), ADA, rendered())
        smtp.refuse = "450 4.2.0 greylisted, come again"
        with pytest.raises(SMTPException):
            channels.send_mail(uuid4(), ADA, rendered())
        assert smtp.letters == []

    def test_who_waits_is_told_that_the_address_is_refused(self, api: Api, inbox: Inbox, smtp: Smtp) -> None:
        smtp.refuse = "550 5.1.1 nobody of that name"
        registration = api.register(email=ADA, password=PASSWORD).registration
        assert inbox.all(ADA) == []
        assert api.post("register/status", {"registration": registration}).body["status"] == "bounced"

    def test_two_addresses_in_one_are_refused(self, inbox: Inbox, smtp: Smtp) -> None:
        """ABU-05."""
        for two in (f"{ADA}, eve@example.com", f"{ADA};eve@example.com", f"{ADA} eve@example.com"):
            with pytest.raises((ValueError, SMTPException)):
                channels.send_mail(uuid4(), two, rendered())
        assert smtp.letters == []

    def test_a_second_delivery_bears_the_same_id(self, inbox: Inbox, smtp: Smtp) -> None:
        for _ in range(2):
            channels.send_mail(ID, ADA, rendered())
        assert {post.headers["Message-ID"] for post in inbox.all(ADA)} == {f"<{ID}@{conf.host}>"}
        assert len(smtp.letters) == 2
