"""ENUM-03: nobody is told whose number it is by typing it, and its owner loses nothing by it."""

import pytest
from django.utils import timezone

from tests.world import PASSWORD, Api, Door, Inbox, Reply
from vestibule.accounts.models import User

TAKEN, FREE = "+14155550100", "+14155550111"
VICTIM, EVE = "victim@example.com", "eve@example.com"


@pytest.fixture
def victim(house: None, inbox: Inbox) -> User:
    """An account that proved the number, and has a handle."""
    Api().account(inbox, VICTIM)
    User.objects.update(phone_number=TAKEN, phone_verified_at=timezone.now(), username="victim")
    inbox.empty()
    return User.objects.get()


def shown(reply: Reply, typed: str) -> tuple[object, ...]:
    """What a stranger sees of an answer, without what they typed and the handle."""
    body = {name: value for name, value in reply.body.items() if name != "registration"}
    return reply.status, reply.code, str(body).replace(typed, "NUMBER"), sorted(reply.headers), len(reply.registration)


def test_enum_03_a_number_beside_an_address_is_compared_with_nobodys(door: Door, victim: User, inbox: Inbox) -> None:
    """A sign-up with somebody else's number is any sign-up: a number that was merely typed is nobody's."""
    answers = {}
    for number, email in ((TAKEN, "a@example.com"), (FREE, "b@example.com")):
        started = door.start(email=email, password=PASSWORD, phone_number=number)
        answers[number] = shown(started, number)
        assert door.confirm(started.registration, inbox.newest(email).code).status in (201, 303)
        assert User.objects.get(email=email).phone_verified_at is None
    assert answers[TAKEN] == answers[FREE]
    assert inbox.all(TAKEN) == []
    assert User.objects.filter(pk=victim.pk).values().get() == vars_of(victim)


def test_enum_03_a_sign_up_by_number_tells_its_owner_alone(door: Door, victim: User, inbox: Inbox) -> None:
    answers = {}
    for number in (TAKEN, FREE):
        started = door.start(phone_number=number, password=PASSWORD, channel="sms")
        wrong = door.confirm(started.registration, "xxxxxx")
        answers[number] = (shown(started, number), wrong.status, wrong.code)
    assert answers[TAKEN] == answers[FREE]
    [notice] = inbox.all(TAKEN)
    assert "already" in notice.text
    with pytest.raises(AssertionError, match="no code"):
        _ = notice.code
    assert User.objects.filter(pk=victim.pk).values().get() == vars_of(victim)


def test_enum_03_a_change_to_a_number_tells_its_owner_alone(api: Api, victim: User, inbox: Inbox) -> None:
    """Whoever is signed in learns no more than a stranger."""
    eve = api.account(inbox, EVE)
    answers = []
    for number in (TAKEN, FREE):
        asked = api.send("POST", "phone/change", eve, {"phone_number": number, "password": PASSWORD})
        wrong = api.send("POST", "phone/change/confirm", eve, {"otp": "xxxxxx"})
        answers.append((shown(asked, number), wrong.status, wrong.code, wrong.body["attempts_left"]))
    assert answers[0] == answers[1]
    assert "already" in inbox.newest(TAKEN).text
    assert api.send("POST", "phone/change/confirm", eve, {"otp": inbox.newest(FREE).code}).status == 200
    assert User.objects.filter(pk=victim.pk).values().get() == vars_of(victim)


def test_enum_03_a_handle_is_public(door: Door, victim: User, inbox: Inbox) -> None:
    """A taken one is said to be taken, and nothing more: no row, no mail."""
    refused = door.start(email="c@example.com", password=PASSWORD, username="VICTIM")
    assert (refused.status, refused.code) == (409, "username_taken")
    assert VICTIM not in refused.text
    assert inbox.all() == []
    assert User.objects.count() == 1


def vars_of(user: User) -> dict[str, object]:
    """The row as it was read."""
    return {field.attname: getattr(user, field.attname) for field in User._meta.concrete_fields}
