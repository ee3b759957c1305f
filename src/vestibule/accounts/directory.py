"""Lookups of accounts by address, number or name. No other module looks a person up by typed text."""

from functools import cache
from typing import Any
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, OrderBy, QuerySet
from django.db.models.functions import Lower
from django.db.models.sql.compiler import SQLCompiler

from vestibule.accounts.identifiers import LoginName, Username
from vestibule.accounts.models import Status, User
from vestibule.addresses import parsing
from vestibule.addresses.address import Address, Email, Phone
from vestibule.kernel.text import strip_invisible
from vestibule.storage import database
from vestibule.storage.prepared import PreparedQuery

MAX_SEARCH_RESULTS = 200  # people; to narrow a longer result, the staff type more

_ACCOUNTS = User.objects.exclude(status=Status.PENDING)
_BY_ADDRESS = {
    "email": PreparedQuery(_ACCOUNTS, "email"),
    "phone": PreparedQuery(User.objects.filter(phone_verified_at__isnull=False), "phone_number"),
}


def find_account_by_address(address: Address) -> User | None:
    """Return the account with this e-mail address, in any state but PENDING, or the account that proved this number;
    None if there is none. Then a user is made of nothing all the same, so that time tells nothing."""
    found = _BY_ADDRESS[address.kind].first(address.value)
    if found is None:
        User.from_db(database.alias(), *_nobody())
    return found


@cache
def _nobody() -> tuple[tuple[str, ...], tuple[object, ...]]:
    """Return the columns of a user, and a value for each."""
    columns = User._meta.concrete_fields
    return tuple(each.attname for each in columns), tuple(each.get_default() for each in columns)


def addresses_of(user: User) -> list[Address]:
    """Return the addresses of the account, proved or not, the e-mail address first."""
    email = [Email(user.email)] if user.email else []
    return [*email, Phone(user.phone_number)] if user.phone_number else [*email]


def find_account_by_login_name(login_name: LoginName) -> User | None:
    """Return the account that signs in with this name (e-mail address, proved number, or username in any case), or
    None."""
    if login_name.is_malformed:
        return None
    if login_name.address:
        return find_account_by_address(login_name.address)
    return _accounts_named(login_name.value).first()


def login_names_of(user: User) -> list[LoginName]:
    """Return every name that the account signs in with, including a number that is not proved yet."""
    names = [LoginName.from_address(each) for each in addresses_of(user)]
    return [*names, LoginName("username", user.username)] if user.username else names


def name_account(user: User) -> str:
    """Return the name under which authenticator apps and password managers show the account: what its person signs in
    with, else its id."""
    return user.email or user.phone_number or user.username or str(user.pk)


def is_username_taken(username: Username) -> bool:
    """Return whether an account has this username, in any case. A waiting sign-up reserves none."""
    return _accounts_named(username).exists()


def _accounts_named(username: str) -> QuerySet[User]:
    return _ACCOUNTS.alias(handle=Lower("username")).filter(handle=username.lower())


class _PatternIndexOrder(OrderBy):
    """Order by the index that `LIKE` uses. Without it PostgreSQL would rather scan the table, hoping for early
    matches."""

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        """Order by the operator of `varchar_pattern_ops` (PostgreSQL, 11.10). Django's compiler looks for the word
        ASC."""
        return self.as_sql(compiler, connection, template="%(expression)s USING ~<~ /* ASC */")


def search_users(query: str, users: QuerySet[User]) -> QuerySet[User]:
    """Return the users that this query may mean: an id, an e-mail address or its beginning, a phone number; else a
    username.

    At most MAX_SEARCH_RESULTS are returned. Each case is one index lookup, so the cost does not grow with the table.
    """
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
    if isinstance(name.address, Phone):
        return User.objects.filter(phone_number=name.value)
    begins = User.objects.filter(email__startswith=name.value.lower())
    if parsing.looks_like_email(typed) or begins.exists():
        return begins
    return _accounts_named(name.value)
