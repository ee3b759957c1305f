"""The one source of randomness: the operating system's, through `secrets` (ASVS 6.5.3, 11.5.1)."""

import secrets
from time import time_ns
from uuid import UUID, uuid4

LONG_CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that reads like something else
_GROUP_COUNT, _GROUP_LENGTH = 4, 5


def random_code(digits: int) -> str:
    """A one-time code of so many decimal digits, each equally likely, leading zeros kept."""
    return f"{secrets.randbelow(10**digits):0{digits}d}"


def random_long_code() -> str:
    """A code that nobody guesses (30^20, 98 bits) and a person can still copy: four groups of five."""
    return _group_characters("".join(secrets.choice(LONG_CODE_ALPHABET) for _ in range(_GROUP_COUNT * _GROUP_LENGTH)))


def parse_long_code(characters: str) -> str | None:
    """The long code of these characters, in its groups; None where they are none."""
    if len(characters) != _GROUP_COUNT * _GROUP_LENGTH or not set(characters) <= set(LONG_CODE_ALPHABET):
        return None
    return _group_characters(characters)


def _group_characters(characters: str) -> str:
    return "-".join(characters[start : start + _GROUP_LENGTH] for start in range(0, len(characters), _GROUP_LENGTH))


def random_token() -> str:
    """256 random bits, base64url: links, refresh tokens, nonces."""
    return secrets.token_urlsafe(32)


def random_bytes(count: int) -> bytes:
    """So many random bytes."""
    return secrets.token_bytes(count)


def random_uuid() -> UUID:
    """A random UUID (version 4), for ids that nobody should guess."""
    return uuid4()


def row_id() -> UUID:
    """A UUID that begins with the time (version 7, RFC 9562, 5.7), for the keys of tables that grow: rows that are made
    together lie together in every index of them. The other 74 bits are random; the milliseconds are no secret."""
    milliseconds = time_ns() // 1_000_000
    return UUID(int=milliseconds << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62))


def random_jitter(max_seconds: float) -> float:
    """A random share of so many seconds, so that retries do not march in step."""
    return secrets.SystemRandom().uniform(0, max_seconds)
