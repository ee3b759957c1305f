"""Admission control for expensive work (a password hash, a picture, an export): a bounded number runs at once, and the
places to wait are shared fairly among clients (docs/decisions/0065)."""

from collections import Counter as Tally
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from threading import Event, Lock
from typing import cast
from uuid import UUID

from django.utils.functional import SimpleLazyObject
from prometheus_client import Counter, Gauge

from vestibule.conf import conf
from vestibule.kernel.bounded import keep_newest
from vestibule.kernel.cached import Cached
from vestibule.kernel.client import Client
from vestibule.kernel.errors import Unavailable

SLOT_WAIT = 2.0  # seconds to wait for a slot at most
MAX_KNOWN_NETWORKS = 10_000  # networks

WAITING = Gauge("vestibule_work_waiting", "Requests that wait for a slot.", ["work"], multiprocess_mode="livesum")
RUNNING = Gauge("vestibule_work_running", "Requests that hold a slot.", ["work"], multiprocess_mode="livesum")
REFUSED = Counter("vestibule_work_refused", "Requests refused for want of a place or a slot.", ["work", "where"])


@dataclass(frozen=True, slots=True)
class WorkKind:
    """A kind of expensive work. `has_capped_share`: all work of this kind together holds at most as many places as are
    free."""

    name: str
    has_capped_share: bool = True


HASH = WorkKind("hash", has_capped_share=False)  # 19 MiB and a core for 20 ms
PICTURE = WorkKind("picture")  # 100 MB and a core for up to a second
DOCUMENT = WorkKind("document")  # rows of one person, or of all
for _work in (HASH, PICTURE, DOCUMENT):
    for _where in ("door", "wait"):  # no place within its share; no slot within SLOT_WAIT
        REFUSED.labels(work=_work.name, where=_where)


class PlacePool:
    """A number of places, shared among parties (a network, an account, a kind of work).

    A party may hold as many places as are free, so that one alone gets half and never all (dynamic thresholds of a
    shared buffer: Choudhury and Hahne, 1998, alpha 1). `reserved` places are kept for known clients.
    """

    def __init__(self, total: int, reserved: int) -> None:
        self._total, self._reserved = total, reserved
        self._known_used = 0
        self._held = Tally[str]()
        self._used = 0
        self._lock = Lock()

    def acquire_place(self, parties: Sequence[str], *, known: bool) -> bool:
        """Take a place for a client that belongs to these parties. Return whether there was one."""
        with self._lock:
            free = self._total - self._used - (0 if known else max(0, self._reserved - self._known_used))
            if free <= 0 or any(self._held[party] >= free for party in parties):
                return False
            self._used += 1
            self._known_used += known
            self._held.update(parties)
            return True

    def has_place(self, parties: Sequence[str]) -> bool:
        """Return whether there is one for a client of these parties that nobody knows. Takes none."""
        with self._lock:
            free = self._total - self._used - max(0, self._reserved - self._known_used)
            return free > 0 and all(self._held[party] < free for party in parties)

    def release_place(self, parties: Sequence[str], *, known: bool) -> None:
        """Release a place that was taken with the same arguments."""
        with self._lock:
            self._used -= 1
            self._known_used -= known
            self._held.subtract(parties)
            for party in parties:
                if not self._held[party]:
                    del self._held[party]

    def largest_share(self, parties: Sequence[str]) -> int:
        """Return how many places the largest of these parties holds."""
        with self._lock:
            return max((self._held[party] for party in parties), default=0)

    @property
    def places_used(self) -> int:
        """How many places are held."""
        return self._used


class SlotPool:
    """A number of slots. Of the waiting requests, the one whose party holds the fewest places is next, then the one
    that came first, so that a single request does not wait behind a flood."""

    def __init__(self, number: int) -> None:
        self._free = number
        self._waiting: list[tuple[Callable[[], int], Event]] = []
        self._lock = Lock()

    def acquire_slot(self, share: Callable[[], int], timeout: float) -> bool:
        """Wait for a slot. Return whether there was one within `timeout` seconds."""
        turn = (share, Event())
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            self._waiting.append(turn)
        if turn[1].wait(timeout):
            return True
        with self._lock:
            late = not turn[1].is_set()
            if late:
                self._waiting.remove(turn)
            return not late

    def release_slot(self) -> None:
        """Release a slot, to the next waiting request if there is one."""
        with self._lock:
            if not self._waiting:
                self._free += 1
                return
            turn = min(self._waiting, key=lambda each: each[0]())
            self._waiting.remove(turn)
            turn[1].set()

    @property
    def waiting_count(self) -> int:
        """How many requests wait."""
        return len(self._waiting)


class PlaceClaim:
    """The claim of one request (or one act of the service): it takes a place when it first needs one, and holds it to
    its end."""

    def __init__(self, places: PlacePool, client: Client, device: UUID | None, *, known: bool) -> None:
        """`device` is the known device that the client asks from."""
        self._places, self._client, self._device, self._known = places, client, device, known
        self._parties: list[str] | None = None

    def largest_share(self) -> int:
        """Return how many places the largest of its parties holds."""
        return self._places.largest_share(self._parties or ())

    def acquire_place(self, work: WorkKind) -> None:
        """Take a place, if none is held.

        Raises:
            Unavailable: no place is free for this client.
        """
        if self._parties is not None:
            return
        named = {
            "network": self._client.network,
            "wider": self._client.customer_network,
            "account": self._client.user_id,
            "device": self._device,
            "work": work.name if work.has_capped_share else None,
        }
        parties = [f"{kind} {name}" for kind, name in named.items() if name]
        if not self._places.acquire_place(parties, known=self._known):
            REFUSED.labels(work=work.name, where="door").inc()
            raise Unavailable(retry_after=1)
        self._parties = parties

    def release_place(self) -> None:
        """Release the place, if one is held."""
        if self._parties is not None:
            self._places.release_place(self._parties, known=self._known)
            self._parties = None


class AdmissionControl:
    """The slots for each kind of work, and the places of the requests that hold or wait for one."""

    def __init__(
        self, *, places: int, reserved_places: int, slots: Mapping[WorkKind, int], wait: float = SLOT_WAIT
    ) -> None:
        self.places = PlacePool(places, reserved_places)
        self.slot_wait = wait
        self.slots = {work: SlotPool(number) for work, number in slots.items()}
        self._claim: ContextVar[PlaceClaim | None] = ContextVar("claim", default=None)
        self._networks: dict[str, None] = {}

    def begin_request(self, client: Client, device: UUID | None = None) -> None:
        """Attribute the work of this thread to the client, until `end_request`.

        A client is known by its session, by the cookie of a known device, or because somebody signed in from its
        network before. The service itself is known.
        """
        known = bool(client.session_id or device or client.network in self._networks or not client.ip_address)
        self.end_request()
        self._claim.set(PlaceClaim(self.places, client, device, known=known))

    def end_request(self) -> None:
        """End the attribution of this thread's work, if there is one, and release its place."""
        if claim := self._claim.get():
            claim.release_place()
        self._claim.set(None)

    @contextmanager
    def attribute_work_to(self, client: Client) -> Iterator[None]:
        """Attribute the work of the body to the client, unless an outer context already attributes it."""
        if self._claim.get():
            yield
            return
        self.begin_request(client)
        try:
            yield
        finally:
            self.end_request()

    def acquire_place(self, work: WorkKind) -> PlaceClaim:
        """Take a place before anything is read or counted.

        Raises:
            Unavailable: no place is free for this client.
            RuntimeError: no client was named for this thread (`attribute_work_to`).
        """
        claim = self._claim.get()
        if claim is None:
            raise RuntimeError(f"{work.name}: expensive work without a client that asks for it (attribute_work_to)")
        claim.acquire_place(work)
        return claim

    def refuse_stranger(self, work: WorkKind, client: Client) -> bool:
        """Return whether a client from there that nobody knows would get no place now, and count it as refused then."""
        if client.network in self._networks or self.places.has_place(
            [f"network {client.network}", f"wider {client.customer_network}"]
        ):
            return False
        REFUSED.labels(work=work.name, where="door").inc()
        return True

    @contextmanager
    def hold_slot(self, work: WorkKind) -> Iterator[None]:
        """Hold a slot while the body does the work.

        Raises:
            Unavailable: no place is free for this client, or no slot was free within SLOT_WAIT.
            RuntimeError: no client was named for this thread (`attribute_work_to`).
        """
        claim = self.acquire_place(work)
        slots = self.slots[work]
        with WAITING.labels(work=work.name).track_inprogress():
            admitted = slots.acquire_slot(claim.largest_share, self.slot_wait)
        if not admitted:
            REFUSED.labels(work=work.name, where="wait").inc()
            raise Unavailable(retry_after=1)
        try:
            with RUNNING.labels(work=work.name).track_inprogress():
                yield
        finally:
            slots.release_slot()

    def remember_network(self, client: Client) -> None:
        """Mark the client's network as known in this process. The least recently used beyond MAX_KNOWN_NETWORKS are
        forgotten."""
        if client.network:
            keep_newest(self._networks, client.network, None, MAX_KNOWN_NETWORKS)

    def forget_networks(self) -> None:
        """Forget all known networks."""
        self._networks.clear()


def _open_admission() -> AdmissionControl:
    return AdmissionControl(
        places=conf.places,
        reserved_places=conf.places // 4,
        slots={HASH: conf.hashing_slots, PICTURE: 1, DOCUMENT: 1},
    )


# Made once, at first use.
admission = cast(AdmissionControl, SimpleLazyObject(Cached(_open_admission).get))
