"""Which addresses may take an account back, and in which order they count: the one that it proved first, first.

Every link and code that can take an account over is sealed with the address that it went to and the account's epoch
(`sealed`), and counts while an address of the account, or a former one, still has that epoch (`stands`). A recovery
(`lifecycle.restore_ownership`) ends the epoch, and removes what was proved after the address that recovers, in one
transaction: it needs no word to the store of challenges to be final (docs/decisions/0040).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from django.db.models import QuerySet

from vestibule.accounts import identifiers
from vestibule.accounts.identifiers import Email, Phone
from vestibule.accounts.models import FormerAddress, User

UNDO_PERIOD = timedelta(hours=72)  # SECURITY: how long a change of address is taken back


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedAddress:
    """The time of a proved address with an account; `former`: the row of one that it does not have any more."""

    address: Email | Phone
    since: datetime
    former_id: int | None = None


def recovery_payload(user_id: UUID, epoch: int, address: Email | Phone) -> dict[str, str | int]:
    """What a proof that is sent to this address of an account says of both."""
    return {"user_id": str(user_id), "epoch": epoch, "address": address}


def find_proved_address(user: User, payload: Mapping[str, Any], now: datetime) -> ProvedAddress | None:
    """The tenure of the address that a proof went to, if nobody recovered the account from it, or from one that counts
    more, since."""
    address = payload.get("address")
    epoch = payload.get("epoch", 0)  # one that was sealed before there were epochs is of the first
    if address is None:
        return None
    if epoch == user.epoch and address == user.email:
        return ProvedAddress(address=Email(address), since=user.email_verified_at or now)
    if epoch == user.epoch and address == user.phone_number and user.phone_verified_at:
        return ProvedAddress(address=Phone(address), since=user.phone_verified_at)
    left = FormerAddress.objects.filter(user=user, address=address, epoch=epoch).order_by("since", "pk").first()
    if left is None:
        return None
    return ProvedAddress(address=identifiers.as_email_or_phone(address), since=left.since, former_id=left.pk)


def proved_since(user: User, address: Email | Phone, now: datetime) -> datetime:
    """Since when an address counts that is proved now: one that comes back, since it was proved first."""
    left = FormerAddress.objects.filter(user=user, address=address).order_by("since", "pk").first()
    return left.since if left else now


def remember_former_address(user: User, column: Literal["email", "phone_number"], now: datetime) -> None:
    """Remember the address that the account is about to leave, if it was proved, in the caller's transaction, which
    holds the user's row."""
    address, since = getattr(user, column), user.email_verified_at if column == "email" else user.phone_verified_at
    if address and since:
        FormerAddress.objects.create(user=user, address=address, since=since, until=now, epoch=user.epoch)


def expired_former_addresses(before: datetime) -> QuerySet[FormerAddress]:
    """The addresses that were left before that moment."""
    return FormerAddress.objects.filter(until__lt=before)
