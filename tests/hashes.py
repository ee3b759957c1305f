"""Password hashes at the least cost that each algorithm takes, where their cost is not what a test shows."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.contrib.auth import hashers

from vestibule.accounts import hash_schemes, passwords

_LEAST = {
    (hashers.Argon2PasswordHasher, "memory_cost"): 128,
    (passwords.Argon2, "memory_cost"): 64,
    (passwords.Argon2, "time_cost"): 1,
    (hashers.PBKDF2PasswordHasher, "iterations"): 1000,
    (hashers.BCryptSHA256PasswordHasher, "rounds"): 4,
    (hashers.ScryptPasswordHasher, "work_factor"): 16,
}
_PRODUCT = {(hasher, name): getattr(hasher, name) for hasher, name in _LEAST}


def cheapen() -> None:
    """From here on a hash costs next to nothing."""
    _cost(_LEAST)


@contextmanager
def as_in_the_product() -> Iterator[None]:
    """Meanwhile a hash costs what it costs people."""
    _cost(_PRODUCT)
    try:
        yield
    finally:
        cheapen()


def _cost(parameters: Mapping[tuple[type[hashers.BasePasswordHasher], str], int]) -> None:
    for (hasher, name), value in parameters.items():
        setattr(hasher, name, value)
    for of_the_cost_before in (passwords._unmatchable_hash, hash_schemes._current_scheme):
        of_the_cost_before.cache_clear()
