"""Which addresses may take an account back, and in which order they count: the address that was proved first counts
most.

Every link and code that can take an account over is sealed with the address that it was sent to and the account's epoch
(`RecoveryPayload`). It is valid while a present or former address of the account still has that epoch
(`find_proved_address`). A recovery (`lifecycle.restore_ownership`) begins a new epoch and removes what was proved after
the recovering address, in one transaction, without asking the challenge store (docs/decisions/0040).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from vestibule.accounts.models import FormerAddress, User
from vestibule.addresses.address import Address, Email, Phone, restore_address

UNDO_PERIOD = timedelta(hours=72)  # how long a change of address can be undone


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedAddress:
    """A proved address and since when the account has had it. `former_id` is the row of an address that it has no
    longer."""

    address: Address
    since: datetime
    former_id: int | None = None


def find_proved_address(user: User, address: str | None, epoch: int, now: datetime) -> ProvedAddress | None:
    """Return the proved address that a proof of this epoch was sent to. Return None if the account was recovered since,
    from this address or from one that counts more."""
    if address is None:
        return None
    if epoch == user.epoch and address == user.email:
        return ProvedAddress(address=Email(address), since=user.email_verified_at or now)
    if epoch == user.epoch and address == user.phone_number and user.phone_verified_at:
        return ProvedAddress(address=Phone(address), since=user.phone_verified_at)
    left = FormerAddress.objects.filter(user=user, address=address, epoch=epoch).order_by("since", "pk").first()
    if left is None:
        return None
    return ProvedAddress(address=restore_address(address), since=left.since, former_id=left.pk)


def proved_since(user: User, address: Address, now: datetime) -> datetime:
    """Return since when an address that is proved now counts. An address that comes back counts since its first
    proof."""
    left = FormerAddress.objects.filter(user=user, address=address.value).order_by("since", "pk").first()
    return left.since if left else now


def remember_former_address(user: User, kind: type[Address], now: datetime) -> None:
    """Remember the address of this kind that the account is about to lose, if it was proved. The caller's
    transaction has locked the user."""
    address, since = getattr(user, kind.field), getattr(user, kind.verified_field)
    if address and since:
        FormerAddress.objects.create(user=user, address=address, since=since, until=now, epoch=user.epoch)


def former_addresses_of(user: User) -> list[Address]:
    """Return the addresses that the account had, while it can be taken back from them."""
    return [restore_address(each) for each in user.former_addresses.values_list("address", flat=True)]


def expired_former_addresses(before: datetime) -> QuerySet[FormerAddress]:
    """Return the addresses that were left before that moment."""
    return FormerAddress.objects.filter(until__lt=before)
