"""The public keys by which an application proves that it is itself (`private_key_jwt`; RFC 7517, RFC 7523)."""

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from jwt.exceptions import InvalidKeyError

from vestibule.kernel.errors import FieldError, Malformed

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
MAX_KEYS = 10
MAX_MEMBER = 2048  # characters: an RSA modulus of 8192 bits has 1366
RSA_BITS = range(2048, 8193)  # SP 800-131A, 3; what is larger only costs time
_MEMBERS = ("kty", "crv", "x", "y", "n", "e", "kid", "alg")
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})  # RFC 7518, 6


def parse_public_keys(jwks: Mapping[str, Any]) -> list[tuple[str, str, PublicKey]]:
    """Return `kid`, algorithm and key of each key of a JWK set: EC P-256 (ES256) or RSA of 2048 bits and more (RS256).

    Raises:
        Malformed: it is no such set, it holds a private key, or several keys have one `kid`.
    """
    keys = jwks.get("keys")
    if not isinstance(keys, list) or not 0 < len(keys) <= MAX_KEYS:
        raise Malformed(FieldError("invalid", "public_keys_malformed"))
    found = [_parse_public_key(each) for each in keys]
    if len({kid for kid, _, _ in found}) < len(found):
        raise Malformed(FieldError("invalid", "public_keys_malformed"))
    return found


def public_members(jwks: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JWK set with what makes its keys alone: certificates and the like are not kept."""
    return {"keys": [{name: key[name] for name in _MEMBERS if name in key} for key in jwks["keys"]]}


def _parse_public_key(jwk: object) -> tuple[str, str, PublicKey]:
    if not isinstance(jwk, Mapping) or len(jwk) > 20 or jwk.get("use", "sig") != "sig":
        raise Malformed(FieldError("invalid", "public_keys_malformed"))
    if not _PRIVATE.isdisjoint(jwk):
        raise Malformed(FieldError("invalid", "private_key_given"))
    members = {name: jwk[name] for name in _MEMBERS if name in jwk}
    if not all(isinstance(each, str) and len(each) <= MAX_MEMBER and each.isprintable() for each in members.values()):
        raise Malformed(FieldError("invalid", "public_keys_malformed"))
    try:
        key: Any = (ECAlgorithm if members.get("kty") == "EC" else RSAAlgorithm).from_jwk(members)
    except (InvalidKeyError, ValueError, TypeError, KeyError) as error:
        raise Malformed(FieldError("invalid", "public_keys_malformed")) from error
    algorithm = _algorithm_of(key)
    if members.get("alg", algorithm) != algorithm:
        raise Malformed(FieldError("invalid", "public_keys_malformed"))
    return members.get("kid", ""), algorithm, key


def _algorithm_of(key: object) -> str:
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return "ES256"
    if isinstance(key, rsa.RSAPublicKey) and key.key_size in RSA_BITS:
        return "RS256"
    raise Malformed(FieldError("invalid", "public_keys_weak"))
