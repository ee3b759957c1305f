"""The kinds of password hash in use: today's, and those of imported accounts.

A hash is verified at the cost of its own algorithm and parameters. So that no sign-in takes longer for one account than
for another, every sign-in does the work of all schemes in use until the last imported hash is replaced
(docs/decisions/0080).
"""

import re
from collections.abc import Mapping
from functools import cache

from django.contrib.auth import hashers

from vestibule.accounts.models import IMPORTED_HASH, User
from vestibule.kernel import entropy
from vestibule.kernel.cached import Cached

KEPT_FOR = 60.0  # seconds for which a process caches the schemes
SAMPLE_SIZE = 200  # imported hashes that are read: an import has one scheme, or two

# `pbkdf2_sha256$870000$`, `bcrypt_sha256$$2b$12$`, `argon2$argon2id$v=19$m=19456,t=2,p=1$`
_PARAMETERS = re.compile(r"(argon2\$\w+\$v=\d+\$[^$]*|bcrypt\w*\$\$\w+\$\d+|\w+\$\d+)\$")


def scheme_of(encoded: str) -> str:
    """Return algorithm and parameters of a hash in Django's encoding, without salt and digest; "" if the text is no
    hash."""
    if encoded.startswith("scrypt$"):  # scrypt$work factor$salt$block size$parallelism$digest
        _, work_factor, _, block_size, parallelism, _ = encoded.split("$")
        return f"scrypt${work_factor}${block_size}${parallelism}"
    found = _PARAMETERS.match(encoded)
    return found[1] if found else ""


def reread_schemes_if_stale() -> None:
    """Read the table if the last read is a minute old. Call it in the thread of a request, whose database connection is
    checked; the hashing threads have none."""
    _imported_schemes.get()


def schemes_in_use(encoded: str) -> Mapping[str, str]:
    """Return a hash that no password has for each scheme in use, including the scheme of `encoded`. Makes no query."""
    imported = _imported_schemes.peek()
    if imported is None:
        imported = {}
    if encoded and scheme_of(encoded) not in {**_current_scheme(), **imported}:
        imported.update(_unmatchable_by_scheme(encoded))
    return {**_current_scheme(), **imported}


def _unmatchable_by_scheme(*encoded: str) -> dict[str, str]:
    """Return for each scheme a hash with the same salt and parameters but a replaced end of the digest, which no known
    password has."""
    return {scheme_of(each): each[:-10] + "A" * 10 for each in encoded if scheme_of(each)}


@cache
def _current_scheme() -> dict[str, str]:
    made = hashers.make_password(entropy.random_token())
    return {scheme_of(made): made}


def _read_imported_schemes() -> dict[str, str]:
    imported = User.objects.filter(IMPORTED_HASH).values_list("password", flat=True)[:SAMPLE_SIZE]
    return _unmatchable_by_scheme(*imported)


_imported_schemes = Cached(_read_imported_schemes, keep_for=KEPT_FOR, stale_for=KEPT_FOR)
