"""Rotation of refresh tokens: opaque, 256 bits, stored as digests; each works once (RFC 9700, 4.14.2).

A child is derived from its parent under a server key. A client whose answer was lost, or whose second tab refreshed
first, therefore gets the same child for a few seconds, though no token is stored.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Generic, Protocol, TypeVar

from django.db.models import Model

from vestibule.conf import conf
from vestibule.kernel import errors
from vestibule.storage.prepared import PreparedQuery
from vestibule.storage.rows import insert_once


class StoredToken(Protocol):
    """The row of a refresh token: a token has at most one child."""

    pk: int
    created_at: datetime
    expires_at: datetime


M = TypeVar("M", bound=Model)


class TokenRotation(Generic[M]):
    """The rotation of the refresh tokens of one table, which has the columns of `StoredToken` and `parent`."""

    def __init__(self, model: type[M]) -> None:
        self._model = model
        self._by_parent = PreparedQuery(model._default_manager.all(), "parent")

    def rotate(self, token: StoredToken, presented: str, now: datetime, build_child: Callable[[str], M]) -> str | None:
        """Return the child of the token that was presented, in the caller's transaction, with the row locked on which
        its tokens hang. Return None if it was used before REFRESH_GRACE began: an attacker may hold a copy. Within it
        the immediate parent yields the same child again.

        Raises:
            CredentialExpired: the token is too old.
        """
        child_token = derive_child_token(presented)
        if token.expires_at > now and insert_once(build_child(child_token)):
            return child_token
        # The child exists: with the row locked, the transaction that created it has committed.
        child = self._find_child(token)
        if child is None:
            raise errors.CredentialExpired
        if now > child.created_at + conf.refresh_grace or self._find_child(child) is not None:
            return None
        return child_token

    def _find_child(self, token: StoredToken) -> StoredToken | None:
        return self._by_parent.first(token.pk)  # type: ignore[return-value]  # its columns are those


def digest_token(refresh: str) -> bytes:
    """SHA-256: a secret of 256 random bits needs no key to be safe at rest (ASVS 11.5.1)."""
    return sha256(refresh.encode(errors="replace")).digest()


def derive_child_token(refresh: str) -> str:
    """Return the child of a refresh token: 256 bits that only the server key makes of it."""
    derived = conf.keys.digest("refresh child", refresh.encode(errors="replace"))
    return urlsafe_b64encode(derived).rstrip(b"=").decode()
