"""A user's states, each step allowed or refused; and what the database itself holds, whoever writes to it."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection
from django.db.transaction import atomic

from tests.contracts.stores import at_once
from vestibule.accounts import directory, lifecycle
from vestibule.accounts.identifiers import Email, FullName, Phone, Username
from vestibule.accounts.models import Profile, Status, User

pytestmark = pytest.mark.usefixtures("house")

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STEPS = {
    lifecycle.activate: ({Status.PENDING}, Status.ACTIVE),
    lifecycle.suspend: ({Status.ACTIVE}, Status.SUSPENDED),
    lifecycle.reactivate: ({Status.SUSPENDED}, Status.ACTIVE),
    lifecycle.close: ({Status.ACTIVE, Status.SUSPENDED}, Status.CLOSED),
}
NUMBER = "+14155550100"


def person(**fields: Any) -> User:
    """An active user, with any field another way."""
    given: dict[str, Any] = {
        "email": "ada@example.com",
        "username": "Ada",
        "full_name": "Ada Lovelace",
        "password": "argon2$hash",
        "status": Status.ACTIVE,
        "email_verified_at": NOW,
    }
    user = User.objects.create(**{**given, **fields})
    Profile.objects.create(user=user, bio="about me", address="at home")
    return user


def created(**fields: Any) -> User:
    """A user through the door."""
    given: dict[str, Any] = {
        "password_hash": "argon2$hash",
        "email": Email("ada@example.com"),
        "username": Username("Ada"),
        "full_name": FullName(""),
        "phone": None,
        "email_verified_at": NOW,
        "phone_verified_at": None,
    }
    with atomic():
        return lifecycle.create_active(**{**given, **fields})


# Steps.


@pytest.mark.parametrize("status", Status.values)
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_a_step_is_taken_from_its_states_only(step: Any, status: str) -> None:
    user = person(status=status)
    allowed, after = STEPS[step]
    assert step(user.pk) is (status in allowed)
    assert User.objects.get().status == (after if status in allowed else status)
    assert step(uuid4()) is False


def test_nobody_is_activated_unproved() -> None:
    user = person(status=Status.PENDING, email_verified_at=None)
    assert lifecycle.activate(user.pk) is False
    assert User.objects.get().status == Status.PENDING


def test_of_many_at_once_one_takes_the_step() -> None:
    user = person()
    assert sum(at_once(lambda _: lifecycle.suspend(user.pk), 16)) == 1


def test_closing_erases_all_that_is_personal() -> None:
    user = person(phone_number=NUMBER, phone_verified_at=NOW)
    assert lifecycle.close(user.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM account_user")
        row = str(cursor.fetchall())
        cursor.execute("SELECT * FROM account_profile")
        row += str(cursor.fetchall())
    for personal in ("ada", "Ada", "Lovelace", NUMBER, "argon2", "about me", "at home"):
        assert personal not in row, personal
    assert not User.objects.get().has_usable_password()


def test_a_closed_account_frees_its_address_number_and_name() -> None:
    lifecycle.close(person(phone_number=NUMBER, phone_verified_at=NOW).pk)
    again = created(phone=Phone(NUMBER), phone_verified_at=NOW)
    assert (again.email, again.username, again.phone_number) == ("ada@example.com", "Ada", NUMBER)


def test_a_refused_close_erases_nothing() -> None:
    user = person(status=Status.PENDING)
    assert not lifecycle.close(user.pk)
    assert Profile.objects.get().bio == "about me"
    assert User.objects.get().email == "ada@example.com"


# What create_active refuses.


def test_an_account_comes_with_its_profile() -> None:
    user = created()
    assert (user.status, user.role, user.is_active) == (Status.ACTIVE, "user", True)
    assert Profile.objects.get().user == user


@pytest.mark.parametrize(
    "fields",
    [
        {"email": Email("ada@example.com"), "username": None},
        {"email": Email("bob@example.com"), "username": Username("Ada")},
        {"email": Email("bob@example.com"), "username": Username("aDA")},
        {"email": Email("Bob@example.com"), "username": None},  # not canonical
        {"email": Email("bob@example.com"), "username": None, "email_verified_at": None},
        {"email": None, "username": None, "phone": Phone(NUMBER), "email_verified_at": None},
        {"email": None, "username": None},  # proved, and not there
        {"email": None, "username": None, "phone_verified_at": NOW, "email_verified_at": None},
    ],
)
def test_what_is_taken_or_unproved_is_refused_whole(fields: dict[str, Any]) -> None:
    created()
    with pytest.raises(IntegrityError):
        created(**fields)
    assert User.objects.count() == Profile.objects.count() == 1


def test_a_proved_number_is_one_accounts() -> None:
    proved = {"email": None, "username": None, "phone": Phone(NUMBER), "email_verified_at": None}
    created(**proved, phone_verified_at=NOW)
    with pytest.raises(IntegrityError):
        created(**proved, phone_verified_at=NOW)


def test_a_number_that_was_merely_typed_locks_nobody() -> None:
    for name in ("ada", "bob", "eve"):
        created(email=Email(f"{name}@example.com"), username=None, phone=Phone(NUMBER))
    assert directory.holder_of_phone(Phone(NUMBER)) is None
    owner = created(email=None, username=None, phone=Phone(NUMBER), email_verified_at=None, phone_verified_at=NOW)
    assert directory.holder_of_phone(Phone(NUMBER)) == owner


def test_many_have_no_name_and_no_address() -> None:
    for number in ("+14155550101", "+14155550102"):
        created(email=None, username=None, phone=Phone(number), email_verified_at=None, phone_verified_at=NOW)
    assert User.objects.filter(email=None, username=None).count() == 2


def test_of_many_at_once_with_one_address_one_is_made() -> None:
    def make(number: int) -> bool:
        try:
            created(username=Username(f"ada{number}"))
        except IntegrityError:
            return False
        return True

    assert sum(at_once(make, 16)) == 1
    assert User.objects.count() == Profile.objects.count() == 1


def test_who_has_it_is_asked_in_any_case() -> None:
    user = created()
    assert directory.holder_of_email(Email("ada@example.com")) == user
    assert directory.username_taken(Username("ADA"))
    assert not directory.username_taken(Username("adam"))


# What no statement gets past the database.


@pytest.mark.parametrize(
    "change",
    [
        "status = 'deleted'",
        "status = 'ACTIVE'",
        "role = 'root'",
        "email = 'Ada@example.com'",
        "email_verified_at = NULL",  # active, and nothing is proved
        "email = NULL",  # proved, and not there
        "phone_verified_at = created_at",
        "status = 'suspended', email_verified_at = NULL",
        "email = 'bob@example.com'",
        "username = 'BOB'",
        f"phone_number = '{NUMBER}', phone_verified_at = created_at",
    ],
)
def test_the_database_refuses(change: str) -> None:
    person()
    person(email="bob@example.com", username="bob", phone_number=NUMBER, phone_verified_at=NOW)
    with pytest.raises(IntegrityError), atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE account_user SET {change} WHERE email = 'ada@example.com'")


@pytest.mark.parametrize("change", ["role = 'manager'", "status = 'pending', email_verified_at = NULL"])
def test_the_database_allows(change: str) -> None:
    person()
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE account_user SET {change}")
        assert cursor.rowcount == 1
