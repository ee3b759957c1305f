"""What guards an account, as one digest: a proof that was begun before a change of it is void."""

from vestibule.accounts.models import User
from vestibule.conf import conf

_PURPOSE = "credentials"


def digest_credentials(user: User) -> bytes:
    """Return the keyed digest of the account's password hash, proved addresses and epoch."""
    return conf.keys.digest(_PURPOSE, *_parts(user))


def are_credentials_unchanged(user: User, digest: bytes) -> bool:
    """Return whether the digest is that of the account as it is now, under any key of the ring."""
    return conf.keys.matches_digest(digest, _PURPOSE, *_parts(user))


def _parts(user: User) -> tuple[bytes, ...]:
    phone = user.phone_number if user.phone_verified_at else None
    guarding = (user.password, user.email or "", phone or "", str(user.epoch))
    return (user.pk.bytes, *(each.encode() for each in guarding))
