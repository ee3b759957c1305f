"""Signatures of a provider's tokens (RFC 7515, RFC 8725): the provider's key decides the one algorithm, and the token
is for a client of ours."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import jwt

from vestibule.identities.discovery import ProviderKey
from vestibule.kernel.errors import TokenInvalid

MAX_LENGTH = 16_384  # characters
MAX_SUBJECT_LENGTH = 255  # OpenID Connect Core, 2
LEEWAY = timedelta(seconds=30)
ALGORITHMS = ("RS256", "ES256")
_LAST_SECOND = 253_402_300_799  # of the year 9999

FindKeys = Callable[[str | None, str], list[ProviderKey]]


class SignedTokenInvalid(TokenInvalid):
    """A token of a provider does not hold. `error` says why, in a word of RFC 8935, 2.4."""

    def __init__(self, error: str = "invalid_request") -> None:
        super().__init__()
        self.error = error


def verify_signature(
    token: object,
    find_keys: FindKeys,
    *,
    audiences: Collection[str],
    required: Sequence[str],
    types: Collection[str],
) -> tuple[dict[str, Any], ProviderKey]:
    """Return the claims of a token for one of these clients of ours, and the key that has signed it. `types` are what
    its header may call it, in lower case; the caller checks issuer and times.

    Raises:
        SignedTokenInvalid: it is no such token, or lacks one of the `required` claims.
        Unavailable: the provider's keys cannot be read.
    """
    if not isinstance(token, str) or len(token) > MAX_LENGTH:
        raise SignedTokenInvalid
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise SignedTokenInvalid from error
    algorithm, key_id = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS or "crit" in header or str(header.get("typ", "JWT")).lower() not in types:
        raise SignedTokenInvalid
    keys = find_keys(key_id, algorithm)
    if len(keys) != 1:
        raise SignedTokenInvalid("invalid_key")  # unknown, or the token does not say which of several
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            keys[0].key,
            algorithms=[keys[0].algorithm],
            audience=[*audiences],
            options={"require": [*required], "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
    except jwt.InvalidSignatureError as error:
        raise SignedTokenInvalid("invalid_key") from error
    except jwt.InvalidAudienceError as error:
        raise SignedTokenInvalid("invalid_audience") from error
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise SignedTokenInvalid from error
    return claims, keys[0]


def check_times(claims: Mapping[str, Any], now: datetime) -> None:
    """Check that the token is of the past and, if it says until when it holds, not over (OpenID Connect Core, 3.1.3.7,
    9 and 10).

    Raises:
        SignedTokenInvalid: it is not, or a time is none.
    """
    at, leeway = now.timestamp(), LEEWAY.total_seconds()
    times = {name: claims[name] for name in ("iat", "exp", "nbf") if name in claims}
    if not all(type(each) in (int, float) and 0 <= each <= _LAST_SECOND for each in times.values()):
        raise SignedTokenInvalid  # NaN and what no float can hold are no times either
    if times.get("exp", at) + leeway <= at or times["iat"] - leeway > at or times.get("nbf", 0) - leeway > at:
        raise SignedTokenInvalid


def is_subject(subject: object) -> bool:
    """Return whether this can be a subject: a text of 1 to 255 visible characters."""
    return isinstance(subject, str) and 0 < len(subject) <= MAX_SUBJECT_LENGTH and subject.isprintable()
