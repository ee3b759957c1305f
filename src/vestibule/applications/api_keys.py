"""API keys (personal access tokens): what a person gives to a program of their own, so that the APIs that receive it
know whose it is. A key opens nothing under `/api/auth`.

A key is `vst_`, 30 random characters of base62, and the CRC-32 of these in six: a scanner of secrets knows one without
asking us, and what is none costs no query. The checksum is no protection. Only the SHA-256 digest is stored: 178 random
bits need no slow hash (SP 800-63B-4, 3.1.2.2).
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID
from zlib import crc32

from django.db.models import QuerySet

from vestibule.accounts.models import Status, User
from vestibule.applications.models import ApiKey
from vestibule.applications.scopes import OFFLINE_ACCESS, known_scopes
from vestibule.kernel import entropy
from vestibule.storage.prepared import PreparedQuery
from vestibule.storage.rows import insert_row

PREFIX = "vst_"
MOST_KEYS = 50  # of an account
LONGEST_NAME = 80
DEFAULT_LIFE, LONGEST_LIFE = timedelta(days=90), timedelta(days=366)
USE_NOTED_EVERY = timedelta(minutes=1)
_SECRET_LENGTH = 30  # characters of base62: 178 bits
_CHECKSUM_LENGTH = 6  # characters of base62 for 32 bits
_KEY = re.compile(rf"{PREFIX}([0-9A-Za-z]{{{_SECRET_LENGTH}}})([0-9A-Za-z]{{{_CHECKSUM_LENGTH}}})")
_BY_DIGEST = PreparedQuery(ApiKey.objects.select_related("user__profile"), "digest")


def key_scopes() -> tuple[str, ...]:
    """Return every scope that a key may have: all but `offline_access`, which asks for a refresh token."""
    return tuple(each for each in known_scopes() if each != OFFLINE_ACCESS)


def create_key(
    user: User, *, name: str, scopes: Sequence[str], lives_for: timedelta, now: datetime
) -> tuple[ApiKey, str]:
    """Create a key of the account, in the caller's transaction. Return its row, and the key itself, which is shown
    once."""
    secret = entropy.random_base62(_SECRET_LENGTH)
    key = f"{PREFIX}{secret}{_checksum(secret)}"
    row = ApiKey(
        user=user,
        name=name,
        scope=" ".join(scopes),
        digest=_digest_key(key),
        hint=key[-4:],
        created_at=now,
        expires_at=now + lives_for,
    )
    return insert_row(row), key


def is_well_formed(text: str) -> bool:
    """Return whether the text has the form of a key, and its checksum is right."""
    found = _KEY.fullmatch(text)
    return found is not None and _checksum(found[1]) == found[2]


def find_live_key(text: str, now: datetime) -> ApiKey | None:
    """Return the key, with account and profile, if it exists, has not expired, and its account is active. A text
    without the form of a key costs no query, any other one."""
    found = _BY_DIGEST.first(_digest_key(text)) if is_well_formed(text) else None
    is_live = found is not None and found.expires_at > now and found.user.status == Status.ACTIVE
    return found if is_live else None


def note_use(key: ApiKey, now: datetime) -> None:
    """Note that the key was used, at most once a minute."""
    if key.last_used_at is None or key.last_used_at <= now - USE_NOTED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)


def list_live_keys(user_id: UUID, now: datetime) -> QuerySet[ApiKey]:
    """Return the keys of an account that have not expired, newest first."""
    return ApiKey.objects.filter(user_id=user_id, expires_at__gt=now).order_by("-created_at", "-pk")


def delete_key(user_id: UUID, id: UUID) -> bool:
    """Delete a key of the account, in the caller's transaction. Return False if it has none with this id."""
    return ApiKey.objects.filter(pk=id, user_id=user_id).delete()[0] == 1


def delete_keys(user_id: UUID) -> int:
    """Delete every key of the account, in the caller's transaction. Return how many."""
    return ApiKey.objects.filter(user_id=user_id).delete()[0]


def expired_keys(before: datetime) -> QuerySet[ApiKey]:
    """Return the keys that expired before that moment."""
    return ApiKey.objects.filter(expires_at__lt=before)


def _checksum(secret: str) -> str:
    number, digits = crc32(secret.encode("ascii")), ""
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, len(entropy.BASE62))
        digits = entropy.BASE62[digit] + digits
    return digits


def _digest_key(key: str) -> bytes:
    return sha256(key.encode("ascii")).digest()
