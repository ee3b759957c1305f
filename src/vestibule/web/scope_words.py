"""What each scope lets an application do, in words for the person who is asked."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vestibule.applications.scopes import EMAIL, OFFLINE_ACCESS, OPENID, PHONE, PROFILE
from vestibule.conf import conf

_WORDS: Mapping[str, Promise | str] = MappingProxyType(
    {
        OPENID: _("Know that it is you"),
        PROFILE: _("See your name, username and picture"),
        EMAIL: _("See your email address"),
        PHONE: _("See your phone number"),
        OFFLINE_ACCESS: _("Stay signed in, also while you are away"),
    }
)


def describe_scopes(scopes: Iterable[str]) -> list[str]:
    """Return a sentence for each scope, in the reader's language; those of the operator's own as OAUTH_SCOPES has
    them."""
    words = {**conf.oauth_scopes, **_WORDS}
    return [str(words[each]) for each in scopes if each in words]
