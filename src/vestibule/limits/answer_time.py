"""The CPU time of answers that no rate counts, shared fairly among networks: what is left of each second's allowance
decides who has had enough of it."""

from collections.abc import Sequence
from threading import Lock
from time import monotonic


class AnswerTime:
    """So many seconds of CPU for each second, shared among parties (a network, a customer's network).

    A party has its share as long as it has had less than is left, so that one alone gets half of it and never all, and
    who comes new always finds some (dynamic thresholds, as `limits.admission.PlacePool` has them).
    """

    def __init__(self, allowance: float) -> None:
        self._allowance = allowance
        self._lock = Lock()
        self._second, self._used = 0, 0.0
        self._had: dict[str, float] = {}

    def charge(self, parties: Sequence[str], cost: float) -> bool:
        """Charge `cost` seconds to these parties, and return whether that was within the share of each; what is not, is
        not charged."""
        with self._lock:
            if self._second != (second := int(monotonic())):
                self._second, self._used = second, 0.0
                self._had.clear()
            left = self._allowance - self._used
            if any(self._had.get(party, 0) >= left for party in parties):
                return False
            self._used += cost
            for party in parties:
                self._had[party] = self._had.get(party, 0) + cost
            return True
