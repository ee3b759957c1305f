"""Comparison of clocks: codes, leases and tokens depend on them."""

from datetime import datetime, timedelta

from vestibule.service.doctor.check import Observation, report_error, report_fine

MAX_CLOCK_DIFFERENCE = timedelta(
    seconds=2
)  # the leeway of a token is 30 s, a grace 10 s: two seconds are far from either


def compare_clocks(whose: str, theirs: datetime, before: datetime, after: datetime) -> Observation:
    """Compare another clock, read at `theirs`, with ours before and after; half of the round trip is assumed."""
    apart = (theirs - (before + (after - before) / 2)).total_seconds()
    if abs(apart) > MAX_CLOCK_DIFFERENCE.total_seconds():
        return report_error(f"the {whose}'s clock is {abs(apart):.1f} s {'ahead of' if apart > 0 else 'behind'} ours")
    return report_fine(f"{abs(apart) * 1000:.0f} ms apart")
