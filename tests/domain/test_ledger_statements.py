"""One count by one statement of PostgreSQL comes out as by the several that serve SQLite and many counts at once."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from tests.contracts.stores import NOW, at_once
from tests.environment import PRODUCTION
from vestibule.limits import ledger, ledger_statements
from vestibule.limits.guess_budget import WRONG_CODES, WRONG_FACTORS, WRONG_LONG_FACTORS
from vestibule.limits.ledger import Count
from vestibule.limits.models import Tally
from vestibule.limits.rolling_window import Allowance
from vestibule.storage import database
from vestibule.storage.database import atomic

pytestmark = [
    pytest.mark.usefixtures("house"),
    pytest.mark.skipif(not PRODUCTION, reason="a statement of PostgreSQL"),
]

SCOPE, KEY, MOMENT = "codes", b"k" * 32, int(NOW.timestamp())
ALLOWANCES = (
    *(WRONG_CODES, WRONG_FACTORS, WRONG_LONG_FACTORS),
    Allowance(windows=((1, timedelta(seconds=2)),)),
    Allowance(most_in_a_row=2),
    Allowance(windows=((2, timedelta(seconds=3)), (1, timedelta(seconds=1))), most_in_a_row=4),
)
ROUNDS = 150


def undone(act: Callable[[], object]) -> tuple[object, list[tuple[Any, ...]]]:
    """What it returned, and left of the row, before it was undone."""
    with atomic():
        result = act()
        left = list(Tally.objects.values_list("scope", "moments", "streak", "touched_at"))
        database.connection().set_rollback(True)
    return result, left


def some_tally(random: Random) -> None:
    """A row that holds a few moments around now, in the order in which clocks wrote them; or none."""
    Tally.objects.all().delete()
    if random.random() < 0.9:
        far = random.choice((2, 4, 4000, 100_000))
        moments = [MOMENT + random.randint(-far, 2) for _ in range(random.randint(0, 22))]
        streak = random.choice((0, len(moments), 3, 99, 100))
        Tally.objects.create(scope=SCOPE, key=KEY, moments=moments, streak=streak, touched_at=NOW - timedelta(days=1))


def test_it_counts_what_fits_and_nothing_else() -> None:
    random, results = Random(17), set()
    for _ in range(ROUNDS):
        some_tally(random)
        allowance = random.choice(ALLOWANCES)
        told, left = undone(lambda: ledger_statements.count_if_it_fits(SCOPE, KEY, NOW, allowance))  # noqa: B023
        spent, wanted = undone(lambda: ledger.spend_all(NOW, Count(SCOPE, KEY, allowance)).wait)  # noqa: B023
        assert told is (spent == 0)
        if told:
            assert left == wanted
        results.add(told)
    assert results == {True, False}


def test_it_takes_back_the_one_of_its_moment() -> None:
    random = Random(17)
    for _ in range(ROUNDS):
        some_tally(random)
        proved = random.random() < 0.5
        row = Tally.objects.first()
        _, left = undone(lambda: ledger_statements.take_back(SCOPE, KEY, NOW, proved=proved))  # noqa: B023
        if row is None:
            assert left == []
            continue
        less = Count(SCOPE, KEY, Allowance(), tuple(row.moments), row.streak).with_one_less(MOMENT)
        assert left == [(SCOPE, list(less.moments), 0 if proved else less.streak, NOW)]


def test_a_success_settles_each_count_as_it_is() -> None:
    """Whatever was counted meanwhile: those that ended are empty, and of the others one is less."""
    random, keys = (
        Random(17),
        [("passwords", b"a" * 32), ("passwords by name", b"n" * 32), ("passwords from", b"p" * 32)],
    )
    for _ in range(ROUNDS // 3):
        Tally.objects.all().delete()
        before = {}
        for scope, key in keys:
            moments = [MOMENT + random.randint(-2, 1) for _ in range(random.randint(0, 3))]
            before[scope] = Count(scope, key, Allowance(), tuple(moments), random.randint(0, 3))
            Tally.objects.create(
                scope=scope, key=key, moments=moments, streak=before[scope].streak, touched_at=NOW - timedelta(days=1)
            )
        ended = random.sample(keys, random.randint(1, 3))
        ledger_statements.settle([(*key, "[]", 0) for key in keys], NOW, ended=ended)
        for row in Tally.objects.all():
            less = before[row.scope].with_one_less(MOMENT)
            wanted = ((), 0) if (row.scope, bytes(row.key)) in ended else (less.moments, less.streak)
            assert (tuple(row.moments), row.streak, row.touched_at) == (*wanted, NOW)


def test_of_many_at_once_as_many_are_counted_as_fit() -> None:
    told = at_once(lambda _: ledger.spend(SCOPE, KEY, NOW, WRONG_CODES), 24)
    assert sum(wait == 0 for wait in told) == 10
    assert len(Tally.objects.get().moments) == 10
