"""The scopes that applications ask for: those of OpenID Connect Core, 5.4 and 11, and the operator's own."""

from vestibule.conf import conf

OPENID, PROFILE, EMAIL, PHONE, OFFLINE_ACCESS = STANDARD_SCOPES = (
    "openid",
    "profile",
    "email",
    "phone",
    "offline_access",
)


def known_scopes() -> tuple[str, ...]:
    """Return every scope there is."""
    return (*STANDARD_SCOPES, *(each for each in conf.oauth_scopes if each not in STANDARD_SCOPES))


def split_scope(scope: str) -> list[str]:
    """Return the scopes of a text, each once, in the order of the text (RFC 6749, 3.3)."""
    return list(dict.fromkeys(scope.split(" "))) if scope else []
