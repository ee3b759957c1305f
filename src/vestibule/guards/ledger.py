"""Exact counts that survive a restart, a flushed Redis and any race: wrong codes per address, mails per address.

Rates slow things down and live in memory or Redis; these bound, and live in the database: a row a key, locked while
it is read and written. Windows roll: no moment is forgotten before the longest window has passed.
"""

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.db.transaction import atomic

from vestibule.guards.allowance import Allowance
from vestibule.guards.models import Tally

# SP 800-63B-4, 3.1.3.2 and 3.2.2: a new code SHALL NOT reset the count; at most 100 consecutive failures.
WRONG_CODES = Allowance(windows=((10, timedelta(hours=1)), (20, timedelta(days=1))), in_a_row=100)


def spend(scope: str, key: bytes, now: datetime, allowance: Allowance) -> int:
    """Count one if it fits, and return 0; else count nothing and return the seconds to wait."""
    moment = int(now.timestamp())
    with atomic():
        tally = _locked(scope, key, now)
        wait = allowance.wait(tally.moments, tally.streak, moment)
        if wait == 0:
            tally.moments = [*(kept for kept in tally.moments if kept > moment - allowance.memory), moment]
            tally.streak += allowance.in_a_row is not None or allowance.delay is not None
            tally.touched_at = now
            tally.save(update_fields=["moments", "streak", "touched_at"])
    return wait


def give_back(scope: str, key: bytes, now: datetime, *, proved: bool) -> None:
    """Take back what was counted at `now`; `proved` ends the streak too."""
    moment = int(now.timestamp())
    with atomic():
        tally = _locked(scope, key, now)
        if moment in tally.moments:
            tally.moments.remove(moment)
        tally.streak = 0 if proved else max(0, tally.streak - 1)
        tally.save(update_fields=["moments", "streak"])


def wait(scope: str, key: bytes, now: datetime, allowance: Allowance) -> int:
    """Seconds until one more would fit; 0 when it would now. Counts nothing."""
    tally = Tally.objects.filter(scope=scope, key=key).first()
    return allowance.wait(tally.moments, tally.streak, int(now.timestamp())) if tally else 0


def recent(scope: str, key: bytes, now: datetime, allowance: Allowance) -> int:
    """How many were counted within the longest window."""
    tally, moment = Tally.objects.filter(scope=scope, key=key).first(), int(now.timestamp())
    return sum(kept > moment - allowance.memory for kept in tally.moments) if tally else 0


def streak(scope: str, key: bytes) -> int:
    """How many came in a row."""
    return Tally.objects.filter(scope=scope, key=key).values_list("streak", flat=True).first() or 0


def forget(scope: str, key: bytes) -> None:
    """Start the count anew."""
    Tally.objects.filter(scope=scope, key=key).delete()


def forget_all(key: bytes) -> None:
    """Whatever is counted for this key."""
    Tally.objects.filter(key=key).delete()


def idle(before: datetime) -> QuerySet[Tally]:
    """The tallies that nobody touched since and that hold no run of failures."""
    return Tally.objects.filter(touched_at__lt=before, streak=0)


def _locked(scope: str, key: bytes, now: datetime) -> Tally:
    tally = Tally.objects.select_for_update().filter(scope=scope, key=key).first()
    if tally is None:
        Tally.objects.bulk_create([Tally(scope=scope, key=key, touched_at=now)], ignore_conflicts=True)
        tally = Tally.objects.select_for_update().get(scope=scope, key=key)
    return tally


class GuessBudget:
    """The engine's budget of wrong codes (`challenges.results.Budget`), kept in the ledger: one count an address, over
    all purposes and doors."""

    def spend(self, subject: bytes, now: datetime) -> int:
        """Count one guess before it is compared: 0 if it may be compared, else the seconds until one may be."""
        return spend("codes", subject, now, WRONG_CODES)

    def give_back(self, subject: bytes, now: datetime, *, proved: bool) -> None:
        """The guess just counted was not wrong; `proved` also ends the run of consecutive failures."""
        give_back("codes", subject, now, proved=proved)

    def wait(self, subject: bytes, now: datetime) -> int:
        """Seconds until the next guess may be compared; 0 while guesses are left."""
        return wait("codes", subject, now, WRONG_CODES)
