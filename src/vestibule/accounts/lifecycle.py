"""A user's states: how an account comes to be and goes, each step one guarded statement in the caller's transaction."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now

from vestibule.accounts.identifiers import Email, FullName, Phone, Username
from vestibule.accounts.models import Profile, Status, User

_PROVED = Q(email_verified_at__isnull=False) | Q(phone_verified_at__isnull=False)


def create_active(
    *,
    password_hash: str,
    email: Email | None,
    username: Username | None,
    full_name: FullName,
    phone: Phone | None,
    email_verified_at: datetime | None,
    phone_verified_at: datetime | None,
) -> User:
    """A user whose address has been proved, and the profile.

    Raises IntegrityError where address, proved number or username is taken, or where nothing was proved.
    """
    user = User.objects.create(
        password=password_hash,
        email=email,
        username=username,
        full_name=full_name,
        phone_number=phone,
        status=Status.ACTIVE,
        email_verified_at=email_verified_at,
        phone_verified_at=phone_verified_at,
    )
    Profile.objects.create(user=user)
    return user


def activate(user_id: UUID) -> bool:
    """PENDING -> ACTIVE, once an address is proved; whether it happened."""
    return (
        User.objects.filter(_PROVED, pk=user_id, status=Status.PENDING).update(status=Status.ACTIVE, updated_at=Now())
        == 1
    )


def suspend(user_id: UUID) -> bool:
    """ACTIVE -> SUSPENDED; whether it happened."""
    return User.objects.filter(pk=user_id, status=Status.ACTIVE).update(status=Status.SUSPENDED, updated_at=Now()) == 1


def reactivate(user_id: UUID) -> bool:
    """SUSPENDED -> ACTIVE; whether it happened."""
    return User.objects.filter(pk=user_id, status=Status.SUSPENDED).update(status=Status.ACTIVE, updated_at=Now()) == 1


def close(user_id: UUID) -> bool:
    """ACTIVE | SUSPENDED -> CLOSED, all personal data erased with it; whether it happened."""
    closed = User.objects.filter(pk=user_id, status__in=[Status.ACTIVE, Status.SUSPENDED]).update(
        status=Status.CLOSED,
        updated_at=Now(),
        email=None,
        username=None,
        full_name="",
        phone_number=None,
        email_verified_at=None,
        phone_verified_at=None,
        password="!",  # noqa: S106 - Django's mark of an unusable password
    )
    if closed:
        Profile.objects.filter(user_id=user_id).update(bio="", address="")
    return closed == 1
