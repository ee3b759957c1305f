"""Keyed digests, authenticated encryption and signed tokens, under a list of keys that can be rotated.

The first secret of the list makes new values, every secret verifies old ones. A key is derived from the secret for each
purpose (HKDF-SHA-256, RFC 5869), so that a value made for one purpose is not accepted for another.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vestibule.kernel import entropy

_NONCE_LENGTH = 12  # bytes; SP 800-38D, 8.2.2
_DIGEST_LENGTH = 32


class Unsealable(Exception):
    """The value was not made by a key of ours, or it was altered or moved to another place."""


@lru_cache(maxsize=256)
def _derive_key(secret: str, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"vestibule {purpose}".encode()).derive(secret.encode())


def _length_prefixed(parts: Sequence[bytes]) -> bytes:
    """Prefix each part with its length, so that ("ab", "c") and ("a", "bc") differ."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


class KeyRing:
    """The key ring: at least one secret, newest first."""

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets:
            raise ValueError("a key ring needs at least one secret")
        self._secrets = tuple(secrets)

    def digest(self, purpose: str, *parts: bytes) -> bytes:
        """Return the HMAC-SHA-256 of the parts under the newest key: 32 bytes."""
        return self.all_digests(purpose, *parts)[0]

    def all_digests(self, purpose: str, *parts: bytes) -> list[bytes]:
        """Return the digest under every key, newest first, to look up what an older key made."""
        message = _length_prefixed(parts)
        return [hmac.digest(_derive_key(secret, purpose), message, sha256) for secret in self._secrets]

    def matches_digest(self, expected: bytes, purpose: str, *parts: bytes) -> bool:
        """Return whether `expected` is the digest under any key. Every key is tried, each in constant time."""
        found = [hmac.compare_digest(digest, expected) for digest in self.all_digests(purpose, *parts)]
        return any(found)

    def seal(self, purpose: str, plaintext: bytes, *, context: bytes) -> bytes:
        """Encrypt with AES-256-GCM under a random nonce. `context` (where the value is stored) is authenticated,
        too."""
        nonce = entropy.random_bytes(_NONCE_LENGTH)
        return nonce + AESGCM(_derive_key(self._secrets[0], purpose)).encrypt(nonce, plaintext, context)

    def unseal(self, purpose: str, sealed: bytes, *, context: bytes) -> bytes:
        """Decrypt what was sealed for this purpose and context.

        Raises:
            Unsealable: no key of the ring opens it.
        """
        for secret in self._secrets:
            try:
                return AESGCM(_derive_key(secret, purpose)).decrypt(
                    sealed[:_NONCE_LENGTH], sealed[_NONCE_LENGTH:], context
                )
            except (InvalidTag, ValueError):
                continue
        raise Unsealable(purpose)

    def reseal(self, purpose: str, sealed: bytes, *, context: bytes) -> bytes:
        """Return the same secret sealed under the newest key, so that older keys can be retired.

        Raises:
            Unsealable: no key of the ring opens it.
        """
        return self.seal(purpose, self.unseal(purpose, sealed, context=context), context=context)

    def sign(self, purpose: str, body: bytes) -> str:
        """Return `body` and its HMAC as one base64url string without padding."""
        return urlsafe_b64encode(body + self.digest(purpose, body)).rstrip(b"=").decode()

    def unsign(self, purpose: str, signed: str) -> bytes:
        """Return the body of a signed string. Only one spelling of each string is accepted (no padding, no stray bits).

        Raises:
            Unsealable: no key of the ring made it.
        """
        try:
            raw = urlsafe_b64decode(signed + "=" * (-len(signed) % 4))
        except ValueError as error:
            raise Unsealable(purpose) from error
        body, mac = raw[:-_DIGEST_LENGTH], raw[-_DIGEST_LENGTH:]
        if urlsafe_b64encode(raw).rstrip(b"=").decode() != signed or not self.matches_digest(mac, purpose, body):
            raise Unsealable(purpose)
        return body
