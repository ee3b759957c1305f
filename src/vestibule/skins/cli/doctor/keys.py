"""Keys and hashes: how old the signing key is, what a password hash costs here, which Argon2 makes it."""

import os
from collections.abc import Iterator
from datetime import timedelta
from time import thread_time

from django.conf import settings

from vestibule.accounts.passwords import Argon2
from vestibule.sessions import signing
from vestibule.skins.cli.doctor import argon2_build
from vestibule.skins.cli.doctor.check import Check, Round, Seen, error, fine, warning

ROTATED_EVERY = timedelta(days=90)  # SECURITY's number
SLOW = 0.050  # seconds of CPU; 20 to 23 ms where it was measured, 11 ms with our own build
LEAST_MEMORY, LEAST_TIME = 19456, 2  # OWASP Password Storage Cheat Sheet, the row with one lane
TRIES = 5


def signing_key(round: Round) -> Iterator[Seen]:
    """The age of the key that signs."""
    since = signing.signs_since(round.at)
    if since is None:
        yield fine("made at the first sign-in")
        return
    age = round.at - since
    says = f"signs since {age.days} days"
    yield warning(says) if age > ROTATED_EVERY else fine(says)


def hashing(_: Round) -> Iterator[Seen]:
    """The parameters, and the fastest of a few hashes: the others were disturbed."""
    hasher = Argon2()
    if hasher.memory_cost < LEAST_MEMORY or hasher.time_cost < LEAST_TIME:
        yield error(f"m={hasher.memory_cost} KiB, t={hasher.time_cost} is less than OWASP asks")
        return
    seconds = min(_timed(hasher) for _ in range(TRIES))
    cores = min(settings.HASHING_SLOTS, os.cpu_count() or 1)
    says = f"{seconds * 1000:.0f} ms a hash, {cores / seconds:.0f} sign-ins a second on {cores} cores"
    yield warning(says) if seconds > SLOW else fine(says)


def argon2(_: Round) -> Iterator[Seen]:
    """Whose build."""
    yield fine(argon2_build.which())


def _timed(hasher: Argon2) -> float:
    began = thread_time()
    hasher.encode("the doctor's own", "sixteen bytes...")
    return thread_time() - began


CHECKS = (
    Check(
        id="signing-key",
        looks_at="whether the key that signs access tokens is younger than 90 days",
        remedy="Run `vestibule rotate-keys`, and have it run every 90 days. Nobody is signed out.",
        look=signing_key,
        needs="migrations",
    ),
    Check(
        id="hashing",
        looks_at="the Argon2id parameters, and what a hash costs on this machine (50 ms at most)",
        remedy="Take a faster machine or more of them; build Argon2 for it with `make install`. Never weaken the hash.",
        look=hashing,
    ),
    Check(
        id="argon2",
        looks_at="which build of Argon2 runs",
        remedy="`make install` builds it for this machine: about half the time a hash.",
        look=argon2,
    ),
)
