"""Who has this address? The only lookups of people by what was typed."""

from typing import Any
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, OrderBy, QuerySet
from django.db.models.functions import Lower
from django.db.models.sql.compiler import SQLCompiler

from vestibule.accounts.identifiers import Email, LoginName, Phone, Username
from vestibule.accounts.models import Status, User
from vestibule.kernel.text import strip_invisible
from vestibule.storage.prepared import PreparedQuery

MAX_SEARCH_RESULTS = 200  # people that a search finds at most: who has more before them types another letter

_ACCOUNTS = User.objects.exclude(status=Status.PENDING)
_BY_EMAIL = PreparedQuery(_ACCOUNTS, "email")
_BY_PHONE = PreparedQuery(User.objects.filter(phone_verified_at__isnull=False), "phone_number")


def find_account_by_email(email: Email) -> User | None:
    """The account of this canonical address, in whatever state, or None; a sign-up that waits is no account."""
    return _BY_EMAIL.first(email)


def find_account_by_phone(phone: Phone) -> User | None:
    """The account that proved this number, or None."""
    return _BY_PHONE.first(phone)


def find_account_by_login_name(login_name: LoginName) -> User | None:
    """The account that signs in by this name, or None: an e-mail address, a proved number, a username in any case."""
    if login_name.is_malformed:
        return None
    if login_name.kind == "email":
        return find_account_by_email(Email(login_name.value))
    if login_name.kind == "phone_number":
        return find_account_by_phone(Phone(login_name.value))
    return _ACCOUNTS.alias(handle=Lower("username")).filter(handle=login_name.value.lower()).first()


def login_names_of(user: User) -> list[LoginName]:
    """Every name that this account is, or once proved is, signed in by."""
    held = {"email": user.email, "phone_number": user.phone_number, "username": user.username}
    return [LoginName(kind, value) for kind, value in held.items() if value]


def is_username_taken(username: Username) -> bool:
    """Whether an account has this handle, in whatever case; a sign-up that waits holds none."""
    return _ACCOUNTS.alias(handle=Lower("username")).filter(handle=username.lower()).exists()


class _PatternIndexOrder(OrderBy):
    """In the order of the index that `LIKE` looks into: unordered, PostgreSQL would rather read the table from its
    start, and hope to meet enough of them soon."""

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        """By the operator of `varchar_pattern_ops` (PostgreSQL, 11.10). Django's compiler looks for the word ASC."""
        return self.as_sql(compiler, connection, template="%(expression)s USING ~<~ /* ASC */")


def search_users(query: str, users: QuerySet[User]) -> QuerySet[User]:
    """Those of `people` whom the staff may mean by this: an id, an e-mail address or how it begins, a phone number; a
    username, where no address begins so. FOUND at most, whichever: a look into an index and no more, of ten people and
    of five million alike."""
    meant = (users & _match_search(strip_invisible(query))).order_by(_PatternIndexOrder(F("email")))
    return users.filter(pk__in=meant.values("pk")[:MAX_SEARCH_RESULTS])


def _match_search(typed: str) -> QuerySet[User]:
    try:
        return User.objects.filter(pk=UUID(typed))
    except ValueError:
        pass
    if "\x00" in typed:
        return User.objects.none()
    name = LoginName.parse_any(typed)
    if name.kind == "phone_number" and not name.is_malformed:
        return User.objects.filter(phone_number=name.value)
    begins = User.objects.filter(email__startswith=name.value.lower())
    if name.kind == "email" or begins.exists():
        return begins
    return _ACCOUNTS.alias(handle=Lower("username")).filter(handle=name.value.lower())
