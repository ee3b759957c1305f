"""The rule that an account keeps a way in."""

from vestibule.accounts.models import User
from vestibule.conf import conf
from vestibule.factors.models import Passkey
from vestibule.factors.passkeys import list_passkeys
from vestibule.flows.completion import Via


def has_another_way_in(user: User, *, without: Passkey | Via) -> bool:
    """Return whether somebody can still sign in to the account without this passkey, or without any credential of that
    kind. Call it with the account's row locked: whatever adds or removes a way in locks it, too."""
    passkeys = list_passkeys(user.pk)
    others = passkeys.exclude(pk=without.pk) if isinstance(without, Passkey) else passkeys
    ways = {
        Via.PASSWORD: user.has_usable_password(),
        Via.MAGIC_LINK: conf.magic_link and user.email_verified_at is not None,
        Via.PASSKEY: others.exists(),
    }
    return any(is_open for via, is_open in ways.items() if via is not without)
