"""The engine proves: count, compare, claim; what the body does; what ends a challenge."""

from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.contracts.stores import KINDS, NOW, SECOND, at_once, kept, opened
from tests.domain.engines import (
    DATA,
    LEASE,
    POLICY,
    SIGN_UP,
    SUBJECT,
    Broken,
    Data,
    Lossy,
    code_of,
    engine,
    issue,
    resent,
    told,
    wrong,
)
from vestibule.challenges.engine import Engine
from vestibule.challenges.store import State, Store
from vestibule.kernel import errors
from vestibule.limits.guess_budget import GuessBudget
from vestibule.limits.models import Tally

MINUTE = timedelta(minutes=1)


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, house: None) -> Store:
    return opened(request.param)


@pytest.fixture
def desk(store: Store) -> Engine:
    return engine(store)


def charged() -> int:
    """How many guesses are counted against the address."""
    tally = Tally.objects.first()
    return len(tally.moments) if tally else 0


def test_a_right_code_proves_once(desk: Engine) -> None:
    """OTP-05."""
    issued = issue(desk)
    with desk.verify(desk.find_by_handle(SIGN_UP, issued.handle), code_of(issued), Data, now=NOW) as proof:
        assert (proof.id, proof.subject, proof.payload) == (issued.id, SUBJECT, DATA)
    assert kept(desk.store, issued.id).state is State.SETTLED
    assert told(desk, issued.handle, code_of(issued)) == "token_used"
    assert charged() == 0


def test_what_is_issued_says_what_the_policy_says(desk: Engine) -> None:
    issued = issue(desk)
    assert (issued.expires_at, issued.status.expires_in, issued.status.resend_in) == (NOW + POLICY.ttl, 600, 60)
    assert (issued.status.resends_left, issued.status.attempts_left, issued.link) == (5, 5, None)
    assert code_of(issued).isdecimal()
    assert len(code_of(issued)) == 6


def test_wrong_codes_count_down_and_the_last_exhausts(desk: Engine) -> None:
    """OTP-03."""
    issued = issue(desk)
    for left in (4, 3, 2, 1):
        with (
            pytest.raises(errors.WrongSecret) as refused,
            desk.verify(desk.find_by_handle(SIGN_UP, issued.handle), wrong(issued.code), Data, now=NOW),
        ):
            raise AssertionError("the body ran")
        assert (refused.value.attempts_left, refused.value.subject) == (left, SUBJECT)
    assert told(desk, issued.handle, wrong(issued.code)) == "otp_exhausted"
    assert told(desk, issued.handle, code_of(issued)) == "otp_exhausted"


def test_time_is_checked_when_the_code_is(desk: Engine) -> None:
    """OTP-07."""
    early, late = issue(desk), issue(desk)
    assert told(desk, early.handle, code_of(early), now=early.expires_at - SECOND) == "proved"
    assert told(desk, late.handle, code_of(late), now=late.expires_at) == "otp_expired"
    assert kept(desk.store, late.id).state is State.WAITING  # the row is still there


def test_a_body_that_fails_costs_nothing(desk: Engine) -> None:
    issued = issue(desk)
    for _ in range(8):
        seen = desk.find_by_handle(SIGN_UP, issued.handle)
        with suppress(Broken), desk.verify(seen, code_of(issued), Data, now=NOW):
            raise Broken
        assert (kept(desk.store, issued.id).attempts, charged()) == (0, 0)
    assert told(desk, issued.handle, code_of(issued)) == "proved"


def test_a_refusal_of_the_body_leaves_the_code_good_but_already_used_settles(desk: Engine) -> None:
    issued = issue(desk)
    with (
        pytest.raises(errors.UsernameTaken),
        desk.verify(desk.find_by_handle(SIGN_UP, issued.handle), code_of(issued), Data, now=NOW),
    ):
        raise errors.UsernameTaken
    with (
        pytest.raises(errors.AlreadyUsed),
        desk.verify(desk.find_by_handle(SIGN_UP, issued.handle), code_of(issued), Data, now=NOW),
    ):
        raise errors.AlreadyUsed
    assert kept(desk.store, issued.id).state is State.SETTLED
    assert told(desk, issued.handle, code_of(issued)) == "token_used"
    assert charged() == 0


def test_right_codes_give_their_attempts_back_after_wrong_ones(desk: Engine) -> None:
    issued = issue(desk)
    for _ in range(4):
        told(desk, issued.handle, wrong(issued.code))
    with (
        suppress(Broken),
        desk.verify(desk.find_by_handle(SIGN_UP, issued.handle), code_of(issued), Data, now=NOW + SECOND),
    ):
        raise Broken
    assert (kept(desk.store, issued.id).attempts, charged()) == (4, 4)
    assert told(desk, issued.handle, code_of(issued), now=NOW + SECOND) == "proved"


def test_nobody_else_works_while_the_lease_runs_and_it_runs_out(desk: Engine) -> None:
    issued = issue(desk)
    with desk.verify(desk.find_by_handle(SIGN_UP, issued.handle), code_of(issued), Data, now=NOW):
        charged_before = charged()
        with (
            pytest.raises(errors.Locked) as refused,
            desk.verify(desk.find_by_handle(SIGN_UP, issued.handle), code_of(issued), Data, now=NOW + 10 * SECOND),
        ):
            raise AssertionError("the body ran")
        assert refused.value.retry_after == 21
        assert charged() == charged_before  # the code was right, so nothing is charged for knocking
        assert kept(desk.store, issued.id).attempts == 0
        with (
            pytest.raises(errors.Locked),
            desk.resend(desk.find_by_handle(SIGN_UP, issued.handle), Data, now=NOW + 29 * SECOND),
        ):
            raise AssertionError("the body ran")
        assert told(desk, issued.handle, code_of(issued), now=NOW + LEASE) == "proved"  # as if the first had died
    assert told(desk, issued.handle, code_of(issued), now=NOW + LEASE) == "token_used"


def test_what_its_holder_gives_back_meanwhile_is_told_to_be_tried_again(store: Store) -> None:
    """Not that it expired: it is as good as before."""
    desk = engine(store)
    issued = issue(desk)
    seen, lease = desk.find_by_handle(SIGN_UP, issued.handle), uuid4()
    assert store.count_attempt(seen.id, limit=5, now=NOW)
    assert store.claim(seen, lease=lease, now=NOW, until=NOW + LEASE)

    class Meanwhile(Lossy):
        def claim(self, *args: Any, **more: Any) -> bool:
            won = self.real.claim(*args, **more)
            self.real.release(seen.id, lease=lease)
            return won

    assert told(engine(Meanwhile(store, set())), issued.handle, code_of(issued)) == "locked"
    assert told(desk, issued.handle, code_of(issued)) == "proved"


def test_a_slow_loser_of_the_lease_does_not_open_it_again(desk: Engine) -> None:
    issued = issue(desk)
    seen = desk.find_by_handle(SIGN_UP, issued.handle)
    with suppress(Broken), desk.verify(seen, code_of(issued), Data, now=NOW):
        assert told(desk, issued.handle, code_of(issued), now=NOW + LEASE) == "proved"
        raise Broken
    assert told(desk, issued.handle, code_of(issued), now=NOW + LEASE) == "token_used"


def test_a_store_that_fails_while_settling_changes_nothing_that_was_told(store: Store) -> None:
    issued = issue(engine(store))
    lossy = engine(Lossy(store, {"settle"}))
    assert told(lossy, issued.handle, code_of(issued)) == "proved"
    assert told(lossy, issued.handle, code_of(issued)) == "locked"
    with (
        pytest.raises(errors.AlreadyUsed),
        lossy.verify(lossy.find_by_handle(SIGN_UP, issued.handle), code_of(issued), Data, now=NOW + LEASE),
    ):
        raise errors.AlreadyUsed  # what the audit record makes of a second effect


def test_a_store_that_fails_while_releasing_does_not_hide_why(store: Store) -> None:
    issued = issue(engine(store))
    lossy = engine(Lossy(store, {"release"}))
    with (
        pytest.raises(Broken),
        lossy.verify(lossy.find_by_handle(SIGN_UP, issued.handle), code_of(issued), Data, now=NOW),
    ):
        raise Broken
    assert told(lossy, issued.handle, code_of(issued), now=NOW + LEASE) == "proved"


def test_a_budget_that_can_not_be_asked_costs_no_attempt(store: Store) -> None:
    """FLT: the database of the budget is down while the store is not; the code stays as good as it was."""

    class Down(GuessBudget):
        def spend(self, subject: bytes, now: object) -> int:
            raise ConnectionError

    issued = issue(engine(store))
    for _ in range(POLICY.attempts + 1):
        with (
            pytest.raises(ConnectionError),
            engine(store, budget=Down()).verify(kept(store, issued.id), code_of(issued), Data, now=NOW),
        ):
            raise AssertionError("the body ran")
    assert kept(store, issued.id).attempts == 0
    assert told(engine(store), issued.handle, code_of(issued)) == "proved"


# Resend.


def test_a_resend_replaces_the_secret_and_keeps_the_attempts(desk: Engine) -> None:
    """OTP-06."""
    issued = issue(desk)
    told(desk, issued.handle, wrong(issued.code))
    again = resent(desk, issued.handle, now=NOW + MINUTE)
    assert (again.id, again.handle) == (issued.id, issued.handle)
    assert (again.status.resends_left, again.status.attempts_left, again.status.resend_in) == (4, 4, 120)
    assert again.expires_at == NOW + MINUTE + POLICY.ttl
    if again.code != issued.code:
        assert told(desk, issued.handle, code_of(issued), now=NOW + MINUTE) == "otp_invalid"
    assert told(desk, issued.handle, code_of(again), now=NOW + MINUTE) == "proved"


def test_a_resend_whose_body_raises_is_taken_back(desk: Engine) -> None:
    issued = issue(desk)
    before, unsent = kept(desk.store, issued.id), ""
    with suppress(Broken), desk.resend(desk.find_by_handle(SIGN_UP, issued.handle), Data, now=NOW + MINUTE) as again:
        unsent = code_of(again)
        raise Broken
    assert kept(desk.store, issued.id) == before
    if unsent != issued.code:
        assert told(desk, issued.handle, unsent, now=NOW + MINUTE) == "otp_invalid"
    assert told(desk, issued.handle, code_of(issued), now=NOW + MINUTE) == "proved"


def test_the_cooldown_is_said_in_whole_seconds(desk: Engine) -> None:
    issued = issue(desk)
    with (
        pytest.raises(errors.TooSoon) as refused,
        desk.resend(desk.find_by_handle(SIGN_UP, issued.handle), Data, now=NOW + 59.5 * SECOND),
    ):
        raise AssertionError("the body ran")
    assert refused.value.retry_after == 1


def test_what_has_ended_is_not_sent_again(desk: Engine) -> None:
    used, spent, old = issue(desk), issue(desk), issue(desk)
    told(desk, used.handle, code_of(used))
    for _ in range(POLICY.attempts):
        told(desk, spent.handle, wrong(spent.code))
    for ended, refusal, now in (
        (used, errors.AlreadyUsed, NOW + MINUTE),
        (spent, errors.Exhausted, NOW + MINUTE),
        (old, errors.Expired, old.expires_at),
    ):
        with pytest.raises(refusal), desk.resend(desk.find_by_handle(SIGN_UP, ended.handle), Data, now=now):
            raise AssertionError("the body ran")


# Many at once.


def test_of_many_wrong_codes_five_are_compared(desk: Engine) -> None:
    """RACE-01."""
    issued = issue(desk)
    answers = at_once(lambda _: told(desk, issued.handle, wrong(issued.code)))
    assert set(answers) <= {"otp_invalid", "otp_exhausted"}
    assert (kept(desk.store, issued.id).attempts, charged()) == (5, 5)


def test_of_many_right_codes_one_proves(desk: Engine) -> None:
    """RACE-02."""
    issued = issue(desk)
    answers = at_once(lambda _: told(desk, issued.handle, code_of(issued)))
    assert answers.count("proved") == 1
    assert set(answers) <= {"proved", "locked", "token_used", "otp_exhausted"}
    assert charged() == 0
    assert told(desk, issued.handle, code_of(issued)) == "token_used"


def test_of_many_resends_one_is_sent(desk: Engine) -> None:
    """RACE-09."""
    issued = issue(desk)

    def again(_: int) -> str:
        try:
            return code_of(resent(desk, issued.handle, now=NOW + MINUTE))
        except errors.Refusal as refusal:
            return refusal.code

    answers = at_once(again)
    [live] = [answer for answer in answers if answer.isdecimal()]
    assert set(answers) <= {live, "cooldown", "locked"}
    assert told(desk, issued.handle, live, now=NOW + MINUTE) == "proved"
