"""How much may come to one address, by who causes it: over the cap of strangers a message is never handed over, and
nobody sees a difference; what an account itself causes beyond its budget is told together, and never lost."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from time_machine import travel

from tests.configured import rated
from tests.contracts.stores import NOW, SECOND, at_once
from vestibule.addresses.address import Address, Email, Phone
from vestibule.courier import delivery, envelope, hourly_digest, outbox
from vestibule.courier.message_kind import Cause, MessageKind
from vestibule.courier.messages import (
    ALREADY_REGISTERED,
    DIGEST,
    EMAIL_CHANGED,
    EMAIL_CHANGING,
    KINDS,
    NEW_SIGN_IN,
    REGISTRATION_CODE,
    SESSION_ENDED,
)
from vestibule.courier.models import Message, State
from vestibule.kernel.client import Client
from vestibule.limits import rules


@pytest.fixture(autouse=True)
def caps(house: None) -> Iterator[None]:
    """The defaults of the table; the test run itself is without rates."""
    with rated(**{cap.name: cap.per_identifier for cap in rules.CAPS}):
        yield


HOUR = timedelta(hours=1)
ADA, BOB, NUMBER = Email("ada@example.com"), Email("bob@example.com"), Phone("+14155550100")


def post(
    now: datetime,
    kind: MessageKind = REGISTRATION_CODE,
    *,
    to: Address = ADA,
    address: str | None = None,
) -> bool:
    """Post one; whether it is on its way."""
    topic = uuid4()
    outbox.post(
        Client(at=now, ip_address=address),
        kind,
        to=to,
        language="",
        params={"code": "123456", "minutes": 10},
        topic=topic,
    )
    message = Message.objects.get(topic=topic)
    assert (message.state, message.sealed is None) == (State.QUEUED, False)
    return not message.trouble


def test_five_mails_an_hour() -> None:
    """ABU-01."""
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
    assert post(NOW + 12 * HOUR, to=BOB, address="192.0.2.1")


def test_the_cap_is_over_all_kinds() -> None:
    assert all(post(NOW, kind) for kind in (ALREADY_REGISTERED, REGISTRATION_CODE) * 2)
    assert post(NOW)
    assert not post(NOW)
    assert not post(NOW, ALREADY_REGISTERED)


def test_what_is_over_it_is_ended_by_the_worker_and_told_to_nobody() -> None:
    for _ in range(6):
        post(NOW)
    with travel(NOW, tick=False):
        delivery.deliver_due_messages(NOW)
    rows = Message.objects.order_by("created_at", "id")
    assert sorted((row.state, row.trouble, row.sealed) for row in rows) == [
        (State.ABANDONED, "capped", None),
        *[(State.SENT, "", None)] * 5,
    ]


def test_twenty_mails_an_hour_from_one_network_to_all_addresses() -> None:
    one = [post(NOW, to=Email(f"person{n}@example.com"), address="192.0.2.1") for n in range(22)]
    assert one == [True] * 20 + [False] * 2
    assert post(NOW, to=Email("person30@example.com"), address="192.0.2.2")
    assert post(NOW + HOUR, to=Email("person31@example.com"), address="192.0.2.1")


def test_each_address_has_its_own_cap() -> None:
    for _ in range(6):
        post(NOW)
    assert post(NOW, to=BOB)


def test_three_texts_an_hour_and_five_a_day() -> None:
    sms = [post(NOW + n * HOUR / 4, to=NUMBER) for n in range(4)]
    assert sms == [True, True, True, False]
    assert [post(NOW + n * HOUR, to=NUMBER) for n in (3, 4, 5)] == [True, True, False]
    assert post(NOW)  # mails are counted on their own


def test_of_many_at_once_five_go() -> None:
    assert sum(at_once(lambda _: post(NOW))) == 5
    assert Message.objects.count() == 32


def notice(now: datetime, kind: MessageKind, link: str = "", to: Address = ADA) -> None:
    """Tell the owner of something."""
    outbox.post(
        Client(at=now, ip_address="192.0.2.1"),
        kind,
        to=to,
        language="",
        params={"at": f"{now:%H:%M}", "address": "192.0.2.1", "link": link},
    )


def held() -> dict[str, dict[str, object]]:
    """What the digest that waits lists."""
    row = Message.objects.get(kind=DIGEST.name, state=State.QUEUED)
    _, params, _ = envelope.unseal_content(row)
    found: dict[str, dict[str, object]] = json.loads(str(params["held"]))
    return found


def test_no_stranger_spends_what_the_account_causes() -> None:
    """ABU-12."""
    for _ in range(12):
        post(NOW)
    notice(NOW, EMAIL_CHANGING)
    assert Message.objects.get(kind=EMAIL_CHANGING.name).trouble == ""
    assert not post(NOW)


def test_what_the_account_causes_beyond_twenty_an_hour_is_told_together() -> None:
    """ABU-12."""
    for n in range(24):
        notice(NOW + n * SECOND, EMAIL_CHANGING)
    notice(NOW + 30 * SECOND, SESSION_ENDED)
    assert Message.objects.filter(kind=EMAIL_CHANGING.name, state=State.QUEUED).count() == 20
    assert {name: facts["times"] for name, facts in held().items()} == {"email_changing": 4, "session_ended": 1}
    assert (
        Message.objects.get(kind=DIGEST.name, state=State.QUEUED).due_at == NOW + 20 * SECOND + hourly_digest.HELD_FOR
    )


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.cause is Cause.ACCOUNT_WITH_UNDO])
def test_no_flood_holds_a_way_back(kind: MessageKind) -> None:
    """A thief who is in causes whatever he can, to hide what he does; of budgets that are sooner spent."""
    with rated(own_mail="1/hour"):
        for flood in KINDS.values():
            if flood is not kind and flood.cause is not Cause.STRANGER:
                for _ in range(2):
                    notice(NOW, flood, link="https://x.example/elsewhere")
        notice(NOW, kind, link="https://x.example/back")
    sent = Message.objects.get(kind=kind.name)
    assert (sent.state, sent.due_at, sent.trouble) == (State.QUEUED, NOW, "")


def test_a_digest_holds_every_way_back() -> None:
    for n in range(25):
        notice(NOW, NEW_SIGN_IN, link=f"https://x.example/{n}")
    notice(NOW, EMAIL_CHANGED, link="https://x.example/undo")
    assert held() == {
        "new_sign_in": {
            "times": 5,
            "at": f"{NOW:%H:%M}",
            "address": "192.0.2.1",
            "links": [f"https://x.example/{n}" for n in range(24, 19, -1)],
        }
    }


def test_notices_by_sms_wait_for_a_digest_too_and_refuse_nobody() -> None:
    for _ in range(5):
        notice(NOW, EMAIL_CHANGING, to=NUMBER)
    assert Message.objects.filter(kind=EMAIL_CHANGING.name, state=State.QUEUED).count() == 3
    assert held()["email_changing"]["times"] == 2


def test_of_many_held_at_once_none_is_lost() -> None:
    for _ in range(20):
        notice(NOW, EMAIL_CHANGING)
    at_once(lambda _: notice(NOW, EMAIL_CHANGING))
    rows = Message.objects.filter(kind=DIGEST.name, state=State.QUEUED)
    told = [json.loads(str(envelope.unseal_content(row)[1]["held"])) for row in rows]
    assert sum(each["email_changing"]["times"] for each in told) == 32


def _brings_link(kind: MessageKind) -> bool:
    return any(not action.page for action in kind.actions)


def test_every_kind_says_who_causes_it() -> None:
    ways_back = {kind.name for kind in KINDS.values() if _brings_link(kind) and kind.cause is not Cause.STRANGER}
    assert ways_back == {kind.name for kind in KINDS.values() if kind.cause is Cause.ACCOUNT_WITH_UNDO}
    assert {kind.name for kind in KINDS.values() if kind.cause is Cause.STRANGER} == {
        *("registration_code", "verify_address", "already_registered", "sign_in_trouble"),
        *("password_reset", "magic_link", "email_change", "phone_change"),
    }
