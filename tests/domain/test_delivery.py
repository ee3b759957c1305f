"""Delivery: leased, sent, marked, at least once; backoff, giving up, and what is never sent any more."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Event
from types import MappingProxyType
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError
from django.db.transaction import atomic
from time_machine import travel

from tests.contracts.stores import at_once
from tests.domain.engines import Broken
from tests.world import Inbox
from vestibule.addresses.address import Channel, Email
from vestibule.audit.models import AuditEvent
from vestibule.courier import delivery, leases, outbox
from vestibule.courier.message_kind import MessageKind
from vestibule.courier.messages import ALREADY_REGISTERED, REGISTRATION_CODE
from vestibule.courier.models import Message, State
from vestibule.courier.rendering import RenderedMessage
from vestibule.courier.transports import channels
from vestibule.kernel.client import Client

pytestmark = pytest.mark.usefixtures("house")

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADA = "ada@example.com"


class Transport:
    """A transport between us and the real one, which fails while `down`, and may be held in the middle of a send."""

    def __init__(self) -> None:
        self.down = False
        self.tried: list[UUID] = []
        self.sent: list[str] = []
        self.during: Event | None = None
        self.reached = Event()

    def __call__(self, id: UUID, to: str, rendered: RenderedMessage) -> None:
        """Send it on, or fail."""
        self.tried.append(id)
        self.reached.set()
        if self.during:
            assert self.during.wait(timeout=10)
        if self.down:
            raise ConnectionRefusedError
        self.sent.append(rendered.text)
        channels.send_mail(id, to, rendered)


@pytest.fixture
def transport(monkeypatch: pytest.MonkeyPatch) -> Transport:
    between = Transport()
    senders: Mapping[str, channels.MessageSender] = MappingProxyType({Channel.EMAIL: between})
    monkeypatch.setattr(delivery, "SENDERS", senders)
    return between


def post(
    kind: MessageKind = REGISTRATION_CODE,
    *,
    code: str = "042042",
    topic: UUID | None = None,
    useless_at: datetime | None = None,
    at: datetime = START,
) -> Message:
    """One message, queued."""
    before = set(Message.objects.values_list("pk", flat=True))
    outbox.post(
        Client(at=at),
        kind,
        to=Email(ADA),
        language="",
        params={"code": code, "minutes": 10, "address": "192.0.2.1", "at": "now"},
        topic=topic,
        useless_at=useless_at,
    )
    return Message.objects.exclude(pk__in=before).get()


def drained(now: datetime) -> int:
    """Deliver at that moment."""
    with travel(now, tick=False):
        return delivery.deliver_due_messages(now)


def row(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


# Sent.


def test_queued_then_sent_and_wiped(transport: Transport, inbox: Inbox) -> None:
    message = post()
    assert (message.state, message.tries) == (State.QUEUED, 0)
    assert b"042042" not in bytes(message.sealed or b"")
    assert ADA.encode() not in bytes(message.sealed or b"")
    assert drained(START) == 1
    after = row(message)
    assert (after.state, after.tries, after.sealed, after.ended_at) == (State.SENT, 1, None, START)
    assert (after.leased_until, after.trouble) == (None, "")
    assert inbox.newest(ADA).code == "042042"
    assert drained(START + timedelta(days=2)) == 0


def test_it_is_sending_under_a_lease_meanwhile(transport: Transport) -> None:
    message, transport.during = post(), Event()

    def deliver_or_look(number: int) -> int:
        if number == 0:
            return delivery.deliver_due_messages(START)
        assert transport.reached.wait(timeout=10)
        held = row(message)
        taken = delivery.deliver_due_messages(START)
        assert held.leased_until is not None
        assert transport.during
        transport.during.set()
        return taken if held.state == State.SENDING else -1

    with travel(START, tick=False):
        assert at_once(deliver_or_look, 2) == [1, 0]
    assert len(transport.tried) == 1


def test_a_rolled_back_change_posts_nothing(transport: Transport) -> None:
    """FLT-10."""
    with suppress(Broken), atomic():
        post()
        raise Broken
    assert not Message.objects.exists()
    assert drained(START) == 0


def test_many_workers_send_each_message_once(transport: Transport) -> None:
    """FLT-09."""
    for _ in range(5):
        post()
    with travel(START, tick=False):
        taken = at_once(lambda _: delivery.deliver_due_messages(START), 8)
    assert sum(taken) == len(transport.sent) == len(set(transport.tried)) == 5


def test_oldest_first_and_no_more_than_a_batch(transport: Transport) -> None:
    for n in reversed(range(3)):
        post(code=f"00000{n}", at=START - timedelta(seconds=n))
    with travel(START, tick=False):
        assert delivery.deliver_due_messages(START, batch=2) == 2
    assert ["000002" in transport.sent[0], "000001" in transport.sent[1]] == [True, True]


# Tried again.


def test_a_failure_waits_twice_as_long_each_time_up_to_half_an_hour(transport: Transport) -> None:
    message, now, transport.down = post(ALREADY_REGISTERED), START, True
    for number in range(1, 13):
        assert drained(now) == 1
        after = row(message)
        assert (after.state, after.tries, after.trouble) == (State.QUEUED, number, "ConnectionRefusedError")
        assert after.sealed
        assert after.leased_until is None
        backoff = min(timedelta(seconds=5) * 2 ** (number - 1), timedelta(minutes=30))
        assert backoff <= after.due_at - now <= backoff * 1.25
        assert drained(after.due_at - timedelta(microseconds=1)) == 0
        now = after.due_at


def test_a_transport_that_is_down_all_day_ends_in_abandoning(transport: Transport) -> None:
    """Some fifty tries: the backoff that doubles must not grow past what a timedelta holds."""
    message, transport.down = post(ALREADY_REGISTERED), True
    while (after := row(message)).state == State.QUEUED:
        assert drained(after.due_at) == 1
        assert after.due_at < START + timedelta(days=1, minutes=40)
    assert (after.state, after.trouble, after.sealed) == (State.ABANDONED, "ConnectionRefusedError", None)
    assert after.ended_at is not None
    assert after.ended_at - START >= timedelta(days=1)
    assert AuditEvent.objects.filter(name="message.abandoned", code="ConnectionRefusedError").count() == 1
    assert transport.sent == []


def test_one_that_fails_holds_up_no_other(transport: Transport) -> None:
    transport.down = True
    post(ALREADY_REGISTERED)
    drained(START)
    transport.down = False
    second = post()
    assert drained(START) == 1
    assert row(second).state == State.SENT


def test_a_retry_bears_the_same_id(transport: Transport, inbox: Inbox) -> None:
    message, transport.down = post(), True
    drained(START)
    transport.down = False
    drained(START + timedelta(minutes=1))
    assert transport.tried == [message.pk, message.pk]
    [letter] = inbox.all(ADA)
    assert str(message.pk) in letter.headers["Message-ID"]
    assert row(message).state == State.SENT
    assert row(message).trouble == ""


def test_a_lease_that_ran_out_is_taken_over(transport: Transport) -> None:
    message = post()
    lapses_at = START + leases.LEASE
    Message.objects.update(state=State.SENDING, tries=1, leased_until=lapses_at)  # as a killed worker leaves it
    assert drained(lapses_at - timedelta(microseconds=1)) == 0
    assert drained(lapses_at) == 1
    assert (row(message).state, row(message).tries) == (State.SENT, 2)


def test_two_who_find_a_lapsed_lease_send_once(transport: Transport) -> None:
    post()
    Message.objects.update(state=State.SENDING, tries=1, leased_until=START)
    with travel(START, tick=False):
        assert sum(at_once(lambda _: delivery.deliver_due_messages(START), 2)) == 1
    assert len(transport.sent) == 1


# Not sent any more.


def test_a_code_that_has_expired_is_not_sent(transport: Transport) -> None:
    """FLT-09."""
    useless_at = START + timedelta(minutes=10)
    message = post(useless_at=useless_at)
    assert drained(useless_at) == 1
    after = row(message)
    assert (after.state, after.trouble, after.sealed) == (State.ABANDONED, "expired", None)
    assert transport.tried == []


def test_a_day_is_enough(transport: Transport) -> None:
    message = post(ALREADY_REGISTERED)
    assert drained(START + delivery.GIVE_UP_AFTER) == 1
    assert (row(message).state, row(message).trouble) == (State.ABANDONED, "too old")
    assert transport.tried == []


def test_a_newer_message_of_the_topic_takes_the_place_of_the_older(transport: Transport) -> None:
    topic = uuid4()
    old, other = post(topic=topic, code="000001"), post(topic=uuid4(), code="000002")
    new = post(topic=topic, code="000003", at=START + timedelta(seconds=61))
    assert (row(old).state, row(old).trouble, row(old).sealed) == (State.ABANDONED, "superseded", None)
    drained(START + timedelta(seconds=61))
    assert {row(other).state, row(new).state} == {State.SENT}
    assert len(transport.sent) == 2


def test_an_older_message_that_failed_while_a_newer_was_posted_is_not_sent_after_it(transport: Transport) -> None:
    """FLT-09: the old code is dead; its mail must not be the last that arrives."""
    topic, later = uuid4(), START + timedelta(seconds=61)
    old = post(topic=topic, code="000001")
    Message.objects.update(state=State.SENDING, tries=1, leased_until=later)  # a worker is at it
    new = post(topic=topic, code="000002", at=later)
    drained(later + timedelta(seconds=1))
    drained(later + timedelta(hours=1))
    assert (row(old).state, row(old).trouble, row(old).sealed) == (State.ABANDONED, "superseded", None)
    assert row(new).state == State.SENT
    assert len(transport.sent) == 1
    assert "000002" in transport.sent[0]


def test_a_message_sealed_by_a_retired_key_is_abandoned(transport: Transport) -> None:
    message = post()
    Message.objects.update(sealed=b"sealed by somebody else entirely")
    assert drained(START) == 1
    assert row(message).trouble == "sealed by a retired key"


# The table.


def test_the_database_holds_what_is_wiped_to_the_state() -> None:
    message = post()
    for change in ({"state": "sent"}, {"state": "abandoned"}, {"sealed": None}, {"state": "lost"}):
        with pytest.raises(IntegrityError), atomic():
            Message.objects.filter(pk=message.pk).update(**change)
