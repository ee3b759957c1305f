"""The tables of users, former addresses and profiles. Their invariants are database constraints."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from vestibule.accounts.fields import PERSONAL_FIELDS, Holder, PersonalField
from vestibule.kernel import entropy


class Status(models.TextChoices):
    """The state of a user: `PENDING -> ACTIVE <-> SUSPENDED`, `ACTIVE | SUSPENDED -> CLOSED`."""

    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class Role(models.TextChoices):
    """What a person may do to other accounts. An admin assigns it; nobody takes it."""

    ADMIN = "admin"
    MANAGER = "manager"
    USER = "user"


# A hash with other parameters than `passwords.Argon2` has, and not `lifecycle.NO_PASSWORD`. To change a parameter
# there, change this condition too and add a migration of the index.
IMPORTED_HASH = ~Q(password__startswith="argon2$argon2id$v=19$m=19456,t=2,p=1$") & ~Q(password__startswith="!")  # noqa: S106


class User(AbstractBaseUser):
    """A person's account. `email` is canonical (see `addresses.address.Email`), so that equality is case-insensitive.

    What was not proved reserves nothing (docs/decisions/0004, 0009). A phone number is unique among proved numbers, a
    username among users whose address was proved. An address has at most one PENDING row, and the sign-up that proves
    the address takes that row over.
    """

    last_login = None  # the table of sessions holds it
    id = models.UUIDField(primary_key=True, default=entropy.row_id, editable=False)
    email = models.EmailField(max_length=254, unique=True, null=True)
    username = models.CharField(max_length=30, null=True)
    full_name = models.CharField(max_length=150, blank=True)
    phone_number = models.CharField(max_length=16, null=True)
    role = models.CharField(max_length=8, choices=Role, default=Role.USER)
    status = models.CharField(max_length=9, choices=Status, default=Status.PENDING)
    sign_up_id = models.UUIDField(null=True)  # the sign-up (its challenge) that a PENDING row belongs to
    language = models.CharField(max_length=35, blank=True, default="", db_default="")  # of their mail; empty: unknown
    email_verified_at = models.DateTimeField(null=True)
    phone_verified_at = models.DateTimeField(null=True)
    closes_at = models.DateTimeField(null=True)  # when a closing account is erased
    own_closing = models.BooleanField(default=False, db_default=False)  # the owner closed it, and a link undoes that
    epoch = models.PositiveIntegerField(
        default=0, db_default=0
    )  # how often it was recovered: see accounts.address_history
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(default=timezone.now)  # every change by the person or the staff sets it

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[models.Manager["User"]] = models.Manager()

    class Meta:
        db_table = "vestibule_user"
        indexes = [
            models.Index(fields=["updated_at"], condition=Q(status="pending"), name="vestibule_user_pending_age"),
            models.Index(fields=["closes_at"], condition=Q(closes_at__isnull=False), name="vestibule_user_closes"),
            # For lists and search in the admin (`directory.search_users`), whose cost must not grow with the table.
            models.Index(fields=["created_at"], name="vestibule_user_newest"),
            models.Index(fields=["phone_number"], condition=Q(phone_number__isnull=False), name="vestibule_user_phone"),
            models.Index(fields=["role"], condition=~Q(role="user"), name="vestibule_user_staff"),
            models.Index(fields=["status"], condition=~Q(status="active"), name="vestibule_user_not_active"),
            models.Index(fields=["password"], condition=IMPORTED_HASH, name="vestibule_user_imported_hash"),
        ]
        constraints = [
            models.UniqueConstraint(
                Lower("username"), condition=~Q(status=Status.PENDING), name="vestibule_user_username_once"
            ),
            models.UniqueConstraint(
                fields=["phone_number"],
                condition=Q(status=Status.PENDING, email__isnull=True),
                name="vestibule_user_pending_phone_once",
            ),
            models.UniqueConstraint(
                fields=["phone_number"],
                condition=Q(phone_verified_at__isnull=False),
                name="vestibule_user_proved_phone_once",
            ),
            models.UniqueConstraint(
                fields=["sign_up_id"], condition=Q(sign_up_id__isnull=False), name="vestibule_user_sign_up_once"
            ),
            models.CheckConstraint(
                condition=Q(sign_up_id__isnull=True) | Q(status=Status.PENDING), name="vestibule_user_sign_up_pending"
            ),
            models.CheckConstraint(condition=Q(email=Lower(F("email"))), name="vestibule_user_email_canonical"),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="vestibule_user_status_known"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="vestibule_user_role_known"),
            models.CheckConstraint(
                condition=Q(own_closing=False) | Q(status=Status.SUSPENDED, closes_at__isnull=False),
                name="vestibule_user_own_closing",
            ),
            models.CheckConstraint(
                condition=Q(email_verified_at__isnull=True) | Q(email__isnull=False),
                name="vestibule_user_proved_email_present",
            ),
            models.CheckConstraint(
                condition=Q(phone_verified_at__isnull=True) | Q(phone_number__isnull=False),
                name="vestibule_user_proved_phone_present",
            ),
            # No account without proof: an ACTIVE or SUSPENDED user has a proved address.
            models.CheckConstraint(
                condition=Q(status__in=[Status.PENDING, Status.CLOSED])
                | Q(email_verified_at__isnull=False)
                | Q(phone_verified_at__isnull=False),
                name="vestibule_user_active_only_proved",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    def read_field(self, row: PersonalField) -> str:
        """What the person told of a field of the table."""
        return getattr(self if row.holder is Holder.USER else self.profile, row.name) or ""

    @property
    def is_active(self) -> bool:  # type: ignore[override]  # Django has a constant there
        """Whether the person may sign in."""
        return self.status == Status.ACTIVE


class FormerAddress(models.Model):
    """A proved address that the account had before it was changed, by the owner or by a thief in the owner's session.

    While the row exists, the holder of the address can take the account back (`accounts.address_history`).
    """

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="former_addresses")
    address = models.CharField(max_length=254)
    since = models.DateTimeField()  # when the account proved it
    until = models.DateTimeField(db_index=True)
    epoch = models.PositiveIntegerField()  # the account's epoch when it left the address

    class Meta:
        db_table = "vestibule_former_address"

    def __str__(self) -> str:
        return str(self.pk)


class Profile(models.Model):
    """What a person tells about themselves. It is created together with the user."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True)
    bio = models.CharField(max_length=500, blank=True)
    address = models.CharField(max_length=300, blank=True)
    picture = models.CharField(max_length=100, blank=True)  # the file's name in the storage

    class Meta:
        db_table = "vestibule_profile"

    def __str__(self) -> str:
        return str(self.pk)


def _add_columns() -> None:
    """Give each field of the table that no model declares its column. The database fills it for older processes."""
    models_of = {Holder.USER: User, Holder.PROFILE: Profile}
    for row in PERSONAL_FIELDS:
        model = models_of[row.holder]
        if row.name not in {column.name for column in model._meta.local_fields}:
            column = models.CharField(max_length=row.longest, blank=True, default="", db_default="")
            model.add_to_class(row.name, column)


_add_columns()
