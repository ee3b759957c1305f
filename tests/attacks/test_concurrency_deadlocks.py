"""RACE-13: the flows of one account, mixed and at once, never wait for each other in a ring.

`RACE_ROUNDS=500 STACK=production python -m pytest -k race_13` goes on for longer.
"""

import os
from collections.abc import Callable
from random import Random
from threading import Barrier, Event

import pytest
from django.db import OperationalError, connection
from django.db.transaction import atomic
from django.utils import timezone

from tests import environment
from tests.configured import inside
from tests.contracts.stores import at_once
from tests.interleaving import waits
from tests.servers import until
from tests.world import PASSWORD, Api, Inbox, Reply
from vestibule.limits import ledger
from vestibule.limits.admission import PlacePool, admission
from vestibule.limits.models import Tally

EMAILS = ("ada@example.com", "bob@example.com")
ROUNDS, THREADS = int(os.environ.get("RACE_ROUNDS", "6")), 12
Act = Callable[[str, str, str], Reply]


def change(name: str) -> Act:
    """Another address, asked for by whoever has the session."""
    return lambda email, access, _: Api().send(
        "POST", "email/change", access, {"email": f"{name}.{email}", "password": PASSWORD}
    )


def bearing(method: str, path: str, **body: str) -> Act:
    """Something that a session asks for."""
    return lambda email, access, _: Api().send(method, path, access, body)


MIX: dict[str, Act] = {
    "start": lambda email, *_: Api().start(email=f"new.{email}", password=PASSWORD),
    "start known": lambda email, *_: Api().start(email=email, password=PASSWORD),
    "register": lambda email, *_: Api().register(email=f"waits.{email}", password=PASSWORD),
    "login": lambda email, *_: Api().login(email),
    "wrong login": lambda email, *_: Api().login(email, "not this password"),
    "refresh": lambda email, _, refresh: Api().post("token/refresh", {"refresh": refresh}),
    "refresh again": lambda email, _, refresh: Api().post("token/refresh", {"refresh": refresh}),
    "reset": lambda email, *_: Api().post("password/reset", {"email": email}),
    "wrong reset": lambda email, *_: Api().post(
        "password/reset/confirm", {"email": email, "otp": "00000000", "password": "another password"}
    ),
    "change of address": change("next"),
    "another change of address": change("other"),
    "wrong code": bearing("POST", "email/change/confirm", otp="00000000"),
    "password": bearing("POST", "password/change", current_password=PASSWORD, password=PASSWORD + "!"),
    "password back": bearing("POST", "password/change", current_password=PASSWORD + "!", password=PASSWORD),
    "reauthenticate": bearing("POST", "reauthenticate", password=PASSWORD),
    "profile": bearing("PATCH", "me", full_name="Ada"),
    "sign out": bearing("POST", "logout"),
    "sign out everywhere": bearing("POST", "logout/all"),
    "export": bearing("GET", "me/export"),
}


def deadlocks() -> int:
    """How many PostgreSQL broke up in this database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def ready(api: Api, email: str) -> tuple[str, str]:
    """A session of the account, whichever its password is by now."""
    for password in (PASSWORD, PASSWORD + "!"):
        body = api.login(email, password).body
        if "access" in body:
            return body["access"], body["refresh"]
    raise AssertionError(body)


@pytest.mark.skipif(not environment.PRODUCTION, reason="SQLite has one writer at a time")
def test_race_13_mixed_flows_of_one_account_are_in_no_deadlock(
    api: Api, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each round begins at a barrier, with the acts of a draw that is the same each time, and places for all."""
    monkeypatch.setattr(inside(admission), "places", PlacePool(10 * THREADS, 0))
    for email in EMAILS:
        api.account(inbox, email)
    draw, before = Random(13), deadlocks()
    for _ in range(ROUNDS):
        sessions = {email: ready(api, email) for email in EMAILS}
        acts = draw.choices(list(MIX), k=THREADS)

        def one(number: int, acts: list[str] = acts, sessions: dict[str, tuple[str, str]] = sessions) -> Reply:
            email = EMAILS[number % len(EMAILS)]
            return MIX[acts[number]](email, *sessions[email])

        answers = dict(zip(acts, at_once(one, THREADS), strict=False))
        assert {name: reply.body for name, reply in answers.items() if reply.status >= 500} == {}
        inbox.all()
    assert deadlocks() == before


@pytest.mark.skipif(not environment.PRODUCTION, reason="SQLite has one writer at a time")
def test_race_13_a_deadlock_would_be_counted(house: None) -> None:
    """The count that the test above reads moves when there is one."""
    before = deadlocks()
    first, second = (Tally.objects.create(scope="race", key=bytes([n]), touched_at=timezone.now()) for n in range(2))
    together = Barrier(2)

    def one(number: int) -> bool:
        mine, theirs = (first, second) if number else (second, first)
        try:
            with atomic():
                Tally.objects.select_for_update().get(pk=mine.pk)
                together.wait(timeout=10)
                Tally.objects.select_for_update().get(pk=theirs.pk)
        except OperationalError:
            return False
        return True

    assert sorted(at_once(one, 2)) == [False, True]
    assert deadlocks() == before + 1


@pytest.mark.skipif(not environment.PRODUCTION, reason="SQLite has one writer at a time")
def test_race_13_counts_are_forgotten_in_the_order_in_which_they_are_counted(house: None) -> None:
    """Whoever waits for the first of them holds none of the others, whichever row was made first."""
    scopes = ("passwords of strangers", "passwords from", "passwords by name", "passwords")  # the last comes first
    for scope in scopes:
        Tally.objects.create(scope=scope, key=b"k", touched_at=timezone.now())
    held, tried = Event(), Event()

    def one(number: int) -> None:
        if number:
            assert held.wait(timeout=10)
            ledger.reset_counts(*((scope, b"k") for scope in scopes))
            return
        with atomic():
            Tally.objects.select_for_update().get(scope=scopes[-1])
            held.set()
            until(waits, "the other to wait for a lock")
            assert len(Tally.objects.select_for_update(skip_locked=True)) == len(scopes)
        tried.set()

    at_once(one, 2)
    assert tried.is_set()
