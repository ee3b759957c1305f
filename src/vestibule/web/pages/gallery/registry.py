"""All states of all pages, by group."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from vestibule.web.pages.gallery.account import account_states
from vestibule.web.pages.gallery.brand import brand_states
from vestibule.web.pages.gallery.security import security_states
from vestibule.web.pages.gallery.sign_in import sign_in_states
from vestibule.web.pages.gallery.sign_up import sign_up_states
from vestibule.web.pages.gallery.site import application_states, failure_states, mailbox_states
from vestibule.web.pages.gallery.state import State

# They are made for each request, because some of their words are chosen then.
GROUPS: Mapping[str, Callable[[], Iterable[State]]] = MappingProxyType(
    {
        "sign-up": sign_up_states,
        "sign-in": sign_in_states,
        "account": account_states,
        "security": security_states,
        "applications": application_states,
        "failures": failure_states,
        "mailbox": mailbox_states,
        "brand": brand_states,
    }
)


def list_states(group: str) -> dict[str, State]:
    """Return the states of a group by name, in the active language; none for an unknown group."""
    make_states = GROUPS.get(group)
    return {each.name: each for each in make_states()} if make_states else {}
