"""ABU-01, 03, 05, 08, 11: a mailbox is not bombed, whatever kinds of mail are asked for and from wherever; a mail goes
to one address; and to ask for a reset changes nothing by itself."""

from datetime import timedelta

import pytest
from django.utils import timezone
from time_machine import travel

from tests.attacks.allowances import defaults, spend, stranger
from tests.world import PASSWORD, Api, Door, Http, Inbox
from vestibule.accounts.models import User
from vestibule.addresses import parsing
from vestibule.flows.recovery import password_reset
from vestibule.kernel.client import Client

ADA, NOBODY = "ada@example.com", "nobody@example.com"


def bomb(address: str, access: str, inbox: Inbox, hours: int) -> tuple[set[object], list[int]]:
    """Ask for every kind of mail to it, from fifty networks, for so many hours: the answers, and the mails an hour."""
    answers: set[object] = set()
    mails: list[int] = []
    start = timezone.now()
    for hour in range(hours):
        with travel(start + timedelta(hours=hour, seconds=1)):
            for n in range(6):
                at = stranger((hour * 6 + n) % 50)
                reply = at.start(email=address, password=PASSWORD)
                answers.add(("start", reply.status, frozenset(reply.body)))
                resent = at.resend(reply.registration)
                answers.add(("resend", resent.status, resent.code))
                reply = at.register(email=address, username=f"x{hour}y{n}", password=PASSWORD)
                answers.add(("register", reply.status, frozenset(reply.body)))
                for path in ("verify-email/resend", "password/reset"):
                    reply = at.post(path, {"email": address})
                    answers.add((path, reply.status, reply.text))
            mails.append(len(inbox.all(address)))
            inbox.empty()
    return answers, mails


def test_abu_01_five_mails_an_hour_and_ten_a_day_over_all_kinds(api: Api, inbox: Inbox) -> None:
    access = api.account(inbox, ADA)
    inbox.empty()
    with defaults():
        known, to_ada = bomb(ADA, access, inbox, hours=3)
        unknown, to_nobody = bomb(NOBODY, access, inbox, hours=3)
    assert known == unknown
    for mails in (to_ada, to_nobody):
        assert max(mails) <= 5
        assert 5 < sum(mails) <= 10  # a newer code takes the place of one that waits


def test_abu_01_changes_of_address_are_of_the_same_allowance(api: Api, inbox: Inbox) -> None:
    access = api.account(inbox, ADA)
    with defaults():
        for _ in range(8):
            reply = api.send("POST", "email/change", access, {"email": NOBODY, "password": PASSWORD})
            assert reply.status == 202
        assert stranger(1).start(email=NOBODY, password=PASSWORD).status == 202
    assert len(inbox.all(NOBODY)) == 5
    assert len([post for post in inbox.all(ADA) if "about to change" in post.subject]) == 8  # the owner knows of all


@pytest.mark.parametrize(("after", "sent"), [(1, 1), (30, 1), (59, 1), (61, 2)])
def test_abu_03_a_resend_within_the_cooldown_sends_nothing(after: int, sent: int, door: Door, inbox: Inbox) -> None:
    with travel(timezone.now(), tick=False) as clock, defaults():
        registration = door.start(email=ADA, password=PASSWORD).registration
        assert len(inbox.all(ADA)) == 1
        clock.shift(after)
        door.resend(registration)
        assert len(inbox.all(ADA)) == sent


def test_abu_03_nor_does_a_second_reset_within_a_minute(api: Api, inbox: Inbox) -> None:
    api.account(inbox, ADA)
    inbox.empty()
    with travel(timezone.now(), tick=False) as clock, defaults():
        for after, sent in ((0, 1), (1, 1), (58, 1), (2, 2)):
            clock.shift(after)
            stranger(3).post("password/reset", {"email": ADA})
            assert len(inbox.all(ADA)) == sent


def test_abu_11_to_ask_for_a_reset_changes_nothing(api: Api, inbox: Inbox) -> None:
    access = api.account(inbox, ADA)
    before = User.objects.values().get(email=ADA)
    with defaults():
        for n in range(20):
            assert stranger(n).post("password/reset", {"email": ADA}).status == 202
        assert User.objects.values().get(email=ADA) == before
        assert api.send("GET", "me", access).status == 200
        assert stranger(30).login(ADA).status == 200


def test_abu_11_what_the_staff_have_sent_does_not_end_where_strangers_were(api: Api, inbox: Inbox) -> None:
    api.account(inbox, ADA)
    with defaults():
        spend(ADA)
        inbox.all()
        inbox.empty()
        password_reset.start(client=Client.for_system("staff", timezone.now()), address=parsing.parse_email(ADA))
        assert "password reset code" in inbox.newest(ADA).subject


BETWEEN = (",", ";", " ", "\n", "%0a", "\x00", "\tcc:", "\r\nBcc: ")
SECOND = [*(f"ada@example.com{between}eve@example.com" for between in BETWEEN), "Ada <ada@example.com>"]


@pytest.mark.parametrize("typed", SECOND, ids=ascii)
def test_abu_05_a_mail_goes_to_one_address(api: Api, inbox: Inbox, typed: str) -> None:
    access = api.account(inbox, ADA)
    inbox.empty()
    for path in ("register/start", "register", "verify-email/resend", "password/reset"):
        for email in (typed, [ADA, "eve@example.com"], {"to": ADA}):
            assert api.post(path, {"email": email, "password": PASSWORD}).code == "invalid", path
    assert api.send("POST", "email/change", access, {"email": typed, "password": PASSWORD}).code == "invalid"
    for path in ("/register/", "/password/reset/", "/verify-email/resend/"):
        assert Http().post(path, {"email": typed, "password": PASSWORD}).status_code in (200, 400)
    assert inbox.all() == []


def test_abu_08_a_number_has_one_allowance_however_it_is_spelled(api: Api, inbox: Inbox) -> None:
    """ABU-07: three texts an hour, and five a day."""
    spelled = ("+14155550100", "+1 (415) 555-0100", "\uff0b1 415.555.0100", "+\u0661-415-555-0100")
    with travel(timezone.now(), tick=False) as clock, defaults():
        for hour in range(4):
            for number, typed in enumerate(spelled):
                stranger(hour * 4 + number).start(phone_number=typed, channel="sms", password=PASSWORD)
                clock.shift(61)
            assert len(inbox.all()) == len(inbox.all("+14155550100")) <= 3 * (hour + 1)
            clock.shift(3600)
    assert len(inbox.all()) == 5
    for typed in ("+14155550100 ext. 5", "0014155550100", "+14155550100,+14155550101"):
        assert api.start(phone_number=typed, channel="sms", password=PASSWORD).code == "invalid"
