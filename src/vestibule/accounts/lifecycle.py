"""A user's states: every creation, transition and erasure is one guarded statement in the caller's transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NewType
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from vestibule.accounts import address_history, directory
from vestibule.accounts.account_details import AccountDetails
from vestibule.accounts.address_history import ProvedAddress
from vestibule.accounts.fields import PROFILE_FIELDS, USER_FIELDS, empty_columns
from vestibule.accounts.models import FormerAddress, Profile, Role, Status, User
from vestibule.addresses.address import Address, Email, Phone
from vestibule.storage import database
from vestibule.storage.prepared import PreparedQuery
from vestibule.storage.rows import insert_or_update, insert_row

NO_PASSWORD = "!"  # noqa: S105 - Django's mark of an unusable password

_PENDING_USERS = User.objects.filter(status=Status.PENDING)
_PENDING_BY_EMAIL = PreparedQuery(_PENDING_USERS.only("id"), "email")
_PENDING_BY_PHONE = PreparedQuery(_PENDING_USERS.filter(email=None).only("id"), "phone_number")
_LOCKED_BY_ID = PreparedQuery(User.objects.select_for_update(no_key=True), "id")
_INSERT_PROFILE = (
    "INSERT INTO vestibule_profile (user_id, bio, address, picture)"
    " SELECT id, '', '', '' FROM vestibule_user WHERE id = %s ON CONFLICT DO NOTHING"
)


LockedUser = NewType("LockedUser", User)
"""An account whose row is locked until the transaction ends. Only `lock_user` returns one. A function that changes an
account on the strength of something read before takes one as its argument (docs/decisions/0045)."""


def save_pending_user(details: AccountDetails, sign_up_id: UUID, now: datetime) -> UUID | None:
    """Save a PENDING user with a profile for this address, or update the one that waits there. Return its id, or None
    if an account has the address.

    The address is the e-mail address, or the number if there is none. The row belongs to the sign-up with this
    challenge, so that an earlier one cannot delete it. The database decides between concurrent callers: one inserts the
    row, the others update it. The statements are the same whether the address is new, waiting or taken.
    """
    if details.phone_number and not details.email and directory.find_account_by_address(details.phone_number):
        return None  # an e-mail address is unique over all rows; a number only over the proved ones
    user = User(**details.user_columns, status=Status.PENDING, sign_up_id=sign_up_id, updated_at=now)
    # The columns of the unique index that makes two waiting sign-ups on one address conflict.
    conflict = '("email")' if details.email else """("phone_number") WHERE "email" IS NULL AND "status" = 'pending'"""
    replaced = (*details.user_columns, "sign_up_id", "updated_at")
    put = insert_or_update(user, replaced, conflict=conflict, where=""""vestibule_user"."status" = 'pending'""")
    connection = database.connection()
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_PROFILE, [Profile._meta.pk.get_db_prep_save(put or user.pk, connection)])
    return put if isinstance(put, UUID) else None


def activate_user(
    details: AccountDetails,
    *,
    email_verified_at: datetime | None = None,
    phone_verified_at: datetime | None = None,
    takes_over: bool = True,
) -> User:
    """Create an ACTIVE user with these details, whose address was proved at `email_verified_at` or `phone_verified_at`.
    A PENDING row of the address is taken over, whichever sign-up it belongs to, and its profile is emptied. Without
    `takes_over` one of an e-mail address is not looked for, and refused as an account's would be.

    Raises:
        IntegrityError: an account has the address, the proved number or the username, or nothing was proved.
    """
    proved = {
        "status": Status.ACTIVE,
        "sign_up_id": None,
        "role": Role.USER,
        "email_verified_at": email_verified_at,
        "phone_verified_at": phone_verified_at,
    }
    looks = takes_over or not details.email
    if looks and (waiting := find_pending_user(details)):
        held = _pending_users_at(details).filter(pk=waiting.pk)
        if held.update(**details.user_columns, **proved, updated_at=email_verified_at or phone_verified_at):
            Profile.objects.filter(pk=waiting.pk).update(**details.profile_columns)
            return User.objects.get(pk=waiting.pk)
    user = insert_row(User(**details.user_columns, **proved))
    insert_row(Profile(user=user, **details.profile_columns))
    return user


def lock_user(user_id: UUID) -> LockedUser | None:
    """Lock the account's row until the caller's transaction ends, and return the account, or None if there is none.

    SQLite has no row locks: there every transaction holds the whole database from its first statement.
    """
    found = _LOCKED_BY_ID.first(user_id)
    return LockedUser(found) if found else None


def set_password_hash(user: LockedUser, password_hash: str, now: datetime) -> None:
    """Set the password hash. NO_PASSWORD means that no password opens the account."""
    User.objects.filter(pk=user.pk).update(password=password_hash, updated_at=now)


def update_personal_fields(user: LockedUser, typed: Mapping[str, str | None], now: datetime) -> None:
    """Update columns that a person may type.

    Raises:
        IntegrityError: another account has the username.
    """
    User.objects.filter(pk=user.pk).update(**typed, updated_at=now)


def set_verified_address(user: LockedUser, address: Address, now: datetime) -> None:
    """Set a proved address and remember the former one of its kind. A sign-up that waits on the e-mail address is
    deleted.

    Raises:
        IntegrityError: another account has the address.
    """
    if isinstance(address, Email):
        User.objects.filter(status=Status.PENDING, email=address.value).delete()
    since = address_history.proved_since(user, address, now)
    address_history.remember_former_address(user, type(address), now)
    changes = {address.field: address.value, address.verified_field: since}
    User.objects.filter(pk=user.pk).update(**changes, updated_at=now)


def remove_verified_phone(user: LockedUser, now: datetime) -> bool:
    """Remove the number and remember it, if the e-mail address is proved. Return whether it was removed."""
    if user.email_verified_at is None:
        return False
    address_history.remember_former_address(user, Phone, now)
    User.objects.filter(pk=user.pk).update(phone_number=None, phone_verified_at=None, updated_at=now)
    return True


def restore_ownership(user: LockedUser, proved_address: ProvedAddress, now: datetime) -> Address | None:
    """Give the account back to the owner of `proved_address`, and return the address of the other kind that was
    removed.

    The address is restored, what was proved after it is removed, a closing by the person is cancelled, and a new epoch
    begins, which voids every proof sent before.

    Raises:
        IntegrityError: another account has the address.
    """
    address, since = proved_address.address, proved_address.since
    changes: dict[str, Any] = {"epoch": F("epoch") + 1, "updated_at": now}
    changes |= {address.field: address.value, address.verified_field: since}
    removed = _address_proved_later(user, proved_address)
    if removed:
        changes |= {removed.field: None, removed.verified_field: None}
    if user.own_closing:
        changes |= {"status": Status.ACTIVE, "closes_at": None, "own_closing": False}
    later = (
        Q(since__gt=since) | Q(since=since, pk__gte=proved_address.former_id)
        if proved_address.former_id
        else Q(since__gt=since)
    )
    FormerAddress.objects.filter(later, user=user).delete()
    if proved_address.former_id and isinstance(address, Email):  # an unproved sign-up reserves nothing
        User.objects.filter(status=Status.PENDING, email=address.value).delete()
    User.objects.filter(pk=user.pk).update(**changes)
    return removed


def _address_proved_later(user: User, proved_address: ProvedAddress) -> Address | None:
    """Return the address of the other kind, if the account did not prove it earlier. An unproved e-mail address counts
    as later, because a thief may have typed it."""
    since = proved_address.since
    if isinstance(proved_address.address, Email):
        later = user.phone_verified_at is not None and user.phone_verified_at >= since
        return Phone(user.phone_number) if user.phone_number and later else None
    later = user.email_verified_at is None or user.email_verified_at > since
    return Email(user.email) if user.email and later else None


def invalidate_sent_proofs(user: LockedUser) -> None:
    """Begin a new epoch, which voids every proof that was sent to the account's addresses."""
    User.objects.filter(pk=user.pk).update(epoch=F("epoch") + 1)


def delete_pending_user(sign_up_id: UUID) -> bool:
    """Delete the PENDING row that belongs to the sign-up with this challenge. Return whether there was one."""
    return bool(User.objects.filter(sign_up_id=sign_up_id, status=Status.PENDING).delete()[0])


def suspend_user(user_id: UUID) -> bool:
    """ACTIVE, or closing by its owner -> SUSPENDED; the closing is cancelled. Return whether it happened."""
    rows = User.objects.filter(Q(status=Status.ACTIVE) | Q(own_closing=True), pk=user_id)
    return rows.update(status=Status.SUSPENDED, closes_at=None, own_closing=False, updated_at=Now()) == 1


def reactivate_user(user_id: UUID) -> bool:
    """SUSPENDED -> ACTIVE; a closing is cancelled. Return whether it happened."""
    rows = User.objects.filter(pk=user_id, status=Status.SUSPENDED)
    return rows.update(status=Status.ACTIVE, closes_at=None, own_closing=False, updated_at=Now()) == 1


def schedule_closing_by_owner(user_id: UUID, erased_at: datetime) -> bool:
    """ACTIVE -> SUSPENDED by the owner, to be erased at that moment. Return whether it happened."""
    rows = User.objects.filter(pk=user_id, status=Status.ACTIVE)
    return rows.update(status=Status.SUSPENDED, closes_at=erased_at, own_closing=True, updated_at=Now()) == 1


def cancel_closing_by_owner(user_id: UUID, now: datetime) -> bool:
    """Cancel the owner's closing before its time is over. Return whether it happened."""
    rows = User.objects.filter(pk=user_id, own_closing=True, closes_at__gt=now)
    return rows.update(status=Status.ACTIVE, closes_at=None, own_closing=False, updated_at=Now()) == 1


def schedule_closing_by_staff(user_id: UUID, erased_at: datetime) -> bool:
    """ACTIVE | SUSPENDED -> SUSPENDED, to be erased at that moment. Only the staff can undo it. Return whether it
    happened."""
    open_ = Q(status__in=[Status.ACTIVE, Status.SUSPENDED], closes_at=None) | Q(own_closing=True)
    rows = User.objects.filter(open_, pk=user_id)
    return rows.update(status=Status.SUSPENDED, closes_at=erased_at, own_closing=False, updated_at=Now()) == 1


def users_due_for_erasure(now: datetime) -> QuerySet[User]:
    """Return the accounts whose grace period is over."""
    return User.objects.filter(closes_at__lte=now)


def erase_user(user_id: UUID) -> bool:
    """ACTIVE | SUSPENDED -> CLOSED, with all personal data erased. Return whether it happened."""
    closed = User.objects.filter(pk=user_id, status__in=[Status.ACTIVE, Status.SUSPENDED]).update(
        status=Status.CLOSED,
        updated_at=Now(),
        **empty_columns(USER_FIELDS),
        email_verified_at=None,
        phone_verified_at=None,
        closes_at=None,
        own_closing=False,
        language="",
        password=NO_PASSWORD,
    )
    if closed:
        FormerAddress.objects.filter(user_id=user_id).delete()
        Profile.objects.filter(user_id=user_id).update(**empty_columns(PROFILE_FIELDS), picture="")
    return closed == 1


def lock_active_admins() -> list[UUID]:
    """Lock the rows of all active admins until the caller's transaction ends, and return their ids."""
    admins = User.objects.select_for_update().filter(role=Role.ADMIN, status=Status.ACTIVE).order_by("pk")
    return list(admins.values_list("pk", flat=True))


def set_user_role(user_id: UUID, role: Role) -> bool:
    """Set the role of an account. Return whether it changed."""
    holders = User.objects.filter(pk=user_id, status__in=[Status.ACTIVE, Status.SUSPENDED]).exclude(role=role)
    return holders.update(role=role, updated_at=Now()) == 1


def expired_pending_users(before: datetime) -> QuerySet[User]:
    """Return the PENDING users for whom nobody signed up since."""
    return User.objects.filter(status=Status.PENDING, updated_at__lt=before)


def _pending_users_at(details: AccountDetails) -> QuerySet[User]:
    """Return the PENDING row of the address, if there is one."""
    if details.email:
        return _PENDING_USERS.filter(email=details.email.value)
    return _PENDING_USERS.filter(email=None, phone_number=details.user_columns["phone_number"])


def find_pending_user(details: AccountDetails) -> User | None:
    """Return the id of the PENDING row of the address, by a prepared query because most sign-ups ask for it."""
    if details.email:
        return _PENDING_BY_EMAIL.first(details.email.value)
    return _PENDING_BY_PHONE.first(details.phone_number.value) if details.phone_number else None
