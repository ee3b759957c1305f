"""The arithmetic of windows and delays, where clocks differ."""

from datetime import timedelta

import pytest

from vestibule.limits.rolling_window import Allowance, GrowingDelay

MINUTE = timedelta(minutes=1)
FIVE_FREE = Allowance(delay=GrowingDelay(after=5, first=MINUTE, longest=60 * MINUTE))


@pytest.mark.parametrize("ahead", [1, 300])
def test_flt_15_without_a_delay_nobody_waits_for_a_clock_that_is_ahead(ahead: int) -> None:
    """Two sign-ins on both sides of a second, or two hosts whose clocks differ."""
    assert FIVE_FREE.seconds_until_free([1_000 + ahead] * 4, 4, 1_000) == 0
    assert FIVE_FREE.seconds_until_free([1_000 + ahead] * 5, 5, 1_000) == 60 + ahead
