"""Browsers and apps from which the second factor is not asked for, for thirty days or until a credential changes."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from vestibule.accounts.models import User
from vestibule.conf import conf
from vestibule.factors.models import RememberedDevice
from vestibule.kernel import entropy
from vestibule.kernel.client import Client

REMEMBERED_FOR = timedelta(days=30)
_PURPOSE = "remembered device"


def remember_device(client: Client, user: User, credentials: bytes) -> str:
    """Remember the client in the caller's transaction, and return the token that shows it again. `credentials` is the
    digest of what guards the account now."""
    token = entropy.random_token()
    RememberedDevice.objects.create(
        user=user,
        digest=conf.keys.digest(_PURPOSE, user.pk.bytes, token.encode()),
        credentials=credentials,
        agent=client.user_agent,
        created_at=client.at,
        expires_at=client.at + REMEMBERED_FOR,
    )
    return token


def find_credentials(user_id: UUID, token: str, now: datetime) -> bytes | None:
    """Return the digest of the credentials with which this token was made for this account; None if it was not, or has
    expired."""
    digests = conf.keys.all_digests(_PURPOSE, user_id.bytes, token.encode(errors="replace"))
    row = RememberedDevice.objects.filter(user_id=user_id, digest__in=digests, expires_at__gt=now).first()
    return bytes(row.credentials) if row else None


def list_remembered_devices(user_id: UUID, now: datetime) -> QuerySet[RememberedDevice]:
    """Return the devices that are remembered, newest first."""
    return RememberedDevice.objects.filter(user_id=user_id, expires_at__gt=now).order_by("-created_at")


def count_remembered_devices(user_id: UUID, now: datetime) -> int:
    """Return how many are remembered."""
    return list_remembered_devices(user_id, now).count()


def forget_remembered_device(user_id: UUID, id: UUID) -> bool:
    """Forget one of the account's, in the caller's transaction. Return False if it has no such one."""
    return RememberedDevice.objects.filter(user_id=user_id, pk=id).delete()[0] == 1


def forget_remembered_devices(user_id: UUID) -> int:
    """Forget all of the account's, in the caller's transaction, and return how many."""
    return RememberedDevice.objects.filter(user_id=user_id).delete()[0]


def expired_remembered_devices(before: datetime) -> QuerySet[RememberedDevice]:
    """Return the rows that expired before then."""
    return RememberedDevice.objects.filter(expires_at__lte=before)
