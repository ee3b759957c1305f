"""A user's states, each step allowed or refused; and what the database itself holds, whoever writes to it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection
from django.db.transaction import atomic

from tests.contracts.stores import at_once
from vestibule.accounts import address_history, directory, lifecycle
from vestibule.accounts.account_details import AccountDetails
from vestibule.accounts.identifiers import FullName, Username
from vestibule.accounts.models import Profile, Status, User
from vestibule.addresses.address import Email, Phone

pytestmark = pytest.mark.usefixtures("house")

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STEPS = {
    lifecycle.suspend_user: ({Status.ACTIVE}, Status.SUSPENDED),
    lifecycle.reactivate_user: ({Status.SUSPENDED}, Status.ACTIVE),
    lifecycle.erase_user: ({Status.ACTIVE, Status.SUSPENDED}, Status.CLOSED),
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


def brought(**fields: Any) -> AccountDetails:
    """What somebody brings, with any field another way."""
    given: dict[str, Any] = {
        "password": "argon2$hash",
        "email": Email("ada@example.com"),
        "username": Username("Ada"),
        "full_name": FullName(""),
        "phone_number": None,
        "language": "",
    }
    return AccountDetails(**{**given, **fields})


def created(*, email_at: Any = NOW, phone_at: Any = None, **fields: Any) -> User:
    """A user through the door."""
    with atomic():
        return lifecycle.activate_user(brought(**fields), email_verified_at=email_at, phone_verified_at=phone_at)


def waits(*, sign_up_id: UUID | None = None, **fields: Any) -> UUID | None:
    """The PENDING row of a sign-up."""
    return lifecycle.save_pending_user(brought(**fields), sign_up_id or uuid4(), NOW)


# Steps.


@pytest.mark.parametrize("status", Status.values)
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_a_step_is_taken_from_its_states_only(step: Any, status: str) -> None:
    user = person(status=status)
    allowed, after = STEPS[step]
    assert step(user.pk) is (status in allowed)
    assert User.objects.get().status == (after if status in allowed else status)
    assert step(uuid4()) is False


def test_of_many_at_once_one_takes_the_step() -> None:
    user = person()
    assert sum(at_once(lambda _: lifecycle.suspend_user(user.pk), 16)) == 1


def test_closing_erases_all_that_is_personal() -> None:
    user = person(phone_number=NUMBER, phone_verified_at=NOW)
    assert lifecycle.erase_user(user.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM vestibule_user")
        row = str(cursor.fetchall())
        cursor.execute("SELECT * FROM vestibule_profile")
        row += str(cursor.fetchall())
    for personal in ("ada", "Ada", "Lovelace", NUMBER, "argon2", "about me", "at home"):
        assert personal not in row, personal
    assert not User.objects.get().has_usable_password()


def test_a_closed_account_frees_its_address_number_and_name() -> None:
    lifecycle.erase_user(person(phone_number=NUMBER, phone_verified_at=NOW).pk)
    again = created(phone_number=Phone(NUMBER), phone_at=NOW)
    assert (again.email, again.username, again.phone_number) == ("ada@example.com", "Ada", NUMBER)


def test_a_refused_close_erases_nothing() -> None:
    user = person(status=Status.PENDING)
    assert not lifecycle.erase_user(user.pk)
    assert Profile.objects.get().bio == "about me"
    assert User.objects.get().email == "ada@example.com"


# How an account comes to be.


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
        {"email": Email("bob@example.com"), "username": None, "email_at": None},
        {"email": None, "username": None, "phone_number": Phone(NUMBER), "email_at": None},
        {"email": None, "username": None},  # proved, and not there
        {"email": None, "username": None, "phone_at": NOW, "email_at": None},
    ],
)
def test_what_is_taken_or_unproved_is_refused_whole(fields: dict[str, Any]) -> None:
    created()
    with pytest.raises(IntegrityError):
        created(**fields)
    assert User.objects.count() == Profile.objects.count() == 1


def test_a_proved_number_is_one_accounts() -> None:
    """ABU-10."""
    proved = {"email": None, "username": None, "phone_number": Phone(NUMBER), "email_at": None}
    created(**proved, phone_at=NOW)
    with pytest.raises(IntegrityError):
        created(**proved, phone_at=NOW)


def test_a_number_that_was_merely_typed_locks_nobody() -> None:
    """ENUM-03."""
    for name in ("ada", "bob", "eve"):
        created(email=Email(f"{name}@example.com"), username=None, phone_number=Phone(NUMBER))
    assert directory.find_account_by_address(Phone(NUMBER)) is None
    owner = created(email=None, username=None, phone_number=Phone(NUMBER), email_at=None, phone_at=NOW)
    assert directory.find_account_by_address(Phone(NUMBER)) == owner


def test_many_have_no_name_and_no_address() -> None:
    for number in ("+14155550101", "+14155550102"):
        created(email=None, username=None, phone_number=Phone(number), email_at=None, phone_at=NOW)
    assert User.objects.filter(email=None, username=None).count() == 2


def test_what_waits_is_taken_over_whole_by_whoever_proves_the_address() -> None:
    """PRE-07."""
    first = waits(password="hash of a stranger", full_name=FullName("Eve"), phone_number=Phone(NUMBER))
    assert first is not None
    assert waits(username=None) == first  # one row an address
    owner = created(username=Username("ada"), full_name=FullName("Ada"))
    assert owner.pk == first
    assert (owner.password, owner.full_name, owner.phone_number) == ("argon2$hash", "Ada", None)
    assert (owner.status, owner.role, owner.phone_verified_at) == (Status.ACTIVE, "user", None)
    assert waits() is None  # somebody has an account by now
    assert User.objects.count() == Profile.objects.count() == 1


def test_a_number_alone_waits_in_a_row_of_its_own() -> None:
    alone: dict[str, Any] = {"email": None, "username": None, "phone_number": Phone(NUMBER)}
    first = waits(**alone)
    assert waits(**alone, password="another") == first
    assert waits(phone_number=Phone(NUMBER)) != first  # an address, with the number typed along
    owner = created(**alone, email_at=None, phone_at=NOW)
    assert (owner.pk, owner.email) == (first, None)


def test_a_proof_by_sms_leaves_the_row_of_an_address_alone() -> None:
    """The number was typed along with it by somebody, and the address is not proved."""
    typed: dict[str, Any] = {"username": None, "phone_number": Phone(NUMBER)}
    row = waits(**typed)
    assert row is not None
    other = created(**typed, email=None, email_at=None, phone_at=NOW)
    assert other.pk != row
    assert User.objects.get(pk=row).status == Status.PENDING


def test_who_waits_holds_no_name_and_no_number() -> None:
    waits(phone_number=Phone(NUMBER))
    assert not directory.is_username_taken(Username("ada"))
    assert directory.find_account_by_address(Email("ada@example.com")) is None
    other = created(email=Email("bob@example.com"), phone_number=Phone(NUMBER), phone_at=NOW)
    assert other.username == "Ada"
    with pytest.raises(IntegrityError):  # whoever was first proved has it
        created()
    assert created(username=Username("ada2")).status == Status.ACTIVE


def test_a_withdrawn_sign_up_leaves_nothing_and_only_its_own() -> None:
    """The row belongs to the newest sign-up of the address, whatever password each of them brought."""
    older, newer = uuid4(), uuid4()
    assert waits(sign_up_id=older) == waits(sign_up_id=newer)
    assert not lifecycle.delete_pending_user(older)
    assert User.objects.get().sign_up_id == newer
    assert lifecycle.delete_pending_user(newer)
    assert not User.objects.exists()


def test_an_account_belongs_to_no_sign_up() -> None:
    row = waits(sign_up_id=(own := uuid4()))
    active = created()
    assert (active.pk, active.sign_up_id) == (row, None)
    assert not lifecycle.delete_pending_user(own)
    with pytest.raises(IntegrityError), atomic():
        User.objects.update(sign_up_id=own)


def test_of_many_who_enrol_at_once_all_wait_in_one_row() -> None:
    def enrol(number: int) -> UUID | None:
        with atomic():
            return waits(username=Username(f"ada{number}"))

    [row] = set(at_once(enrol, 16))
    assert User.objects.get().pk == row


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
    assert directory.find_account_by_address(Email("ada@example.com")) == user
    assert directory.is_username_taken(Username("ADA"))
    assert not directory.is_username_taken(Username("adam"))


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
        cursor.execute(f"UPDATE vestibule_user SET {change} WHERE email = 'ada@example.com'")


@pytest.mark.parametrize("change", ["role = 'manager'", "status = 'pending', email_verified_at = NULL"])
def test_the_database_allows(change: str) -> None:
    person()
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE vestibule_user SET {change}")
        assert cursor.rowcount == 1


LATER = NOW.replace(year=2027)
STATES: dict[str, dict[str, Any]] = {
    "active": {"status": Status.ACTIVE},
    "own closing": {"status": Status.SUSPENDED, "closes_at": LATER, "own_closing": True},
    "suspended": {"status": Status.SUSPENDED},
    "closed by staff": {"status": Status.SUSPENDED, "closes_at": LATER},
    "closed": {"status": Status.CLOSED},
}


def recover(user_id: UUID) -> bool:
    """The owner proved the address that the account has."""
    with atomic():
        held = lifecycle.lock_user(user_id)
        proof = address_history.find_proved_address(held, "ada@example.com", 0, NOW) if held else None
        if held and proof and held.status != Status.CLOSED:
            lifecycle.restore_ownership(held, proof, NOW)
            return True
    return False


# docs/decisions/0041: what becomes of each state by each step; where there is nothing, nothing happens.
CHANGES: dict[str, tuple[Any, dict[str, str]]] = {
    "suspend": (lifecycle.suspend_user, {"active": "suspended", "own closing": "suspended"}),
    "close by staff": (
        lambda id: lifecycle.schedule_closing_by_staff(id, LATER),
        dict.fromkeys(["active", "own closing", "suspended"], "closed by staff"),
    ),
    "close": (lambda id: lifecycle.schedule_closing_by_owner(id, LATER), {"active": "own closing"}),
    "keep": (lambda id: lifecycle.cancel_closing_by_owner(id, NOW), {"own closing": "active"}),
    "reactivate": (lifecycle.reactivate_user, dict.fromkeys(["own closing", "suspended", "closed by staff"], "active")),
    "recover": (
        recover,
        {"active": "active", "own closing": "active"} | {n: n for n in ("suspended", "closed by staff")},
    ),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("step", CHANGES)
def test_hol_04_each_step_knows_each_state(state: str, step: str) -> None:
    user = person(**STATES[state])
    act, becomes = CHANGES[step]
    assert act(user.pk) == (state in becomes)
    user.refresh_from_db()
    expected = {"closes_at": None, "own_closing": False} | STATES[becomes.get(state, state)]
    assert {name: getattr(user, name) for name in expected} == expected


def test_only_a_closing_account_is_its_own_closing() -> None:
    with pytest.raises(IntegrityError), atomic():
        person(own_closing=True)
