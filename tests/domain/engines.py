"""An engine over a real store, with the ring and the table that a test wants, and its verbs in one line each."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from tests.contracts.stores import NOW, opened
from vestibule.challenges.engine import Engine
from vestibule.challenges.guesses import Guesses
from vestibule.challenges.payloads import Payload
from vestibule.challenges.policy import Policy, PolicySettings, Purpose, SecretKind, build_policies
from vestibule.challenges.results import Budget, Issued
from vestibule.challenges.store import Challenge, Store
from vestibule.kernel.errors import Refusal
from vestibule.kernel.sealing import KeyRing
from vestibule.limits.guess_budget import GuessBudget

SIGN_UP = Purpose.REGISTRATION


class Later(StrEnum):
    """There is one purpose today; the engine must already tell others apart."""

    RESET = "reset"


RESET = cast(Purpose, Later.RESET)
OLD, NEW = "the older secret of the ring of keys", "the newer secret of the ring of keys"
KEYS = KeyRing([NEW, OLD])
SUBJECT = b"s" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Data(Payload):
    """What the challenges of these tests hold."""

    email: str = ""
    n: int = 0
    none: str | None = None


DATA = Data(email="ada@example.com", n=1)
POLICY = replace(build_policies(PolicySettings())[SIGN_UP], payload=Data)
LEASE = timedelta(seconds=30)


class Broken(Exception):
    """What the work of a flow may raise."""


@dataclass(frozen=True)
class Lossy:
    """A real store that loses its connection whenever a verb named in `fails` is called."""

    real: Store
    fails: set[str]

    def __getattr__(self, verb: str) -> Any:
        if verb in self.fails:
            raise ConnectionError(verb)
        return getattr(self.real, verb)


def engine(
    store: Store | Lossy | None = None, *, keys: KeyRing = KEYS, budget: Budget | None = None, **policy: Any
) -> Engine:
    """An engine; `policy` changes the row of the table that every purpose here has."""
    row: Policy = replace(POLICY, **policy)
    policies = {SIGN_UP: row, RESET: row}
    return Engine(
        store=cast(Store, store or opened("database")),
        keys=keys,
        policies=policies,
        guesses=Guesses(
            policies=policies, codes=budget or GuessBudget(), factors=GuessBudget(), long_factors=GuessBudget()
        ),
    )


def issue(desk: Engine, *, now: datetime = NOW, decoy: bool = False, subject: bytes = SUBJECT) -> Issued[Data]:
    return desk.issue(SIGN_UP, subject=subject, payload=DATA, now=now, decoy=decoy)


def code_of(issued: Issued[Data]) -> str:
    assert issued.code is not None
    return issued.code


def link_of(issued: Issued[Data]) -> str:
    assert issued.link is not None
    return issued.link


def wrong(code: str | None) -> str:
    """Another short code."""
    return f"{(int(code) + 1) % 10**6:06d}" if code and code.isdecimal() else "123456"


def told(desk: Engine, handle: str, secret: str, *, now: datetime = NOW, **more: Any) -> str:
    """What verify says: `proved`, or the code of the refusal."""
    return _said(desk, lambda: (desk.find_by_handle(SIGN_UP, handle), secret), now=now, **more)


def told_of_link(desk: Engine, token: str, *, now: datetime = NOW) -> str:
    """What opening a link says."""
    return _said(desk, lambda: desk.find_by_link(SIGN_UP, token), now=now, by=SecretKind.LINK)


def _said(desk: Engine, found: Callable[[], tuple[Challenge, str]], *, now: datetime, **more: Any) -> str:
    try:
        with desk.verify(*found(), Data, now=now, **more) as proof:
            assert proof.payload == DATA
    except Refusal as refusal:
        return refusal.code
    return "proved"


def resent(desk: Engine, handle: str, *, now: datetime) -> Issued[Data]:
    """A resend that ends well."""
    with desk.resend(desk.find_by_handle(SIGN_UP, handle), Data, now=now) as issued:
        return issued
