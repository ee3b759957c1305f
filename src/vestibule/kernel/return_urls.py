"""Addresses to which a browser may be sent back: those of the allowed origins alone (OWASP Unvalidated Redirects)."""

import re
from collections.abc import Collection
from urllib.parse import urlencode

MAX_LENGTH = 2048
# Scheme and host in the one spelling that browsers send as an origin, then a path or query in ASCII (RFC 3986). What a
# browser would read as another host (userinfo, backslashes, controls, a second slash) has no place in it.
_URL = re.compile(r"(https?://[a-z0-9._:\[\]-]+)(?:/(?!/)[!-\[\]-~]*|\?[!-\[\]-~]*)?")


def is_return_url(url: str, origins: Collection[str]) -> bool:
    """Return whether the URL has one of these origins, letter for letter, and no fragment."""
    found = _URL.fullmatch(url) if len(url) <= MAX_LENGTH and "#" not in url else None
    return found is not None and found[1] in origins


def add_to_query(url: str, **parameters: str) -> str:
    """Return the URL, which has no fragment, with these parameters added to its query."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(parameters)}"
