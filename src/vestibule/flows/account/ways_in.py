"""The rule that an account keeps a way in."""

from vestibule.accounts.models import User
from vestibule.factors.models import Passkey
from vestibule.factors.passkeys import list_passkeys
from vestibule.flows.completion import Via


def has_another_way_in(user: User, *, without: Passkey | Via) -> bool:
    """Return whether somebody can still sign in to the account without this passkey, or without any credential of that
    kind. Call it with the account's row locked: whatever adds or removes a way in locks it, too."""
    if without is not Via.PASSWORD and user.has_usable_password():
        return True
    passkeys = list_passkeys(user.pk)
    others = passkeys.exclude(pk=without.pk) if isinstance(without, Passkey) else passkeys
    return without is not Via.PASSKEY and others.exists()
