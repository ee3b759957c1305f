"""The only source of randomness: that of the operating system, through `secrets` (ASVS 6.5.3, 11.5.1)."""

import secrets
from threading import Lock
from time import time_ns
from uuid import UUID, uuid4

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LONG_CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no characters that look alike
USER_CODE_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, so that no word comes out of it (RFC 8628, 6.1)
USER_CODE_LENGTH = 8
_GROUP_COUNT, _GROUP_LENGTH = 4, 5

_row_ids = Lock()
_newest = [0, 0]  # the milliseconds of the last id of a row, and its number among those of the same millisecond


def random_code(digits: int) -> str:
    """Return a one-time code of decimal digits, uniformly random, with leading zeros."""
    return f"{secrets.randbelow(10**digits):0{digits}d}"


def random_long_code() -> str:
    """Return a code of 98 random bits (30^20) that nobody can guess and a person can still copy: four groups of
    five."""
    return _group_characters("".join(secrets.choice(LONG_CODE_ALPHABET) for _ in range(_GROUP_COUNT * _GROUP_LENGTH)))


def parse_long_code(characters: str) -> str | None:
    """Return the long code of these characters, in groups; None if they are none."""
    if len(characters) != _GROUP_COUNT * _GROUP_LENGTH or not set(characters) <= set(LONG_CODE_ALPHABET):
        return None
    return _group_characters(characters)


def _group_characters(characters: str) -> str:
    return "-".join(characters[start : start + _GROUP_LENGTH] for start in range(0, len(characters), _GROUP_LENGTH))


def random_user_code() -> str:
    """Return a code of 34.5 random bits (20^8), which a device shows and a person types elsewhere."""
    return "".join(secrets.choice(USER_CODE_ALPHABET) for _ in range(USER_CODE_LENGTH))


def random_token() -> str:
    """Return 256 random bits in base64url: for links, refresh tokens, nonces."""
    return secrets.token_urlsafe(32)


def random_base62(length: int) -> str:
    """Return random letters and digits of ASCII, 5.95 bits each."""
    return "".join(secrets.choice(BASE62) for _ in range(length))


def random_bytes(count: int) -> bytes:
    """Return random bytes."""
    return secrets.token_bytes(count)


def random_uuid() -> UUID:
    """Return a random UUID (version 4), for ids that must not be guessed."""
    return uuid4()


def row_id() -> UUID:
    """Return a UUID that begins with the time (version 7, RFC 9562, 5.7), for the keys of growing tables: rows inserted
    together lie together in each index, in the order in which a process made them (6.2, method 1). 62 bits are random;
    the time in milliseconds is not secret."""
    milliseconds = time_ns() // 1_000_000
    with _row_ids:
        count = _newest[1] + 1 if _newest[0] == milliseconds else secrets.randbits(11)
        _newest[:] = milliseconds, count
    return UUID(int=milliseconds << 80 | 7 << 76 | (count & 0xFFF) << 64 | 2 << 62 | secrets.randbits(62))


def random_jitter(max_seconds: float) -> float:
    """Return a random part of `max_seconds`, so that retries of several processes do not coincide."""
    return secrets.SystemRandom().uniform(0, max_seconds)
