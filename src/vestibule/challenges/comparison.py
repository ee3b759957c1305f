"""Verify a challenge by a comparison of the caller's, which finds what was proved: a second factor, a passkey."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import PayloadT
from vestibule.challenges.results import Proof
from vestibule.challenges.store import Challenge

Found = TypeVar("Found")


@contextmanager
def verify_by_comparison(
    challenge: Challenge,
    secret: str,
    payload_type: type[PayloadT],
    compare: Callable[[PayloadT, str], Found | None],
    *,
    now: datetime,
) -> Iterator[tuple[Found, Proof[PayloadT]]]:
    """Verify the challenge by `compare(payload, secret)`, which returns what was proved, or None if the secret is
    wrong. Yield what it returned, and the proof. Enter it outside any transaction.

    Raises:
        Refusal: those of `challenges.engine.Engine.verify`.
    """
    found: list[Found] = []

    def matches(payload: PayloadT, typed: str) -> bool:
        if (proved := compare(payload, typed)) is not None:
            found.append(proved)
        return bool(found)

    with challenges.verify(challenge, secret, payload_type, now=now, matches=matches) as proof:
        yield found[0], proof
