"""Each attack that must fail has a test that shows it."""

from tests.attacks import __main__ as attacks
from tests.attacks.cases import CHAPTERS

CASES = [case for cases in CHAPTERS.values() for case in cases]


def test_the_table_says_what_the_tests_show() -> None:
    assert attacks.DOC.read_text() == attacks.table(), "run: make attacks"


def test_every_case_that_can_happen_and_holds_a_release_back_has_a_test() -> None:
    shown = attacks.tests_by_case()
    assert [case.id for case in CASES if case.gate == "P0" and not case.waits_for and case.id not in shown] == []


def test_no_test_shows_a_case_that_nobody_knows() -> None:
    assert attacks.tests_by_case().keys() <= {case.id for case in CASES}
