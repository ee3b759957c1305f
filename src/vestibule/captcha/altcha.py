"""Proof of work from this server: the browser searches a number for a moment, and checking it takes a millisecond
(altcha.org, version 2 of the protocol)."""

from datetime import datetime, timedelta
from typing import Any

from altcha import Payload, create_challenge, verify_solution

from vestibule.captcha import replay
from vestibule.conf import conf
from vestibule.kernel.errors import CaptchaInvalid

ALGORITHM = "PBKDF2/SHA-256"
KEY_PREFIX = "00"  # hexadecimal prefix of the key to find: one try in 256 has it
CHALLENGE_LIFETIME = timedelta(minutes=10)


def make_challenge(purpose: str, now: datetime) -> dict[str, Any]:
    """Return a signed challenge for this purpose: parameters and signature, as the widget reads them. Nothing is
    stored."""
    made = create_challenge(
        ALGORITHM,
        conf.captcha_cost,
        key_prefix=KEY_PREFIX,
        expires_at=int((now + CHALLENGE_LIFETIME).timestamp()),
        hmac_secret=_signing_secrets(purpose)[0],
    )
    return made.to_dict()


def check_solution(solution: str, purpose: str, now: datetime) -> None:
    """Check that this solves a challenge of ours for this purpose, in time and for the first time.

    Raises:
        CaptchaInvalid: the solution is wrong, too old, for another purpose, or was used before.
        Unavailable: a store cannot be reached.
    """
    payload = _parse_solution(solution)
    if not any(verify_solution(payload, secret).verified for secret in _signing_secrets(purpose)):
        raise CaptchaInvalid
    parameters = payload.challenge.parameters  # signed by us: of the shape that we gave them
    if parameters.expires_at is None or parameters.expires_at <= now.timestamp():
        raise CaptchaInvalid
    replay.consume_answer(parameters.nonce.encode(), now)


def _signing_secrets(purpose: str) -> list[bytes]:
    """Return the keys of this purpose and this service's address, so that a challenge made for another is not
    accepted."""
    return conf.keys.all_digests("altcha", conf.base_url.encode(), purpose.encode())


def _parse_solution(solution: str) -> Payload:
    try:
        return Payload.from_base64(solution)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CaptchaInvalid from error
