"""The key ring of tokens: ES256 keys, and RS256 keys for applications that ask for them; sealed in the database,
published as a JWK set."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from django.db import InterfaceError, OperationalError
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from vestibule.conf import conf
from vestibule.kernel import entropy
from vestibule.kernel.cached import Cached
from vestibule.kernel.sealing import Unsealable
from vestibule.sessions.models import SigningKey
from vestibule.storage.database import on_commit

PUBLISHED_BEFORE_SIGNING = timedelta(minutes=10)  # longer than PUBLISHED_FOR, because clocks differ
PUBLISHED_FOR = timedelta(minutes=5)  # how long a verifier may cache the published set (service.ops.views)
# Seconds for which a process caches the keys, and so may still accept a key after it was deleted.
KEPT_FOR = 5.0
# Seconds between two reads of the table for an unknown `kid`, so that invented ones cause no more queries.
REREAD_AFTER = 0.1

ES256, RS256 = "ES256", "RS256"  # RFC 7518, 3.1
RSA_BITS = 3072  # SP 800-57 part 1, 5.6.1.1: 128 bits of strength, as P-256 has

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


class UnknownKey(LookupError):
    """No key of ours has this `kid`."""


def find_public_key(kid: str, algorithm: str = ES256) -> PublicKey:
    """Return the public half of the key with this `kid`, which signs by this algorithm and no other (RFC 8725, 3.1).

    Raises:
        UnknownKey: no key of the algorithm has it.
    """
    found = _opened_keys.get().get(kid) or _opened_keys.get_younger_than(REREAD_AFTER).get(kid)
    if found is None or found.algorithm != algorithm:
        raise UnknownKey(kid)
    return found.public_key


def current_signing_key(now: datetime, algorithm: str = ES256) -> tuple[str, PrivateKey]:
    """Return `kid` and key of the key that signs by this algorithm now. If there is none, create the first, in the
    caller's transaction."""
    for seconds in (KEPT_FOR, 0):
        ring = _opened_keys.get_younger_than(seconds).values()
        if sign := [each for each in ring if each.algorithm == algorithm and each.signs_at <= now]:
            current = max(sign, key=lambda each: (each.signs_at, each.kid))
            return current.kid, current.private_key
    made = _create_signing_key(now, now, algorithm)
    on_commit(forget_signing_keys)
    return made.kid, _unseal_private_key(made.kid, bytes(made.sealed_private))


def sign_claims(claims: Mapping[str, Any], now: datetime, *, algorithm: str = ES256, kind: str = "JWT") -> str:
    """Return these claims as a JWT, signed by the current key of the algorithm (RFC 7515, 3). `kind` is its `typ`, by
    which one kind of token is never taken for another (RFC 8725, 3.11)."""
    kid, key = current_signing_key(now, algorithm)
    return jwt.encode(dict(claims), key, algorithm=algorithm, headers={"kid": kid, "typ": kind})


def current_key_signs_since(now: datetime) -> datetime | None:
    """Return since when the current ES256 key has signed, or None if there is no key."""
    signing = SigningKey.objects.filter(signs_at__lte=now, algorithm=ES256).order_by("-signs_at")
    return signing.values_list("signs_at", flat=True).first()


def publish_next_key(now: datetime) -> tuple[str, int]:
    """Publish a new key of each algorithm in use, which signs after PUBLISHED_BEFORE_SIGNING, and delete keys whose
    last token has expired, in the caller's transaction. Return the new ES256 `kid` and how many keys were deleted."""
    made = {each: _create_signing_key(now, now + PUBLISHED_BEFORE_SIGNING, each).kid for each in _algorithms_in_use()}
    gone = sum(_delete_retired_keys(now, algorithm) for algorithm in made)
    on_commit(forget_signing_keys)
    return made[ES256], gone


def replace_all_keys(now: datetime) -> tuple[str, int]:
    """Create a key of each algorithm in use that signs at once and delete every other, in the caller's transaction.
    Return the new ES256 `kid` and how many keys were deleted. A process that cached the deleted keys uses them for
    KEPT_FOR at most."""
    made = {each: _create_signing_key(now, now, each).kid for each in _algorithms_in_use()}
    gone, _ = SigningKey.objects.exclude(kid__in=made.values()).delete()
    on_commit(forget_signing_keys)
    return made[ES256], gone


def _algorithms_in_use() -> set[str]:
    """Return ES256, and RS256 once an application has asked for it."""
    return {ES256, *SigningKey.objects.values_list("algorithm", flat=True).distinct()}


def _delete_retired_keys(now: datetime, algorithm: str) -> int:
    """Delete the keys of which every token has expired, and return how many."""
    past = now - conf.jwt_access_ttl - PUBLISHED_BEFORE_SIGNING
    signing = SigningKey.objects.filter(signs_at__lte=past, algorithm=algorithm).order_by("-signs_at")
    return signing.exclude(pk=signing.values_list("pk", flat=True).first()).delete()[0]


def build_jwk_set() -> dict[str, list[dict[str, Any]]]:
    """Return the public keys as a JWK set (RFC 7517, 5). While the database is down, the set is the one that was read
    last.

    Raises:
        OperationalError: the database is down and the keys were never read.
        InterfaceError: the same, when the connection is closed.
    """
    try:
        ring = _opened_keys.get()
    except (OperationalError, InterfaceError):
        if not (last := _opened_keys.peek()):
            raise
        ring = last
    return {"keys": [_as_jwk(each) for each in ring.values()]}


def _create_signing_key(now: datetime, signs_at: datetime, algorithm: str) -> SigningKey:
    key: PrivateKey = (
        rsa.generate_private_key(65537, RSA_BITS) if algorithm == RS256 else ec.generate_private_key(ec.SECP256R1())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    kid = entropy.random_token()[:22]
    return SigningKey.objects.create(
        kid=kid,
        algorithm=algorithm,
        created_at=now,
        signs_at=signs_at,
        sealed_private=conf.keys.seal("signing key", pem, context=kid.encode()),
    )


@lru_cache(maxsize=16)
def _unseal_private_key(kid: str, sealed_private: bytes) -> PrivateKey:
    pem = conf.keys.unseal("signing key", sealed_private, context=kid.encode())
    key = load_pem_private_key(pem, password=None)
    if not isinstance(key, PrivateKey):
        raise TypeError(f"signing key {kid} is neither of an elliptic curve nor of RSA")
    return key


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedKey:
    """One key of the ring, unsealed, with its public half, which is asked for by every request with a token."""

    kid: str
    algorithm: str
    private_key: PrivateKey
    public_key: PublicKey
    signs_at: datetime


def _load_usable_keys() -> Mapping[str, OpenedKey]:
    """Return the keys that the key ring can unseal, by `kid`. A key that was sealed under a retired secret neither
    signs nor verifies."""
    found = {}
    for row in SigningKey.objects.order_by("kid"):
        with suppress(Unsealable):
            private_key = _unseal_private_key(row.kid, bytes(row.sealed_private))
            found[row.kid] = OpenedKey(
                kid=row.kid,
                algorithm=row.algorithm,
                private_key=private_key,
                public_key=private_key.public_key(),
                signs_at=row.signs_at,
            )
    return found


_opened_keys = Cached(_load_usable_keys, keep_for=KEPT_FOR)


def forget_signing_keys() -> None:
    """Empty the cache, so that the next call reads the table."""
    _opened_keys.invalidate()


def _as_jwk(key: OpenedKey) -> dict[str, Any]:
    public = key.public_key
    encoded = RSAAlgorithm.to_jwk(public) if isinstance(public, rsa.RSAPublicKey) else ECAlgorithm.to_jwk(public)
    return {**json.loads(encoded), "kid": key.kid, "use": "sig", "alg": key.algorithm}
