"""Who has this address? The only lookups of people by what was typed."""

from typing import Any
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, OrderBy, QuerySet
from django.db.models.functions import Lower
from django.db.models.sql.compiler import SQLCompiler

from vestibule.accounts.identifiers import Email, Name, Phone, Username
from vestibule.accounts.models import Status, User
from vestibule.database.prepared import Prepared
from vestibule.kernel.text import trimmed

FOUND = 200  # people that a search finds at most: who has more before them types another letter

_ACCOUNTS = User.objects.exclude(status=Status.PENDING)
_BY_EMAIL = Prepared(_ACCOUNTS, "email")
_BY_PHONE = Prepared(User.objects.filter(phone_verified_at__isnull=False), "phone_number")


def holder_of_email(email: Email) -> User | None:
    """The account of this canonical address, in whatever state, or None; a sign-up that waits is no account."""
    return _BY_EMAIL.first(email)


def holder_of_phone(phone: Phone) -> User | None:
    """The account that proved this number, or None."""
    return _BY_PHONE.first(phone)


def named(name: Name) -> User | None:
    """The account that signs in by this name, or None: an e-mail address, a proved number, a username in any case."""
    if name.malformed:
        return None
    if name.kind == "email":
        return holder_of_email(Email(name.value))
    if name.kind == "phone_number":
        return holder_of_phone(Phone(name.value))
    return _ACCOUNTS.alias(handle=Lower("username")).filter(handle=name.value.lower()).first()


def names_of(user: User) -> list[Name]:
    """Every name that this account is, or once proved is, signed in by."""
    held = {"email": user.email, "phone_number": user.phone_number, "username": user.username}
    return [Name(kind, value) for kind, value in held.items() if value]


def username_taken(username: Username) -> bool:
    """Whether an account has this handle, in whatever case; a sign-up that waits holds none."""
    return _ACCOUNTS.alias(handle=Lower("username")).filter(handle=username.lower()).exists()


class _AsIndexed(OrderBy):
    """In the order of the index that `LIKE` looks into: unordered, PostgreSQL would rather read the table from its
    start, and hope to meet enough of them soon."""

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        """By the operator of `varchar_pattern_ops` (PostgreSQL, 11.10). Django's compiler looks for the word ASC."""
        return self.as_sql(compiler, connection, template="%(expression)s USING ~<~ /* ASC */")


def found(text: str, people: QuerySet[User]) -> QuerySet[User]:
    """Those of `people` whom the staff may mean by this: an id, an e-mail address or how it begins, a phone number; a
    username, where no address begins so. FOUND at most, whichever: a look into an index and no more, of ten people and
    of five million alike."""
    meant = (people & _meant(trimmed(text))).order_by(_AsIndexed(F("email")))
    return people.filter(pk__in=meant.values("pk")[:FOUND])


def _meant(typed: str) -> QuerySet[User]:
    try:
        return User.objects.filter(pk=UUID(typed))
    except ValueError:
        pass
    if "\x00" in typed:
        return User.objects.none()
    name = Name.guessed(typed)
    if name.kind == "phone_number" and not name.malformed:
        return User.objects.filter(phone_number=name.value)
    begins = User.objects.filter(email__startswith=name.value.lower())
    if name.kind == "email" or begins.exists():
        return begins
    return _ACCOUNTS.alias(handle=Lower("username")).filter(handle=name.value.lower())
