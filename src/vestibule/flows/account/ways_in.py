"""The ways into an account, and the rule that it keeps one."""

from vestibule.accounts.models import User
from vestibule.conf import conf
from vestibule.factors.models import Passkey
from vestibule.factors.passkeys import list_passkeys
from vestibule.flows.completion import Via
from vestibule.identities.links import list_identities, list_usable_identities
from vestibule.identities.models import Identity


def has_another_way_in(user: User, *, without: Passkey | Identity | Via) -> bool:
    """Return whether somebody can still sign in to the account without this passkey or identity, or without any
    credential of that kind. Call it with the account's row locked: whatever adds or removes a way in locks it, too."""
    return bool(list_ways_in(user, without=without))


def list_ways_in(user: User, *, without: Passkey | Identity | Via | None = None) -> list[Via]:
    """Return how somebody can sign in to the account, without a credential or a kind of them if one is given. An
    identity counts while its provider is configured; where something is given up for it, only while the provider
    vouches for the person, too (docs/decisions/0133)."""
    identities = list_usable_identities(user) if without else list_identities(user).filter(provider__in=conf.social)
    passkeys = list_passkeys(user.pk)
    if isinstance(without, Passkey):
        passkeys = passkeys.exclude(pk=without.pk)
    if isinstance(without, Identity):
        identities = identities.exclude(pk=without.pk)
    ways = {
        Via.PASSWORD: user.has_usable_password(),
        Via.MAGIC_LINK: conf.magic_link and user.email_verified_at is not None,
        Via.PASSKEY: passkeys.exists(),
        Via.SOCIAL: identities.exists(),
    }
    return [via for via, is_open in ways.items() if is_open and via is not without]
