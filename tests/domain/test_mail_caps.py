"""How much may come to one address: over the cap a message is kept as abandoned, and nobody sees a difference."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.test import override_settings

from tests.contracts.stores import NOW, SECOND, at_once
from vestibule.courier import outbox
from vestibule.courier.messages import ALREADY_REGISTERED, REGISTRATION_CODE, Kind
from vestibule.courier.models import Channel, Message, State
from vestibule.guards import rates, rules
from vestibule.kernel.client import Client


@pytest.fixture(autouse=True)
def caps(house: None) -> Iterator[None]:
    """The defaults of the table; the test run itself is without rates."""

    def default(name: str, words: str) -> str:
        return words

    with override_settings(
        MESSAGES_PER_ADDRESS={
            Channel.EMAIL: rates.of_cap(rules.MAILS, default),
            Channel.SMS: rates.of_cap(rules.TEXTS, default),
        },
        MAILS_FROM_NETWORK=rates.of_cap(rules.MAILS_FROM_NETWORK, default),
        NOTICES_PER_ADDRESS=rates.of_cap(rules.NOTICES, default),
    ):
        yield


HOUR = timedelta(hours=1)
ADA, BOB = b"a" * 32, b"b" * 32


def post(
    now: datetime,
    kind: Kind = REGISTRATION_CODE,
    *,
    recipient: bytes = ADA,
    channel: Channel = Channel.EMAIL,
    address: str | None = None,
) -> bool:
    """Post one; whether it is on its way."""
    topic = uuid4()
    outbox.post(
        Client(at=now, address=address),
        kind,
        to="ada@example.com",
        hint="a…@example.com",
        channel=channel,
        recipient=recipient,
        params={"code": "123456", "minutes": 10},
        topic=topic,
    )
    message = Message.objects.get(topic=topic)
    if message.state == State.QUEUED:
        return True
    assert (message.state, message.trouble, message.sealed) == (State.ABANDONED, "capped", None)
    assert message.ended_at == now
    return False


def test_five_mails_an_hour() -> None:
    assert [post(NOW + n * SECOND) for n in range(7)] == [True] * 5 + [False] * 2
    assert not post(NOW + HOUR - SECOND)
    assert post(NOW + HOUR)
    assert not post(NOW + HOUR)


def test_ten_mails_a_day() -> None:
    assert [post(NOW + n * HOUR) for n in range(12)] == [True] * 10 + [False] * 2
    assert not post(NOW + 24 * HOUR - SECOND)
    assert post(NOW + 24 * HOUR)


def test_a_stranger_who_signs_up_every_hour_leaves_the_owner_some_mails() -> None:
    """PRE-11: whoever claims an address again and again does not keep its owner out."""
    stranger = [post(NOW + n * HOUR, address="192.0.2.1") for n in range(12)]
    assert stranger == [True] * 6 + [False] * 6
    assert [post(NOW + 12 * HOUR, address="198.51.100.7") for _ in range(5)] == [True] * 4 + [False]
    assert post(NOW + 12 * HOUR, recipient=BOB, address="192.0.2.1")


def test_the_cap_is_over_all_kinds() -> None:
    assert all(post(NOW, kind) for kind in (ALREADY_REGISTERED, REGISTRATION_CODE) * 2)
    assert post(NOW)
    assert not post(NOW)
    assert not post(NOW, ALREADY_REGISTERED)


def test_four_notices_of_a_kind_a_day() -> None:
    assert [post(NOW + n * HOUR, ALREADY_REGISTERED) for n in range(6)] == [True] * 4 + [False] * 2
    assert post(NOW + 6 * HOUR)  # a code still comes
    assert post(NOW + 24 * HOUR, ALREADY_REGISTERED)


def test_a_capped_notice_takes_nothing_from_the_codes() -> None:
    for n in range(20):
        post(NOW + n * SECOND, ALREADY_REGISTERED)
    assert post(NOW + HOUR)


def test_each_address_has_its_own_cap() -> None:
    for _ in range(6):
        post(NOW)
    assert post(NOW, recipient=BOB)


def test_three_texts_an_hour_and_five_a_day() -> None:
    sms = [post(NOW + n * HOUR / 4, channel=Channel.SMS) for n in range(4)]
    assert sms == [True, True, True, False]
    assert [post(NOW + n * HOUR, channel=Channel.SMS) for n in (3, 4, 5)] == [True, True, False]
    assert post(NOW)  # mails are counted on their own


def test_of_many_at_once_five_go() -> None:
    assert sum(at_once(lambda _: post(NOW))) == 5
    assert Message.objects.count() == 32
