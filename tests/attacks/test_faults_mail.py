"""Mail servers that refuse, hang, drip, cut and lie: nobody at the doors sees it, and no code comes late."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession
from django.utils import timezone
from time_machine import travel

from tests.faults_of_use.sinks import sink
from tests.letters import parsed
from tests.world import PASSWORD, Api, Door, Reply, Smtp
from vestibule.courier import delivery
from vestibule.courier.models import Message, State

ADA, NOBODY = "ada@example.com", "nobody@example.com"
NOON = "2026-03-01T12:00:00Z"
TIMEOUT = 0.3


class Broken(Smtp):
    """A server that does `what` at a command instead of answering it, until it is mended."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self.what = what

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: SmtpSession, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse, hang or drip."""
        if self.what[:1].isdecimal():
            return self.what
        if self.what == "hang":
            await asyncio.sleep(TIMEOUT * 2)
        if self.what == "drip":
            line: Any = server.transport
            for letter in b"250-" + b"o" * 40:
                line.write(bytes([letter]))
                await asyncio.sleep(TIMEOUT / 10)
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server: SMTP, session: SmtpSession, envelope: Envelope) -> str:  # noqa: N802
        """Cut the line when the message is there."""
        if self.what == "cut":
            line: Any = server.transport
            line.abort()
        return await super().handle_DATA(server, session, envelope)


FAULTS = {
    "421 4.3.2 shutting down": State.QUEUED,
    "450 4.2.0 greylisted": State.QUEUED,
    "451 4.7.1 later": State.QUEUED,
    "550 5.1.1 nobody of that name": State.ABANDONED,
    "550 5.7.1 relaying denied": State.QUEUED,
    "hang": State.QUEUED,
    "drip": State.QUEUED,
    "cut": State.QUEUED,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_flt_08_nobody_at_the_doors_sees_it_and_what_can_be_tried_is(door: Door, fault: str) -> None:
    with sink(Broken(fault), EMAIL_TIMEOUT=TIMEOUT) as smtp:
        reply = door.start(email=ADA, password=PASSWORD)
        assert reply.status in (200, 202)
        delivery.deliver_due_messages(timezone.now())
        message = Message.objects.get()
        assert (message.state, message.tries) == (FAULTS[fault], 1)
        assert isinstance(smtp, Broken)
        smtp.what, before = "", len(smtp.letters)
        Message.objects.filter(state=State.QUEUED).update(due_at=timezone.now())
        delivery.deliver_due_messages(timezone.now())
        arrived = [parsed(letter) for letter in smtp.letters[before:]]
        assert len(arrived) == (FAULTS[fault] == State.QUEUED)
        for post in arrived:
            assert door.confirm(reply.registration, post.code).status in (200, 201, 303)


@pytest.mark.parametrize("implicit", [True, False])
def test_flt_08_bad_tls_sends_nothing_in_the_clear(api: Api, implicit: bool) -> None:
    with sink(EMAIL_TIMEOUT=TIMEOUT, EMAIL_USE_SSL=implicit, EMAIL_USE_TLS=not implicit) as smtp:
        assert api.start(email=ADA, password=PASSWORD).status == 202
        delivery.deliver_due_messages(timezone.now())
        assert smtp.letters == []
    assert Message.objects.get().state == State.QUEUED


def test_flt_08_it_gives_up_before_the_code_is_dead_and_says_so(api: Api) -> None:
    with travel(NOON, tick=False) as clock, sink(Broken("451 4.3.0 later")) as smtp:
        api.start(email=ADA, password=PASSWORD)
        while (message := Message.objects.get()).state == State.QUEUED:
            clock.move_to(message.due_at)
            delivery.deliver_due_messages(timezone.now())
            assert timezone.now() < message.created_at + timedelta(minutes=40)
        assert (message.state, message.trouble) == (State.ABANDONED, "451 4.3.0")
        assert message.tries > 5
        assert isinstance(smtp, Broken)
        smtp.what = ""
        clock.shift(timedelta(days=1))
        assert delivery.deliver_due_messages(timezone.now()) == 0
        assert smtp.letters == []


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\u2028", "\x0b", "\x00", "%0d%0a"])
def test_abu_04_no_line_break_makes_a_header(api: Api, break_: str) -> None:
    more = f"{break_}Bcc: eve@example.com"
    with sink() as smtp:
        for typed in ({"email": ADA + more}, {"email": ADA, "full_name": "Ada" + more}, {"email": more + ADA}):
            assert api.start(**typed, password=PASSWORD).status in (202, 400)
        api.post("password/reset", {"email": ADA + more}, **{"Accept-Language": f"de{more}", "User-Agent": more})
        delivery.deliver_due_messages(timezone.now())
        for letter in smtp.letters:
            assert parsed(letter).to == ADA
            assert not {"bcc", "cc"} & {name.lower() for name in parsed(letter).headers}
            assert b"eve@example.com" not in letter.partition(b"\r\n\r\n")[0]


@pytest.fixture(params=["550 5.1.1 nobody", "550 no", "554 5.7.1 denied", "451 later"])
def refusing(request: pytest.FixtureRequest, house: None) -> Iterator[Smtp]:
    """A server that takes nothing."""
    with sink(Broken(request.param)) as smtp:
        yield smtp


@pytest.mark.parametrize(
    "ask",
    [
        lambda api, address: api.post("password/reset", {"email": address}),
        lambda api, address: api.start(email=address, password=PASSWORD),
        lambda api, address: api.register(email=address, password=PASSWORD),
        lambda api, address: api.post("verify-email/resend", {"email": address}),
    ],
    ids=["reset", "start", "register", "resend"],
)
def test_enum_10_a_server_that_refuses_tells_nobody_who_has_an_account(
    refusing: Smtp, api: Api, ask: Callable[[Api, str], Reply]
) -> None:
    refusing.what, refused = "", refusing.what  # type: ignore[attr-defined]
    registration = api.start(email=ADA, password=PASSWORD).registration
    delivery.deliver_due_messages(timezone.now())
    api.confirm(registration, parsed(refusing.letters[-1]).code)
    refusing.what = refused  # type: ignore[attr-defined]
    for _ in range(2):  # the second meets what the first has left
        told = [ask(api, address) for address in (ADA, NOBODY)]
        delivery.deliver_due_messages(timezone.now())
        assert told[0].status == told[1].status < 300
        assert told[0].body.keys() == told[1].body.keys()
        assert told[0].headers.keys() == told[1].headers.keys()
