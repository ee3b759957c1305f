"""Which sessions are alive: the list of them says what a request with each is told."""

from datetime import timedelta
from itertools import product

import pytest

from tests.configured import configured
from tests.contracts.stores import NOW
from vestibule.accounts.models import Role, Status, User
from vestibule.conf import conf
from vestibule.kernel.client import Client
from vestibule.sessions import registry
from vestibule.sessions.access_tokens import is_session_live
from vestibule.sessions.models import Session

MINUTES = timedelta(minutes=1)
LIFETIMES = {"by token": None, "of a page": conf.page_session, "that stays signed in": conf.page_stay}


def used(role: Role, lifetime: str, *, began: timedelta, seen: timedelta) -> Session:
    """A session that began, and was last used, so long ago."""
    user = User.objects.create(email="ada@example.com", status=Status.ACTIVE, email_verified_at=NOW, role=role)
    client = Client(at=NOW - began)
    session = registry.create_session(client, user, amr=["pwd"], page_lifetime=LIFETIMES[lifetime])
    Session.objects.update(last_seen_at=NOW - seen)
    session.refresh_from_db()
    return session


def is_listed(session: Session) -> bool:
    return registry.list_live_sessions(session.user_id, NOW).filter(pk=session.pk).exists()


@pytest.mark.parametrize(
    ("role", "lifetime", "seen", "alive"),
    [
        (Role.USER, "of a page", 10 * MINUTES, False),
        (Role.USER, "of a page", 4 * MINUTES, True),
        (Role.USER, "that stays signed in", 20 * MINUTES, True),
        (Role.USER, "by token", 20 * MINUTES, True),
        *((role, "of a page", 10 * MINUTES, True) for role in (Role.MANAGER, Role.ADMIN)),
        *((role, "that stays signed in", 20 * MINUTES, False) for role in (Role.MANAGER, Role.ADMIN)),
        *((role, "by token", 20 * MINUTES, True) for role in (Role.MANAGER, Role.ADMIN)),
    ],
)
def test_the_time_to_be_idle_is_one_for_people_and_another_for_the_staff(
    house: None, role: Role, lifetime: str, seen: timedelta, alive: bool
) -> None:
    """TOK-10: whichever of the two is shorter."""
    with configured(PAGE_IDLE=5 * MINUTES, STAFF_IDLE=15 * MINUTES):
        assert is_listed(used(role, lifetime, began=30 * MINUTES, seen=seen)) is alive


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("lifetime", LIFETIMES)
def test_what_is_listed_is_what_a_request_may_use(house: None, role: Role, lifetime: str) -> None:
    """TOK-09, TOK-10, to the second."""
    ends = (conf.staff_idle, conf.page_idle, conf.staff_session, conf.page_session, conf.page_stay)
    ages = [timedelta(), *(end + timedelta(seconds=step) for end in ends for step in (-1, 0))]
    session, told = used(role, lifetime, began=timedelta(), seen=timedelta()), set()
    for began, seen in product(ages, ages):
        if seen <= began:
            session.created_at, session.last_seen_at = NOW - began, NOW - seen
            session.expires_at = session.created_at + (LIFETIMES[lifetime] or conf.jwt_refresh_absolute)
            session.save()
            told.add(is_session_live(session, NOW))
            assert is_listed(session) is is_session_live(session, NOW), (began, seen)
    assert told == ({True} if lifetime == "by token" else {True, False})
