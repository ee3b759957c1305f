"""Two acts in a forced order: one stops at a statement of its own, the other runs meanwhile, then the first goes on."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Any, TypeVar

from django.db import connection, connections

from tests.servers import until
from vestibule.conf import conf

T = TypeVar("T")
U = TypeVar("U")
Place = Callable[[str, bool], bool]  # of a statement, and whether it stands in a transaction

# A proof is counted and claimed first: a transaction each, where challenges are kept in the database.
VERIFIED = 1 if conf.challenge_store == "redis" else 3
# Of an application's code that is redeemed, with what it leads to. Redis claims it, and on PostgreSQL its guess is
# counted by one statement.
REDEEMED = 1 if conf.challenge_store == "redis" else 4


def statement(text: str) -> Place:
    """Before the first statement, in no transaction, that holds this text."""
    return lambda sql, within: text in sql and not within


def transaction(*, after: str = 'FROM "vestibule_user"', nth: int = 1) -> Place:
    """Before the n-th transaction after something was read (empty: of all). On SQLite nobody else could write once it
    has begun; on PostgreSQL it begins with its first statement."""
    state = {"read": not after, "inside": False, "begun": 0}

    def here(sql: str, within: bool) -> bool:
        begins = sql.startswith("BEGIN") or (within and not state["inside"] and connection.vendor == "postgresql")
        state["inside"] = within
        if begins and state["read"]:
            state["begun"] += 1
        if not within and after in sql:
            state["read"] = True
        return begins and state["begun"] == nth

    return here


def interleaved(act: Callable[[], T], place: Place, meanwhile: Callable[[], U]) -> tuple[T, U]:
    """Let `act` come to `place`, do the other thing from beginning to end, and let it go on; what both returned."""
    stopped, arrived, go_on = Event(), Event(), Event()

    def gate(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not stopped.is_set() and place(sql, context["connection"].in_atomic_block):
            stopped.set()
            arrived.set()
            assert go_on.wait(60)
        return execute(sql, params, many, context)

    def first() -> T:
        try:
            with connection.execute_wrapper(gate):
                return act()
        finally:
            arrived.set()
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        ahead = pool.submit(first)
        try:
            assert arrived.wait(60)
            assert stopped.is_set(), f"it never came there: {str(ahead.result())[:200]}"
            other = meanwhile()
        finally:
            go_on.set()
        return ahead.result(), other


def beside(act: Callable[[], T], place: Place, other: Callable[[], U]) -> tuple[T, U]:
    """Let `act` come to `place`, begin the other thing, and let the first go on when the other waits for a lock of it,
    or has ended without: on PostgreSQL, which alone says so. What both returned."""

    def run() -> U:
        try:
            return other()
        finally:
            connections.close_all()

    def begin() -> Future[U]:
        begun = pool.submit(run)
        until(lambda: begun.done() or waits(), "the other thing to wait or end")
        return begun

    with ThreadPoolExecutor(1) as pool:
        first, begun = interleaved(act, place, begin)
        return first, begun.result()


def waits() -> bool:
    """Whether somebody waits for a lock in this database."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction sees what it saw first
        cursor.execute(waiting)
        return bool(cursor.fetchone()[0])
