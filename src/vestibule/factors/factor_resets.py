"""The orders of the staff to remove every second factor of an account, which are carried out a day later."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from vestibule.accounts.lifecycle import LockedUser
from vestibule.factors.models import FactorReset

RESET_AFTER = timedelta(hours=24)  # how long the owner can stop it


def order_reset(user: LockedUser, now: datetime) -> bool:
    """Save the order, in the caller's transaction. Return False if there is one already."""
    if FactorReset.objects.filter(user=user).exists():
        return False
    FactorReset.objects.create(user=user, created_at=now, due_at=now + RESET_AFTER)
    return True


def take_order(user_id: UUID) -> bool:
    """Delete the order, in the caller's transaction. Of callers that carry it out or stop it, one gets True."""
    return FactorReset.objects.filter(user_id=user_id).delete()[0] == 1


def find_order(user_id: UUID) -> FactorReset | None:
    """Return the order of this account, or None."""
    return FactorReset.objects.filter(user_id=user_id).first()


def due_orders(now: datetime) -> QuerySet[FactorReset]:
    """Return the orders whose time has come, oldest first."""
    return FactorReset.objects.filter(due_at__lte=now).order_by("due_at")
