"""The scopes that applications ask for: those of OpenID Connect Core, 5.4 and 11, and the operator's own."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vestibule.conf import conf

OPENID, OFFLINE_ACCESS = "openid", "offline_access"
# In the words of the page that asks a person for consent.
STANDARD_SCOPES: Mapping[str, Promise | str] = MappingProxyType(
    {
        OPENID: _("Know that it is you"),
        "profile": _("See your name, username and picture"),
        "email": _("See your email address"),
        "phone": _("See your phone number"),
        OFFLINE_ACCESS: _("Stay signed in, also while you are away"),
    }
)


def known_scopes() -> dict[str, Promise | str]:
    """Return every scope there is, with its words."""
    return {**STANDARD_SCOPES, **conf.oauth_scopes}


def split_scope(scope: str) -> list[str]:
    """Return the scopes of a text, each once, in the order of the text (RFC 6749, 3.3)."""
    return list(dict.fromkeys(scope.split(" "))) if scope else []


def describe_scopes(scopes: Iterable[str]) -> list[str]:
    """Return what each scope lets an application do, in the reader's language."""
    words = known_scopes()
    return [str(words[each]) for each in scopes if each in words]
