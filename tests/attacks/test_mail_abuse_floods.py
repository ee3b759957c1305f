"""ABU-02: a flood of sign-ups over many addresses of one domain, and over many domains: so many an hour are mailed, and
the rest answered alike; what guards an account goes on."""

from collections.abc import Iterator

import pytest
from time_machine import travel

from tests.attacks.allowances import stranger
from tests.configured import configured, rated
from tests.stories.test_captcha import solve
from tests.world import PASSWORD, Api, Door, Inbox
from vestibule.audit.models import AuditEvent
from vestibule.courier.models import Message

ADA = "ada@one.example"


@pytest.fixture
def few(house: None) -> Iterator[None]:
    """Three an hour to a domain, five in all; no other rate."""
    with rated(sign_up_mail="3/hour", sign_up_mail_overall="5/hour"):
        yield


def alarms() -> int:
    """How often it was told."""
    return AuditEvent.objects.filter(name="mail.flooded").count()


def test_abu_02_a_domain_and_the_whole_have_their_share(few: None, door: Door, inbox: Inbox) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        ones = [door.start(email=f"p{number}@one.example", password=PASSWORD) for number in range(6)]
        assert {reply.status for reply in ones} == {ones[0].status}
        assert {post.to for post in inbox.all()} == {f"p{number}@one.example" for number in range(3)}
        assert alarms() == 1
        for number in range(4):
            assert door.start(email=f"p{number}@two{number}.example", password=PASSWORD).status == ones[0].status
        assert len(inbox.all()) == 5
        assert alarms() == 1  # once an hour
        unsent = Message.objects.filter(state="abandoned", trouble="capped")
        assert unsent.count() == 5
        clock.shift(3601)
        door.start(email="late@one.example", password=PASSWORD)
        assert inbox.newest("late@one.example").code
        for number in range(6):
            door.start(email=f"q{number}@one.example", password=PASSWORD)
        assert alarms() == 2


def test_abu_02_a_known_address_is_no_exception(few: None, api: Api, inbox: Inbox) -> None:
    """Its notice is one of the mails that a stranger causes by signing up."""
    api.account(inbox, ADA)
    inbox.empty()
    for number in range(2):
        api.start(email=f"p{number}@one.example", password=PASSWORD)
    replies = [api.start(email=email, password=PASSWORD) for email in (ADA, "nobody@one.example")]
    assert [reply.status for reply in replies] == [202, 202]
    assert {post.to for post in inbox.all()} == {"p0@one.example", "p1@one.example"}


def test_abu_02_what_guards_an_account_goes_on(few: None, api: Api, inbox: Inbox) -> None:
    """Its reset too, which a stranger could have closed by signing up."""
    access = api.account(inbox, ADA)
    for number in range(9):
        api.start(email=f"p{number}@one.example", password=PASSWORD)
    inbox.empty()
    assert stranger(7).login(ADA).status == 200
    assert "New sign-in" in inbox.newest(ADA).subject
    stranger(8).post("password/reset", {"email": ADA})
    assert "password reset code" in inbox.newest(ADA).subject
    change = {"current_password": PASSWORD, "password": "another password entirely"}
    assert api.send("POST", "password/change", access, change).status == 204
    assert "changed" in inbox.newest(ADA).subject


def test_abu_02_who_solves_a_captcha_is_mailed_all_the_same(few: None, api: Api, inbox: Inbox) -> None:
    with configured(CAPTCHA_REGISTER="suspicious", CAPTCHA_COST=1):
        for number in range(6):
            api.start(email=f"p{number}@one.example", password=PASSWORD)
        api.start(email="person@one.example", password=PASSWORD, captcha=solve(api))
        assert inbox.newest("person@one.example").code
