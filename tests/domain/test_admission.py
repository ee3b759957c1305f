"""Admission: slots for dear work, and places that are shared out."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from tests.contracts.stores import at_once
from tests.domain.engines import Broken
from tests.servers import until
from vestibule.kernel.client import Client
from vestibule.kernel.errors import Unavailable
from vestibule.limits.admission import HASH, PICTURE, AdmissionControl, PlacePool

HOUSE = Client.for_system("test", timezone.now())


def opened(*, slots: int, places: int, wait: float) -> AdmissionControl:
    return AdmissionControl(places=places, reserved_places=0, slots={HASH: slots, PICTURE: 1}, wait=wait)


@contextmanager
def admitted(admission: AdmissionControl) -> Iterator[None]:
    """The house holds a slot."""
    with admission.attribute_work_to(HOUSE), admission.hold_slot(HASH):
        yield


class Held:
    """Somebody who holds a slot until told to let go."""

    def __init__(self, admission: AdmissionControl) -> None:
        self.inside, self.done = Event(), Event()
        self._thread = Thread(target=self._hold, args=(admission,))
        self._thread.start()
        assert self.inside.wait(timeout=10)

    def _hold(self, admission: AdmissionControl) -> None:
        with admitted(admission):
            self.inside.set()
            self.done.wait(timeout=10)

    def let_go(self) -> None:
        self.done.set()
        self._thread.join(timeout=10)


def test_a_slot_is_freed_after_work_and_after_failure() -> None:
    admission = opened(slots=1, places=1, wait=0)
    for _ in range(3):
        with admitted(admission):
            pass
        with suppress(Broken), admitted(admission):
            raise Broken
    with admitted(admission):
        pass


def test_beyond_slots_and_queue_it_is_unavailable_at_once() -> None:
    """PWD-07."""
    admission = opened(slots=1, places=1, wait=3600)
    held = Held(admission)
    with pytest.raises(Unavailable) as refused, admitted(admission):
        raise AssertionError("admitted")
    assert refused.value.retry_after == 1
    held.let_go()
    with admitted(admission):
        pass


def test_a_wait_that_is_over_is_unavailable_and_frees_its_place() -> None:
    admission = opened(slots=1, places=2, wait=0.01)
    held = Held(admission)
    for _ in range(3):  # were the place kept, the second would be refused at once; then nobody could ever wait
        with pytest.raises(Unavailable), admitted(admission):
            raise AssertionError("admitted")
    held.let_go()
    with admitted(admission):
        pass


def test_who_waits_gets_the_slot() -> None:
    admission = opened(slots=1, places=2, wait=10)
    held, got = Held(admission), Event()

    def wait() -> None:
        with admitted(admission):
            got.set()

    waiting = Thread(target=wait)
    waiting.start()
    held.let_go()
    assert got.wait(timeout=10)
    waiting.join(timeout=10)


def test_no_more_work_at_once_than_slots() -> None:
    """PWD-07."""
    admission, at_work, most = opened(slots=2, places=34, wait=30), [], []

    def work(number: int) -> None:
        with admitted(admission):
            at_work.append(number)
            most.append(len(at_work))
            sorted(range(1000), key=str)
            at_work.remove(number)

    at_once(work)
    assert len(most) == 32
    assert max(most) <= 2


def test_a_storm_leaves_nobody_counted_as_waiting() -> None:
    admission = opened(slots=1, places=2, wait=0.01)
    held = Held(admission)

    def knock(_: int) -> bool:
        try:
            with admitted(admission):
                return True
        except Unavailable:
            return False

    assert not any(at_once(knock, 16))
    held.let_go()
    assert REGISTRY.get_sample_value("vestibule_work_waiting", {"work": "hash"}) == 0
    assert knock(0)


def test_the_place_is_held_to_the_end_of_the_visit() -> None:
    admission = opened(slots=1, places=1, wait=0)
    with admission.attribute_work_to(HOUSE):
        with admission.hold_slot(HASH):
            pass
        with admission.attribute_work_to(HOUSE), admission.hold_slot(PICTURE):  # a visit within: the same one
            assert admission.places.places_used == 1
        assert admission.places.places_used == 1
    assert admission.places.places_used == 0


def test_outside_of_a_visit_no_dear_work_is_done() -> None:
    admission = opened(slots=1, places=1, wait=0)
    with pytest.raises(RuntimeError), admission.hold_slot(HASH):
        raise AssertionError("admitted")


# The shares.


def test_one_party_gets_half_and_the_others_of_what_is_left() -> None:
    places = PlacePool(16, 0)
    assert [places.acquire_place(["one"], known=False) for _ in range(16)].count(True) == 8
    assert [places.acquire_place(["two"], known=False) for _ in range(16)].count(True) == 4
    assert places.acquire_place(["three"], known=False)


def test_whoever_is_known_has_places_of_their_own() -> None:
    places = PlacePool(16, 4)
    taken = [places.acquire_place([f"stranger {number}"], known=False) for number in range(16)]
    assert taken.count(True) == 12
    assert [places.acquire_place([f"friend {number}"], known=True) for number in range(16)].count(True) == 4


def test_the_known_use_their_own_first() -> None:
    places = PlacePool(16, 4)
    assert all(places.acquire_place([f"friend {number}"], known=True) for number in range(4))
    assert [places.acquire_place([f"stranger {number}"], known=False) for number in range(16)].count(True) == 12


@given(st.lists(st.tuples(st.sets(st.sampled_from("abcd")), st.booleans(), st.booleans()), max_size=60))
def test_whatever_is_taken_is_given_back_and_never_too_much(moves: list[tuple[set[str], bool, bool]]) -> None:
    places, held = PlacePool(9, 2), list[tuple[list[str], bool]]()
    for parties, known, back in moves:
        if back and held:
            which, was_known = held.pop()
            places.release_place(which, known=was_known)
        elif places.acquire_place(sorted(parties), known=known):
            held.append((sorted(parties), known))
        assert places.places_used == len(held) <= 9
        assert sum(not was_known for _, was_known in held) <= 7
        for party in "abcd":  # alone, half; and beside others no more
            assert sum(party in which for which, _ in held) <= 5
    for which, was_known in held:
        places.release_place(which, known=was_known)
    assert all(places.acquire_place([f"again {number}"], known=True) for number in range(9))


def test_hol_21_who_asks_once_is_not_behind_a_storm() -> None:
    """Four of a storm wait; one comes after them, and is the first to get the slot."""
    admission, order = opened(slots=1, places=32, wait=60), list[str]()
    waiting = admission.slots[HASH]

    def ask(address: str) -> Thread:
        def work() -> None:
            with admission.attribute_work_to(Client(at=timezone.now(), ip_address=address)), admission.hold_slot(HASH):
                order.append(address)

        before, thread = waiting.waiting_count, Thread(target=work)
        thread.start()
        until(lambda: waiting.waiting_count > before, "the queue")
        return thread

    held = Held(admission)
    threads = [ask(address) for address in ["192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.9", "198.51.100.7"]]
    held.let_go()
    for thread in threads:
        thread.join(timeout=10)
    assert order[0] == "198.51.100.7"
