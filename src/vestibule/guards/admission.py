"""Admission of expensive work (a password hash, a picture, an export): a bounded number runs at once, and the places to
wait for it are shared out among clients (docs/decisions/0065)."""

from collections import Counter as Tally
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from threading import Event, Lock
from uuid import UUID

from django.conf import settings
from prometheus_client import Counter, Gauge

from vestibule.kernel.client import Client
from vestibule.kernel.errors import Unavailable

WAIT = 2.0  # seconds that one may wait for a slot
REMEMBERED = 10_000  # networks

WAITING = Gauge("vestibule_work_waiting", "Requests that wait for a slot.", ["work"], multiprocess_mode="livesum")
RUNNING = Gauge("vestibule_work_running", "Requests that hold a slot.", ["work"], multiprocess_mode="livesum")
REFUSED = Counter("vestibule_work_refused", "Requests refused for want of a place or a slot.", ["work", "where"])


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of expensive work. `apart`: all of this kind together hold no more places than they leave free."""

    name: str
    apart: bool = True


HASH = Work("hash", apart=False)  # 19 MiB and a core for 20 ms
PICTURE = Work("picture")  # 100 MB and a core for up to a second
DOCUMENT = Work("document")  # rows of one person, or of all
for _work in (HASH, PICTURE, DOCUMENT):
    for _where in ("door", "wait"):  # no place, or more than its share; two seconds were not enough
        REFUSED.labels(work=_work.name, where=_where)


class Places:
    """So many places. A party (a network, an account, a kind of work) holds no more of them than it leaves free, so
    that one alone gets half and never all (dynamic thresholds of a shared buffer: Choudhury and Hahne, 1998, alpha 1).
    `kept` of them are for those who are known.
    """

    def __init__(self, total: int, kept: int) -> None:
        self._total, self._kept = total, kept
        self._known = 0
        self._held = Tally[str]()
        self._used = 0
        self._lock = Lock()

    def take(self, parties: Sequence[str], *, known: bool) -> bool:
        """Whether there was one for somebody who belongs to these parties."""
        with self._lock:
            free = self._total - self._used - (0 if known else max(0, self._kept - self._known))
            if free <= 0 or any(self._held[party] >= free for party in parties):
                return False
            self._used += 1
            self._known += known
            self._held.update(parties)
            return True

    def give_back(self, parties: Sequence[str], *, known: bool) -> None:
        """One that was taken with the same arguments."""
        with self._lock:
            self._used -= 1
            self._known -= known
            self._held.subtract(parties)
            for party in parties:
                if not self._held[party]:
                    del self._held[party]

    def weight(self, parties: Sequence[str]) -> int:
        """How many the largest of these parties holds."""
        with self._lock:
            return max((self._held[party] for party in parties), default=0)

    @property
    def used(self) -> int:
        """How many are held."""
        return self._used


class Slots:
    """So many at once. Of those who wait, whose party holds the fewest places comes first, and then who came first: who
    asks once is not behind a storm."""

    def __init__(self, number: int) -> None:
        self._free = number
        self._waiting: list[tuple[Callable[[], int], Event]] = []
        self._lock = Lock()

    def acquire(self, weight: Callable[[], int], timeout: float) -> bool:
        """Whether there was one in time."""
        turn = (weight, Event())
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

    def release(self) -> None:
        """Hand it on."""
        with self._lock:
            if not self._waiting:
                self._free += 1
                return
            turn = min(self._waiting, key=lambda each: each[0]())
            self._waiting.remove(turn)
            turn[1].set()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)


class Visit:
    """One request, or one act of the house: it takes a place when it first needs one, and holds it to its end."""

    def __init__(self, places: Places, who: Sequence[str], *, known: bool) -> None:
        """`who`: the parties that the client belongs to."""
        self._places, self._who, self._known = places, who, known
        self._parties: list[str] | None = None

    def weight(self) -> int:
        """How many places the largest of their parties holds."""
        return self._places.weight(self._parties or ())

    def take_place(self, work: Work) -> None:
        """Take a place, if none is held. Raises Unavailable."""
        if self._parties is not None:
            return
        parties = [*self._who, *([f"work {work.name}"] if work.apart else [])]
        if not self._places.take(parties, known=self._known):
            REFUSED.labels(work=work.name, where="door").inc()
            raise Unavailable(retry_after=1)
        self._parties = parties

    def end(self) -> None:
        """Give the place back, if one is held."""
        if self._parties is not None:
            self._places.give_back(self._parties, known=self._known)
            self._parties = None


class Admission:
    """Slots for each kind of work, and the places of all who do it or wait for it."""

    def __init__(self, *, places: int, kept: int, slots: Mapping[Work, int], wait: float = WAIT) -> None:
        self.places = Places(places, kept)
        self.wait = wait
        self.slots = {work: Slots(number) for work, number in slots.items()}
        self._visit: ContextVar[Visit | None] = ContextVar("visit", default=None)
        self._networks: dict[str, None] = {}
        self._lock = Lock()

    def begin(self, client: Client, device: UUID | None = None) -> None:
        """The client visits in this thread, until they `leave`. They are known by their session, by the device that
        their browser was marked as, or because somebody signed in from their network; the house is known."""
        named = {"network": client.network, "wider": client.wider_network, "account": client.user_id, "device": device}
        known = bool(client.session_id or device or client.network in self._networks or not client.address)
        who = [f"{kind} {name}" for kind, name in named.items() if name]
        self.leave()
        self._visit.set(Visit(self.places, who, known=known))

    def leave(self) -> None:
        """The visit of this thread, if there is one, is over."""
        if visit := self._visit.get():
            visit.end()
        self._visit.set(None)

    @contextmanager
    def visiting(self, client: Client) -> Iterator[None]:
        """A visit for as long as the body takes; within another one, that one."""
        if self._visit.get():
            yield
            return
        self.begin(client)
        try:
            yield
        finally:
            self.leave()

    def take_place(self, work: Work) -> Visit:
        """Take the place before anything is read or counted. Raises Unavailable; RuntimeError outside of any visit."""
        visit = self._visit.get()
        if visit is None:
            raise RuntimeError(f"{work.name}: expensive work without a client that asks for it (Admission.visiting)")
        visit.take_place(work)
        return visit

    @contextmanager
    def slot(self, work: Work) -> Iterator[None]:
        """Do the work in the body. Raises Unavailable when there is no place, or the wait for a slot is too long;
        RuntimeError outside of any visit."""
        visit = self.take_place(work)
        slots = self.slots[work]
        with WAITING.labels(work=work.name).track_inprogress():
            admitted = slots.acquire(visit.weight, self.wait)
        if not admitted:
            REFUSED.labels(work=work.name, where="wait").inc()
            raise Unavailable(retry_after=1)
        try:
            with RUNNING.labels(work=work.name).track_inprogress():
                yield
        finally:
            slots.release()

    def remember(self, client: Client) -> None:
        """Somebody is signed in from this network: it is known, in this process, until 10,000 others are."""
        if client.network:
            with self._lock:
                self._networks.pop(client.network, None)  # the one that was not used for longest goes first
                self._networks[client.network] = None
                if len(self._networks) > REMEMBERED:
                    del self._networks[next(iter(self._networks))]

    def forget(self) -> None:
        """No network is known."""
        self._networks.clear()


admission = Admission(
    places=settings.PLACES,
    kept=settings.PLACES // 4,
    slots={HASH: settings.HASHING_SLOTS, PICTURE: 1, DOCUMENT: 1},
)
