"""What a person proved at a sign-in, in words: from the `amr` of the session (RFC 8176, 2)."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_WORDS: Mapping[str, Promise | str] = MappingProxyType(
    {
        "pwd": _("password"),
        "otp": _("one-time code"),
        "sms": _("text message"),
        "swk": _("passkey"),
        "hwk": _("passkey"),
        "fed": _("another provider"),
    }
)


def name_proofs(amr: Iterable[str]) -> str:
    """Return what was proved, each once, in the order of the proofs; "" if nothing of it has a word."""
    return ", ".join(dict.fromkeys(str(_WORDS[each]) for each in amr if each in _WORDS))
