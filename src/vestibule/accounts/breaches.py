"""Lookup of a password in lists of breached ones: a file of digests, or the range API of Have I Been Pwned, which is
sent only the first five characters of a SHA-1 (k-anonymity;
haveibeenpwned.com/API/v3#SearchingPwnedPasswordsByRange)."""

from hashlib import sha1

import structlog

from vestibule.accounts import breach_file
from vestibule.conf import conf
from vestibule.kernel.http_client import fetch_configured

TIMEOUT = 1.0  # seconds
OK = 200
MAX_RESPONSE_BYTES = 1_048_576  # a range has some 40,000 bytes

log = structlog.get_logger("vestibule.accounts")


def is_breached(password: str) -> bool:
    """Return whether a list contains the password. Return False if no list is configured or none answers: an outage of
    somebody else's service must not stop sign-ups."""
    digest = sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
    return _is_in_file(digest) or _is_in_api(digest)


def _is_in_file(digest: str) -> bool:
    try:
        return conf.password_breach_file is not None and breach_file.contains_digest(conf.password_breach_file, digest)
    except OSError as error:
        log.warning("breaches.unavailable", error=type(error).__name__)
        return False


def _is_in_api(digest: str) -> bool:
    if not conf.password_breach_url:
        return False
    url = f"{conf.password_breach_url}/range/{digest[:5]}"
    try:
        answer = fetch_configured(url, timeout=TIMEOUT, max_bytes=MAX_RESPONSE_BYTES, headers={"Add-Padding": "true"})
        if answer.status != OK:
            raise ConnectionError(answer.status)
        lines = answer.body.decode("ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        log.warning("breaches.unavailable", error=type(error).__name__)
        return False
    counts = dict(line.partition(":")[::2] for line in lines)
    return counts.get(digest[5:], "0").strip() not in ("", "0")  # padding has the count 0
