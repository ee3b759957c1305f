"""Which kinds of password hash the accounts of this deployment have: today's, and those that were imported.

A hash is verified at the cost of its own algorithm and parameters. So that no sign-in takes longer for one account than
for another, each does the work of every scheme in use, until the last imported hash was replaced
(docs/decisions/0080).
"""

import re
import time
from collections.abc import Mapping
from functools import cache

from django.contrib.auth import hashers

from vestibule.accounts.models import IMPORTED_HASH, User
from vestibule.kernel import entropy

KEPT_FOR = 60.0  # seconds for which a process goes on with what it has read
SAMPLE_SIZE = 200  # imported hashes that are looked at: an import has one scheme, or two

# `pbkdf2_sha256$870000$`, `bcrypt_sha256$$2b$12$`, `argon2$argon2id$v=19$m=19456,t=2,p=1$`
_PARAMETERS = re.compile(r"(argon2\$\w+\$v=\d+\$[^$]*|bcrypt\w*\$\$\w+\$\d+|\w+\$\d+)\$")


def scheme_of(encoded: str) -> str:
    """The algorithm and the parameters of a hash as Django encodes it, without salt and digest; empty where the
    text is no hash."""
    if encoded.startswith("scrypt$"):  # scrypt$work factor$salt$block size$parallelism$digest
        _, work_factor, _, block_size, parallelism, _ = encoded.split("$")
        return f"scrypt${work_factor}${block_size}${parallelism}"
    found = _PARAMETERS.match(encoded)
    return found[1] if found else ""


def reread_schemes_if_stale() -> None:
    """Read the table where that was a minute ago. For the thread of a request: its connection is one that was looked
    at before, and a thread that hashes has none."""
    global _cached_schemes
    if time.monotonic() - _cached_schemes[0] > KEPT_FOR:
        imported = User.objects.filter(IMPORTED_HASH).values_list("password", flat=True)[:SAMPLE_SIZE]
        _cached_schemes = time.monotonic(), _unmatchable_by_scheme(*imported)


def schemes_in_use(encoded: str) -> Mapping[str, str]:
    """Each scheme in use with a hash of that scheme that no password has; that of `kept`, the hash which is asked for,
    among them. As it was read: no query."""
    global _cached_schemes
    found = {**_current_scheme(), **_cached_schemes[1]}
    if encoded and scheme_of(encoded) not in found:
        found |= _unmatchable_by_scheme(encoded)
        _cached_schemes = _cached_schemes[0], found
    return found


def forget_hash_schemes() -> None:
    """Read the table anew next time."""
    global _cached_schemes
    _cached_schemes = (-KEPT_FOR, {})


def _unmatchable_by_scheme(*encoded: str) -> dict[str, str]:
    """One hash of each scheme, of the same salt and parameters, with an end of its digest that no password is known
    for."""
    return {scheme_of(each): each[:-10] + "A" * 10 for each in encoded if scheme_of(each)}


@cache
def _current_scheme() -> dict[str, str]:
    made = hashers.make_password(entropy.random_token())
    return {scheme_of(made): made}


_cached_schemes: tuple[float, Mapping[str, str]]
forget_hash_schemes()
