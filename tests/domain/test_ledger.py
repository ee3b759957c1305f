"""The ledger: wrong codes per address that nothing lowers, and mails per address that nobody notices the cap of."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection
from django.db.transaction import atomic
from django.test.utils import CaptureQueriesContext

from tests.contracts.stores import KINDS, NOW, SECOND, at_once, opened
from tests.domain.engines import SIGN_UP, SUBJECT, Broken, Data, code_of, engine, issue, resent, told, wrong
from vestibule.challenges.engine import Engine
from vestibule.kernel.errors import Locked
from vestibule.limits import ledger
from vestibule.limits.guess_budget import GuessBudget
from vestibule.limits.ledger import Count
from vestibule.limits.models import Tally
from vestibule.limits.rolling_window import FOREVER, UNBOUNDED, Allowance

pytestmark = pytest.mark.usefixtures("house")

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BUDGET = GuessBudget()


def spend(now: datetime, subject: bytes = SUBJECT) -> int:
    return BUDGET.spend(subject, now)


# The arithmetic.


def test_ten_an_hour_to_the_second() -> None:
    """BF-13."""
    assert [spend(NOW + n * SECOND) for n in range(11)] == [0] * 10 + [3590]
    assert spend(NOW + HOUR - SECOND) == 1
    assert spend(NOW + HOUR) == 0  # the first has left the window
    assert spend(NOW + HOUR) == 1  # the second has not


def test_twenty_a_day_to_the_second() -> None:
    for n in range(20):
        assert spend(NOW + n * HOUR / 2) == 0
    assert spend(NOW + 10 * HOUR) == 14 * 3600
    assert spend(NOW + DAY - SECOND) == 1
    assert spend(NOW + DAY) == 0
    assert spend(NOW + DAY) == 1800


def test_the_longest_of_two_waits_is_told() -> None:
    both = Allowance(windows=((1, HOUR), (2, DAY)))
    assert both.seconds_until_free([0], 0, 10) == 3590
    assert both.seconds_until_free([0, 4000], 0, 4010) == 86_400 - 4010
    assert both.seconds_until_free([], 10**6, 0) == 0
    assert Allowance(windows=()).memory_seconds == 0


def test_a_refused_guess_is_not_counted() -> None:
    for n in range(10):
        spend(NOW + n * SECOND)
    for _ in range(20):
        assert spend(NOW + 60 * SECOND) > 0
    tally = Tally.objects.get()
    assert (len(tally.moments), tally.streak) == (10, 10)


def test_each_address_has_its_own() -> None:
    for _ in range(10):
        spend(NOW)
    assert spend(NOW, b"o" * 32) == 0
    assert spend(NOW) > 0


def test_a_clock_that_went_back_opens_nothing() -> None:
    """FLT-15."""
    for _ in range(10):
        spend(NOW)
    assert spend(NOW - HOUR) >= 3600


def test_a_hundred_in_a_row_close_until_a_proof() -> None:
    for day in range(5):
        for n in range(20):
            assert spend(NOW + day * DAY + n * HOUR) == 0
    later = NOW + 400 * DAY
    assert spend(later) == FOREVER
    assert BUDGET.seconds_until_guess(SUBJECT, later) == FOREVER
    BUDGET.give_back(SUBJECT, later, proved=False)  # what was not wrong counts for nothing
    assert spend(later) == 0
    assert spend(later) == FOREVER
    BUDGET.give_back(SUBJECT, later, proved=True)
    assert BUDGET.seconds_until_guess(SUBJECT, later) == 0


def test_what_is_given_back_is_the_guess_of_that_moment() -> None:
    for n in range(10):
        spend(NOW + n * SECOND)
    BUDGET.give_back(SUBJECT, NOW + 9 * SECOND, proved=False)
    BUDGET.give_back(SUBJECT, NOW + 9 * SECOND, proved=False)  # nothing of that moment is left
    assert spend(NOW + 10 * SECOND) == 0
    assert spend(NOW + 10 * SECOND) > 0


def test_a_proof_ends_the_run_but_not_the_windows() -> None:
    for _ in range(10):
        spend(NOW)
    BUDGET.give_back(SUBJECT, NOW + SECOND, proved=True)
    tally = Tally.objects.get()
    assert (len(tally.moments), tally.streak) == (10, 0)
    assert spend(NOW + SECOND) > 0


def test_the_only_guess_is_given_back_whole() -> None:
    for proved, later, left in ((False, NOW, 0), (False, NOW + 2 * DAY, 1), (True, NOW + 4 * DAY, 0)):
        spend(later)  # the ones before have left every window, and the run goes on
        BUDGET.give_back(SUBJECT, later, proved=proved)
        tally = Tally.objects.get()
        assert (list(tally.moments), tally.streak, tally.touched_at) == ([], left, later)
        spend(later + HOUR)


# Under the engine.


@pytest.fixture(params=KINDS)
def desk(request: pytest.FixtureRequest) -> Engine:
    return engine(opened(request.param))


def test_no_resend_and_no_restart_lowers_the_count(desk: Engine) -> None:
    """BF-05: four wrong codes, a resend, four more, and a new registration: ten in all are compared."""
    issued, now, answers = issue(desk), NOW, []
    for _ in range(3):
        for _ in range(2):
            answers += [told(desk, issued.handle, wrong(issued.code), now=now) for _ in range(2)]
            now += timedelta(seconds=121)
            issued = resent(desk, issued.handle, now=now)
        issued = issue(desk, now=now)
    assert answers == ["otp_invalid"] * 10 + ["locked"] * 2


def test_a_closed_address_gets_a_long_code_that_its_owner_can_use(desk: Engine) -> None:
    for _ in range(10):
        spend(NOW)
    issued = issue(desk)
    code = code_of(issued)
    assert len(code) == 23
    assert told(desk, issued.handle, "123456") == "locked"
    assert told(desk, issued.handle, code.replace(code[0], "!", 1)) == "otp_invalid"
    assert told(desk, issued.handle, code) == "proved"


def test_a_short_code_of_before_waits_and_costs_no_attempt(desk: Engine) -> None:
    issued = issue(desk)
    for _ in range(10):
        spend(NOW)
    for _ in range(8):
        with (
            pytest.raises(Locked) as refused,
            desk.verify(desk.find_by_handle(SIGN_UP, issued.handle), code_of(issued), Data, now=NOW),
        ):
            raise AssertionError("the body ran")
        assert refused.value.retry_after == 3600
    assert len(code_of(resent(desk, issued.handle, now=NOW + timedelta(minutes=1)))) == 23


def test_a_long_code_is_compared_after_a_hundred_in_a_row_and_opens_the_way(desk: Engine) -> None:
    Tally.objects.create(scope="codes", key=SUBJECT, touched_at=NOW, streak=100)
    issued = issue(desk)
    assert told(desk, issued.handle, code_of(issued)) == "proved"
    assert Tally.objects.get().streak == 0
    assert len(code_of(issue(desk))) == 6


def test_a_long_code_that_fails_its_work_takes_nothing_off(desk: Engine) -> None:
    for _ in range(10):
        spend(NOW)
    issued = issue(desk)
    with (
        pytest.raises(Broken),
        desk.verify(desk.find_by_handle(SIGN_UP, issued.handle), code_of(issued), Data, now=NOW),
    ):
        raise Broken
    assert spend(NOW) == 3600


@pytest.mark.parametrize("before", [0, 6])
def test_of_many_guesses_at_once_over_many_registrations_ten_are_compared(desk: Engine, before: int) -> None:
    """OTP-04, RACE-01."""
    for _ in range(before):
        spend(NOW)
    many = [issue(desk) for _ in range(32)]
    answers = at_once(lambda n: told(desk, many[n].handle, wrong(many[n].code)))
    assert answers.count("otp_invalid") == 10 - before
    assert set(answers) == {"otp_invalid", "locked"}
    assert len(Tally.objects.get().moments) == 10


# The table.


def test_of_many_first_guesses_at_once_there_is_one_row() -> None:
    assert sum(wait == 0 for wait in at_once(lambda _: spend(NOW))) == 10
    with pytest.raises(IntegrityError), atomic():
        Tally.objects.create(scope="codes", key=SUBJECT, touched_at=NOW)


def test_a_count_joins_its_transaction() -> None:
    with suppress(Broken), atomic():
        spend(NOW)
        raise Broken
    assert not Tally.objects.exists()


# Several at once.


def standing() -> dict[str, tuple[int, int]]:
    """How many moments, and what streak, of each scope."""
    return {tally.scope: (len(tally.moments), tally.streak) for tally in Tally.objects.all()}


@pytest.mark.parametrize(("fits", "stands"), [(2, {"common": (2, 2), "own": (1, 0)}), (1, {"common": (1, 1)})])
def test_another_comes_between_the_look_and_the_count(
    monkeypatch: pytest.MonkeyPatch, fits: int, stands: dict[str, tuple[int, int]]
) -> None:
    """What was counted meanwhile is counted; and where it does not fit any more, nothing of ours is left."""
    common = Count("common", SUBJECT, Allowance(windows=((fits, HOUR),), most_in_a_row=100))
    own = Count("own", SUBJECT, Allowance(windows=((5, HOUR),)))
    look = ledger._read_counts

    def and_another(counts: Sequence[Count]) -> list[Count]:
        seen = look(counts)
        monkeypatch.undo()
        assert ledger.spend_all(NOW, common).wait == 0
        return seen

    monkeypatch.setattr(ledger, "_read_counts", and_another)
    spent = ledger.spend_all(NOW, own, common)
    assert (spent.wait == 0, tuple(each.streak for each in spent.counts)) == (
        (True, (0, 2)) if fits == 2 else (False, ())
    )
    assert {scope: each for scope, each in standing().items() if each != (0, 0)} == stands


def test_what_is_forgotten_between_the_look_and_the_count_stays_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """The owner signs in while a stranger's try is on its way: it is the first of a new count."""
    tries = Count("tries", SUBJECT, Allowance(windows=((5, HOUR),), most_in_a_row=100))
    for _ in range(3):
        ledger.spend_all(NOW, tries)
    look = ledger._read_counts

    def and_forgotten(counts: Sequence[Count]) -> list[Count]:
        seen = look(counts)
        ledger.reset_counts(tries.scope_and_key)
        return seen

    monkeypatch.setattr(ledger, "_read_counts", and_forgotten)
    assert [each.streak for each in ledger.spend_all(NOW, tries).counts] == [1]
    assert standing() == {"tries": (1, 1)}


@pytest.mark.parametrize("meanwhile", ["nothing", "one more", "forgotten", "all forgotten"])
def test_a_success_ends_its_runs_and_takes_its_try_back_from_the_others(meanwhile: str) -> None:
    """Whatever else was counted since is kept where it is only taken back, and ends where the run ends."""
    run = Count("run", SUBJECT, Allowance(windows=((9, HOUR),), most_in_a_row=100))
    other = Count("other", SUBJECT, Allowance(windows=((9, HOUR),), most_in_a_row=100))
    ledger.spend_all(NOW - SECOND, run, other)
    counted = ledger.spend_all(NOW, run, other).counts
    if meanwhile == "one more":
        ledger.spend_all(NOW + SECOND, run, other)
    elif meanwhile == "forgotten":
        ledger.reset_counts(run.scope_and_key)
    elif meanwhile == "all forgotten":
        ledger.delete_counts(SUBJECT)
    with CaptureQueriesContext(connection) as statements, atomic():
        ledger.settle_counts(counted, NOW, ended=[run])
    left = 2 if meanwhile == "one more" else 1
    assert {scope: each for scope, each in standing().items() if scope == "other"} == {"other": (left, left)}
    assert standing().get("run", (0, 0)) == (0, 0)
    if meanwhile == "nothing":
        assert sum("vestibule_limit_tally" in each["sql"] for each in statements.captured_queries) == 1


def test_of_many_at_once_that_share_one_count_as_many_are_counted_as_fit() -> None:
    """And each of them has its own count, which says one where it was, and none where it was refused."""
    common = Count("common", SUBJECT, Allowance(windows=((5, HOUR),), most_in_a_row=100))
    waits = at_once(lambda n: ledger.spend_all(NOW, Count(f"own {n}", SUBJECT, UNBOUNDED), common).wait)
    passed = {f"own {n}" for n, wait in enumerate(waits) if wait == 0}
    stands = standing()
    assert stands.pop("common") == (5, 5)
    assert len(passed) == 5
    assert {scope for scope, (moments, _) in stands.items() if moments} == passed


def test_a_refused_try_writes_nothing() -> None:
    """Whoever hammers on a shut door costs two looks, and no row that is written anew."""
    for _ in range(10):
        spend(NOW)
    with CaptureQueriesContext(connection) as asked:
        assert spend(NOW) > 0
    assert not [query for query in asked.captured_queries[1:] if not query["sql"].startswith("SELECT")]
