"""The CPU time of answers that no rate counts, shared fairly among networks: what is left of each second's allowance
decides who has had enough of it."""

from collections.abc import Sequence
from threading import Lock
from time import monotonic


class AnswerTime:
    """So many seconds of CPU for each second, shared among parties (a network, a customer's network).

    A party has its share as long as it has had less than is left, so that one alone gets half of it and never all, and
    who comes new always finds some (dynamic thresholds, as `limits.admission.PlacePool` has them). Each has
    `least_share` seconds in any case: a crowd of many who ask for little is no flood. While nobody else asks for
    anything, nothing is shared.
    """

    def __init__(self, allowance: float, least_share: float) -> None:
        self._allowance, self._least_share = allowance, least_share
        self._lock = Lock()
        self._second, self._used = 0, 0.0
        self._had: dict[str, float] = {}
        self._asking: set[str] = set()  # addresses
        self._asked_before: set[str] = set()  # in the second before

    def note_request(self, address: str) -> None:
        """Note that somebody asks for something that is not charged."""
        with self._lock:
            self._begin_second()
            self._asking.add(address)

    def charge(self, address: str, parties: Sequence[str], cost: float) -> bool:
        """Charge `cost` seconds to these parties, and return whether that was within the share of each, or nobody else
        asks. What is over a share is not charged."""
        with self._lock:
            self._begin_second()
            self._asking.add(address)
            share = max(self._allowance - self._used, self._least_share)
            if any(self._had.get(party, 0) >= share for party in parties):
                return len(self._asking | self._asked_before) == 1
            self._used += cost
            for party in parties:
                self._had[party] = self._had.get(party, 0) + cost
            return True

    def _begin_second(self) -> None:
        second = int(monotonic())
        if second == self._second:
            return
        self._asked_before = self._asking if second == self._second + 1 else set()
        self._second, self._used, self._had, self._asking = second, 0.0, {}, set()
