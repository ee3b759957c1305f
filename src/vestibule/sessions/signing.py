"""The key ring of access tokens: ES256 keys of their own, in the database, sealed; published as a JWK set."""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from django.conf import settings
from jwt.algorithms import ECAlgorithm

from vestibule.kernel import entropy
from vestibule.kernel.sealing import Unsealable
from vestibule.sessions.models import SigningKey

# A verifier may hold the published set for five minutes (skins.ops.views), and clocks differ.
LEAD = timedelta(minutes=10)


class UnknownKey(LookupError):
    """No key of ours has this `kid`."""


def public(kid: str) -> ec.EllipticCurvePublicKey:
    """The public half of the key with this `kid`. Raises UnknownKey."""
    found = dict(_usable(SigningKey.objects.filter(pk=kid))) if "\0" not in kid else {}
    if kid not in found:
        raise UnknownKey(kid)
    return found[kid].public_key()


def newest(now: datetime) -> tuple[str, ec.EllipticCurvePrivateKey]:
    """The `kid` and the key that sign now; the first is made, in the caller's transaction, where there is none."""
    newest_first = _usable(SigningKey.objects.filter(signs_at__lte=now).order_by("-signs_at", "kid"))
    return next(newest_first, None) or next(_usable([_made(now, now)]))


def signs_since(now: datetime) -> datetime | None:
    """Since when the key that signs now has done so; None before the first."""
    return SigningKey.objects.filter(signs_at__lte=now).order_by("-signs_at").values_list("signs_at", flat=True).first()


def rotate(now: datetime) -> tuple[str, int]:
    """Publish a new key, which signs after LEAD, and forget those whose last token is dead, in the caller's
    transaction: the new `kid`, and how many were forgotten."""
    made = _made(now, now + LEAD)
    signing = SigningKey.objects.filter(signs_at__lte=now - settings.JWT_ACCESS_TTL - LEAD).order_by("-signs_at")
    current = signing.values_list("pk", flat=True).first()
    gone, _ = signing.exclude(pk=current).delete()
    return made.kid, gone


def jwks() -> dict[str, list[dict[str, Any]]]:
    """The public keys as a JWK set (RFC 7517, 5)."""
    return {"keys": [_jwk(kid, key) for kid, key in _usable(SigningKey.objects.order_by("kid"))]}


def _made(now: datetime, signs_at: datetime) -> SigningKey:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    kid = entropy.token()[:22]
    return SigningKey.objects.create(
        kid=kid,
        created_at=now,
        signs_at=signs_at,
        sealed_private=settings.KEYS.seal("signing key", pem, context=kid.encode()),
    )


@lru_cache(maxsize=16)
def _opened(kid: str, sealed_private: bytes) -> ec.EllipticCurvePrivateKey:
    pem = settings.KEYS.unseal("signing key", sealed_private, context=kid.encode())
    key = load_pem_private_key(pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"signing key {kid} is no elliptic curve key")
    return key


def _usable(rows: Iterable[SigningKey]) -> Iterator[tuple[str, ec.EllipticCurvePrivateKey]]:
    """The keys that our key ring opens: one that a retired secret sealed signs and verifies nothing any more."""
    for row in rows:
        with suppress(Unsealable):
            yield row.kid, _opened(row.kid, bytes(row.sealed_private))


def _jwk(kid: str, key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    public = json.loads(ECAlgorithm.to_jwk(key.public_key()))
    return {**public, "kid": kid, "use": "sig", "alg": "ES256"}
