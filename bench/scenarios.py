"""What is asked: each scenario makes its requests from what the ones before it left."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count, cycle, islice

from bench.load import Answer, Ask
from bench.stage import Stage

PASSWORD = "correct horse battery staple"
AUTH = "/api/auth"
NEWEST = 240
SELECT_MS = 0.6


@dataclass
class Town:
    """Who lives here so far: handles that wait, people, their tokens."""

    stage: Stage
    numbers: Iterator[int] = field(default_factory=count)
    handles: dict[str, str] = field(default_factory=dict)
    people: list[str] = field(default_factory=list)
    access: list[str] = field(default_factory=list)
    refresh: list[str] = field(default_factory=list)

    def email(self) -> str:
        """One that nobody has."""
        return f"p{next(self.numbers)}@example.com"

    def newest(self, kept: list[str]) -> list[str]:
        """Of whom not everything was asked before: sessions and guesses are numbered."""
        return kept[-NEWEST:]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Its requests, the status that is right, what is kept of the answers; `hashes`: how many hashes one costs."""

    name: str
    asks: Callable[[Town, int], Iterator[Ask]]
    status: int
    requests: int
    hashes: int = 0
    allowed: float = 0.0  # CPU ms above the hash, where one SELECT costs SELECT_MS
    keep: Callable[[Town, Answer], None] | None = None

    @property
    def selects(self) -> float:
        """What is allowed above the hash, in SELECTs by primary key, which cost SELECT_MS where it was set."""
        return self.allowed / SELECT_MS


def _start(town: Town, number: int) -> Iterator[Ask]:
    for _ in range(number):
        email = town.email()
        yield Ask("POST", f"{AUTH}/register/start", {"email": email, "password": PASSWORD}, note=email)


def _started(town: Town, answer: Answer) -> None:
    town.handles[answer.ask.note] = answer.json["registration"]


def _confirm(town: Town, number: int) -> Iterator[Ask]:
    town.stage.delivered()
    codes = town.stage.codes()
    for email in list(town.handles)[:number]:
        body = {"registration": town.handles.pop(email), "otp": codes[email]}
        yield Ask("POST", f"{AUTH}/register/confirm", body, note=email)


def _confirmed(town: Town, answer: Answer) -> None:
    town.people.append(answer.ask.note)
    _entered(town, answer)


def _entered(town: Town, answer: Answer) -> None:
    town.access.append(answer.json["access"])
    town.refresh.append(answer.json["refresh"])


def _register(town: Town, number: int) -> Iterator[Ask]:
    for _ in range(number):
        email = town.email()
        body = {"email": email, "username": email.partition("@")[0], "password": PASSWORD}
        yield Ask("POST", f"{AUTH}/register", body)


def _login(town: Town, number: int) -> Iterator[Ask]:
    for email in islice(cycle(town.newest(town.people)), number):
        yield Ask("POST", f"{AUTH}/login", {"email": email, "password": PASSWORD})


def _wrong(town: Town, number: int) -> Iterator[Ask]:
    """Half of the names are nobody's."""
    people = cycle(town.newest(town.people))
    for turn in range(number):
        email = next(people) if turn % 2 else town.email()
        yield Ask("POST", f"{AUTH}/login", {"email": email, "password": "not this password"})


def _me(town: Town, number: int) -> Iterator[Ask]:
    for access in islice(cycle(town.newest(town.access)), number):
        yield Ask("GET", f"{AUTH}/me", access=access)


def _refresh(town: Town, number: int) -> Iterator[Ask]:
    """Each token once."""
    given, town.refresh = town.refresh[:number], town.refresh[number:]
    for refresh in given:
        yield Ask("POST", f"{AUTH}/token/refresh", {"refresh": refresh})


SCENARIOS = (
    Scenario(name="start", asks=_start, status=202, requests=240, hashes=1, allowed=5, keep=_started),
    Scenario(name="confirm", asks=_confirm, status=201, requests=240, allowed=5, keep=_confirmed),
    Scenario(name="register", asks=_register, status=201, requests=240, hashes=1),
    Scenario(name="login", asks=_login, status=200, requests=240, hashes=1, allowed=3, keep=_entered),
    # The second is for a sign-up that waits on the address, whose password it may be; there is none for most.
    Scenario(name="wrong login", asks=_wrong, status=401, requests=240, hashes=2, allowed=2.5),
    Scenario(name="me", asks=_me, status=200, requests=2000, allowed=1.5),
    Scenario(name="refresh", asks=_refresh, status=200, requests=480, allowed=2, keep=_entered),
)
