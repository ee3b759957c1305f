"""Leases on due messages: several are taken by one statement and marked by one; what a slow transport or the death of a
worker leaves behind."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import product
from types import MappingProxyType
from unittest import mock
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from time_machine import travel

from tests.world import Inbox
from vestibule.addresses.address import Channel, Email
from vestibule.applications import delivery as whole_pass
from vestibule.courier import delivery, leases, outbox
from vestibule.courier.messages import ALREADY_REGISTERED
from vestibule.courier.models import HTTP, Message, State
from vestibule.courier.rendering import RenderedMessage
from vestibule.courier.transports import channels
from vestibule.kernel.client import Client

pytestmark = pytest.mark.usefixtures("house")

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
UNTIL = START + leases.LEASE
SECOND = timedelta(seconds=1)


class Died(BaseException):
    """The worker was killed."""


def post(number: int) -> None:
    """So many mails, each to somebody else, the first of them due first."""
    for n in range(number):
        outbox.post(
            Client(at=START - SECOND * (number - n)),
            ALREADY_REGISTERED,
            to=Email(f"p{n}@example.com"),
            language="",
            params={"address": "192.0.2.1", "at": "now"},
        )


def by_age() -> list[Message]:
    return list(Message.objects.order_by("due_at"))


@pytest.fixture
def transport(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[UUID], None]], None]:
    """Something that is done at each send, before the mail goes on."""

    def put(each: Callable[[UUID], None]) -> None:
        def send(id: UUID, to: str, rendered: RenderedMessage) -> None:
            each(id)
            channels.send_mail(id, to, rendered)

        senders: Mapping[str, channels.MessageSender] = MappingProxyType({Channel.EMAIL: send})
        monkeypatch.setattr(delivery, "SENDERS", senders)

    return put


def test_what_is_taken_is_what_the_filter_says() -> None:
    """The statement is the filter in SQL: every state, moment and channel."""
    moments = [START - SECOND, START, START + SECOND]
    post(len(State) * len(moments) * (len(moments) + 1) * 2)
    cases = product(State, moments, [None, *moments], [Channel.EMAIL, HTTP])
    for message, (state, due_at, leased_until, channel) in zip(by_age(), cases, strict=True):
        sealed = b"sealed" if state in (State.QUEUED, State.SENDING) else None
        Message.objects.filter(pk=message.pk).update(
            state=state, due_at=due_at, leased_until=leased_until, channel=channel, sealed=sealed
        )
    due = Message.objects.filter(leases.due_filter(START))
    for channel, to_programs in ((HTTP, True), (Channel.EMAIL, False)):
        expected = {message.pk: message.tries + 1 for message in due.filter(channel=channel)}
        taken = leases.take_due_messages(START, UNTIL, limit=1000, to_programs=to_programs)
        assert {message.pk: message.tries for message in taken} == expected
        assert len(expected) == 4 * 2 + 3 * 2
    for message in taken:
        assert (message.state, message.leased_until) == (State.SENDING, UNTIL)
        row = Message.objects.get(pk=message.pk)
        for field in Message._meta.concrete_fields:
            assert field.value_to_string(message) == field.value_to_string(row)
    assert leases.take_due_messages(START, UNTIL, limit=1000) == []


def test_the_oldest_are_taken_and_no_more() -> None:
    post(5)
    taken = leases.take_due_messages(START, UNTIL, limit=3)
    assert [message.pk for message in taken] == [message.pk for message in by_age()[:3]]
    assert [message.state for message in by_age()] == [State.SENDING] * 3 + [State.QUEUED] * 2


def test_an_old_text_does_not_wait_for_mails_of_the_same_batch() -> None:
    """Else none would go while a slow mail server has anything to take: what was not begun in time is given back."""
    post(3)
    Message.objects.filter(pk=by_age()[1].pk).update(channel=Channel.SMS)
    taken = leases.take_due_messages(START, UNTIL, limit=3)
    assert [message.pk for message in taken] == [message.pk for message in by_age()]


def test_who_lost_a_lease_changes_nothing() -> None:
    post(2)
    [first, second] = leases.take_due_messages(START, UNTIL, limit=2)
    taken_over = leases.take_due_messages(UNTIL, UNTIL + leases.LEASE, limit=1)
    leases.mark_sent([first, second], UNTIL, UNTIL)
    assert [message.state for message in by_age()] == [State.SENDING, State.SENT]
    leases.give_back([first, second], UNTIL)
    assert [(message.state, message.tries) for message in by_age()] == [(State.SENDING, 2), (State.SENT, 1)]
    leases.give_back(taken_over, UNTIL + leases.LEASE)
    assert [(message.state, message.tries) for message in by_age()] == [(State.QUEUED, 1), (State.SENT, 1)]


def test_however_many_mails_are_taken_by_one_statement_and_marked_by_one(inbox: Inbox) -> None:
    counts = []
    for number in (1, 20):
        post(number)
        with travel(START, tick=False), CaptureQueriesContext(connection) as statements:
            assert delivery.deliver_due_messages(START) == number
        counts.append(len(statements))
    assert counts == [2, 2]
    assert {message.state for message in by_age()} == {State.SENT}


def test_a_look_that_finds_nothing_asks_three_times() -> None:
    """Who is to be told of an end, what is due to people, and what to programs."""
    whole_pass.deliver_due_messages(START)  # compiles what it asks
    with CaptureQueriesContext(connection) as statements:
        assert whole_pass.deliver_due_messages(START) == 0
    assert len(statements) == 3


def test_behind_a_slow_transport_what_waits_is_given_back(
    inbox: Inbox, transport: Callable[[Callable[[UUID], None]], None]
) -> None:
    """So a lease is as fresh at each send as if it were the only one, and a newer message ends what waits here."""
    post(4)
    with travel(START, tick=False) as clock:

        def take_time(id: UUID) -> None:
            message = Message.objects.get(pk=id)
            assert message.leased_until is not None
            assert (message.state, message.tries) == (State.SENDING, 1)
            assert message.leased_until - timezone.now() >= leases.LEASE - leases.HELD_FOR
            clock.shift(leases.HELD_FOR + SECOND)

        transport(take_time)
        assert delivery.deliver_due_messages(START) == 4
    assert [(message.state, message.tries) for message in by_age()] == [(State.SENT, 1)] * 4
    assert len(inbox.all()) == 4


def test_a_newer_message_ends_what_a_slow_transport_kept_waiting(
    inbox: Inbox, transport: Callable[[Callable[[UUID], None]], None]
) -> None:
    """It was posted while the older one was leased, and so did not end it: the older one's code is void."""
    topic = uuid4()
    post(2)
    first, waiting = (message.pk for message in by_age())
    Message.objects.filter(pk=waiting).update(topic=topic)
    with travel(START, tick=False) as clock:

        def take_time(id: UUID) -> None:
            if id == first:
                clock.shift(leases.HELD_FOR + SECOND)
                newer = Client(at=timezone.now())
                params = {"address": "192.0.2.1", "at": "now"}
                outbox.post(newer, ALREADY_REGISTERED, Email("p1@example.com"), language="", params=params, topic=topic)

        transport(take_time)
        assert delivery.deliver_due_messages(START) == 2
        assert delivery.deliver_due_messages(timezone.now()) == 1
    assert [message.state for message in by_age()] == [State.SENT, State.ABANDONED, State.SENT]
    assert len(inbox.all()) == 2


def test_what_was_sent_and_not_marked_is_sent_again_under_its_id(
    inbox: Inbox, transport: Callable[[Callable[[UUID], None]], None]
) -> None:
    """FLT-06: the worker is killed when the transport has taken a batch of mails."""
    tried: list[UUID] = []
    transport(tried.append)
    post(3)
    ids = [message.pk for message in by_age()]
    with travel(START, tick=False):
        with pytest.raises(Died), mock.patch.object(leases, "mark_sent", side_effect=Died):
            delivery.deliver_due_messages(START)
        assert delivery.deliver_due_messages(START) == 0
    with travel(UNTIL, tick=False):
        assert delivery.deliver_due_messages(UNTIL) == 3
    assert tried == ids * 2
    assert {message.state for message in by_age()} == {State.SENT}


def test_a_failure_between_two_sends_marks_the_first_and_gives_back_the_last(
    inbox: Inbox, transport: Callable[[Callable[[UUID], None]], None]
) -> None:
    """Else whoever comes behind a message that fails so each time would wait with it, for ever."""
    post(3)
    second = by_age()[1].pk

    def die_at_the_second(id: UUID) -> None:
        if id == second:
            raise Died

    transport(die_at_the_second)
    with travel(START, tick=False), pytest.raises(Died):
        delivery.deliver_due_messages(START)
    assert [(message.state, message.tries) for message in by_age()] == [
        *((State.SENT, 1), (State.SENDING, 1), (State.QUEUED, 0))
    ]
    transport(lambda _: None)
    with travel(UNTIL, tick=False):
        assert delivery.deliver_due_messages(UNTIL) == 2
    assert len(inbox.all()) == 3
