"""FLT-15: processes whose clocks differ, and a clock that is set back: nothing that was spent, used or ended comes
back, and nothing that is told is negative."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from time_machine import travel

from tests.world import PASSWORD, Api, Door, Http, Inbox
from vestibule.kernel.errors import Locked
from vestibule.limits import password_attempts
from vestibule.limits.guess_budget import GuessBudget
from vestibule.limits.password_attempts import CountedAccount

ADA = "ada@example.com"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
# Seconds by which the second process is off: 0 to show that what is refused is refused for its own sake.
OFF = (-3600, -300, 0, 300)
AWAY = "198.51.100.7"


@pytest.mark.parametrize("off", OFF)
def test_flt_15_a_code_that_was_used_or_used_up_stays_so(door: Door, inbox: Inbox, off: int) -> None:
    with travel(NOON, tick=False) as clock:
        used = door.start(email=ADA, password=PASSWORD).registration
        code = inbox.newest(ADA).code
        assert door.confirm(used, code).status in (201, 303)
        guessed = door.start(email="bob@example.com", password=PASSWORD).registration
        right = inbox.newest("bob@example.com").code
        for number in range(5):
            door.confirm(guessed, f"{(int(right) + 1 + number) % 1_000_000:06}")
        clock.shift(off)
        assert door.confirm(used, code).code == "token_used"
        assert door.confirm(guessed, right).code == "otp_exhausted"


@pytest.mark.parametrize("off", OFF)
def test_flt_15_whoever_must_wait_waits_by_every_clock(api: Api, inbox: Inbox, off: int) -> None:
    with travel(NOON, tick=False) as clock:
        api.account(inbox, ADA)
        stranger = Api(Http(REMOTE_ADDR=AWAY))
        for _ in range(9):
            stranger.login(ADA, "wrong")
            clock.shift(61)
        told = stranger.login(ADA)
        assert (told.status, told.code) == (429, "locked")
        clock.shift(min(off, told.body["retry_after"] - 60))  # told in whole minutes
        assert (reply := stranger.login(ADA)).code == "locked"
        assert 0 < reply.body["retry_after"] <= told.body["retry_after"] + abs(off)


@pytest.mark.parametrize("off", OFF)
def test_flt_15_what_ended_a_session_ended_it_by_every_clock(api: Api, inbox: Inbox, off: int) -> None:
    with travel(NOON, tick=False) as clock:
        api.account(inbox, ADA)
        body = api.login(ADA).body
        newer = api.post("token/refresh", {"refresh": body["refresh"]}).body
        assert api.post("logout", {"refresh": newer["refresh"]}).status == 204
        clock.shift(off)
        for token in (body, newer):
            assert api.send("GET", "me", token["access"]).status == 401
            assert api.post("token/refresh", {"refresh": token["refresh"]}).status == 401


@pytest.mark.parametrize("off", [-3600, -300])
def test_flt_15_no_token_counts_before_its_time(api: Api, inbox: Inbox, off: int) -> None:
    with travel(NOON, tick=False) as clock:
        access = api.account(inbox, ADA)
        clock.shift(off)
        assert api.send("GET", "me", access).status == 401
        clock.shift(-off)
        assert api.send("GET", "me", access).status == 200


@pytest.mark.parametrize("off", OFF)
def test_flt_15_nothing_that_is_told_is_negative(api: Api, inbox: Inbox, off: int) -> None:
    with travel(NOON, tick=False) as clock:
        registration = api.start(email=ADA, password=PASSWORD).registration
        clock.shift(off)
        for reply in (api.post("register/status", {"registration": registration}), api.resend(registration)):
            told = [reply.body.get(name, 0) for name in ("expires_in", "code_expires_in", "resend_in", "retry_after")]
            assert min(told) >= 0, reply.body
            assert max(told) <= 600 + abs(off), reply.body


@pytest.mark.parametrize("off", [-300, 300])
def test_flt_15_two_clocks_in_turn_give_no_guess_more(house: None, off: int) -> None:
    budget, subject = GuessBudget(), b"a" * 32
    moments = [NOON + timedelta(seconds=second + (off if second % 2 else 0)) for second in range(40)]
    assert [budget.spend(subject, moment) for moment in moments].count(0) == 10
    for process in (0, off):
        assert budget.spend(subject, NOON + timedelta(seconds=3599 - abs(off) + process)) > 0


@pytest.mark.parametrize("off", [-300, 300])
def test_flt_15_a_hundred_in_a_row_are_a_hundred_by_every_clock(house: None, off: int) -> None:
    account = CountedAccount(key=b"a" * 32, name=b"n" * 32)
    for number in range(password_attempts.MOST_IN_A_ROW):
        moment = NOON + timedelta(hours=2 * number, seconds=off if number % 2 else 0)
        assert password_attempts.count_attempt(account, moment).failures_in_a_row == number + 1
    for later in (timedelta(days=365), timedelta(days=-1)):
        with suppress(Locked):
            assert not password_attempts.count_attempt(account, NOON + later).allowed
