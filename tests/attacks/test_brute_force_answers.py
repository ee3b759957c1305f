"""BF-14: an answer that says "wait" says nothing else: not which count refused, nor what is left of it, nor whose name
it was; and nobody is looked up for it."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from time_machine import travel

from tests.attacks.allowances import stranger
from tests.attacks.test_enumeration_table import DOORS, NEW_EACH_TIME
from tests.configured import rated
from tests.world import Api, Inbox, Reply
from vestibule.limits import rate_counters
from vestibule.limits.rules import RULES

KNOWN, UNKNOWN = "known@example.com", "ghost@example.com"  # of one length
MEMBERS = {"type", "title", "status", "code", "detail", "request_id", "retry_after"}


@contextmanager
def statements() -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    asked: list[str] = []

    def note(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        yield asked


def shown(reply: Reply, email: str) -> tuple[Any, ...]:
    """What a stranger sees, without what they typed and what is new each time."""
    headers = {name: value for name, value in reply.headers.items() if name not in ("X-Request-ID", "Set-Cookie")}
    headers.pop("Content-Security-Policy", None)  # has a nonce
    return reply.status, NEW_EACH_TIME.sub("", reply.text.replace(email, "EMAIL")), headers


@pytest.mark.parametrize("door", [door for door in DOORS if "weak" not in door])
def test_bf_14_a_rate_refuses_without_asking_who_it_is_about(door: str, api: Api, inbox: Inbox) -> None:
    api.account(inbox, KNOWN)
    with (
        rated(**{rule.name: "1/hour" for rule in RULES}),
        travel("2026-03-01T12:00:00Z", tick=False),
    ):
        rate_counters.reset_rate_counters()
        DOORS[door]("first@example.com")
        with statements() as asked:
            refused = {email: DOORS[door](email) for email in (KNOWN, UNKNOWN)}
    assert refused[KNOWN].status == 429
    assert shown(refused[KNOWN], KNOWN) == shown(refused[UNKNOWN], UNKNOWN)
    assert not [sql for sql in asked if "vestibule_user" in sql or "vestibule_audit_event" in sql], asked
    tells_nothing_of_the_count(refused[KNOWN])


@pytest.mark.parametrize("door", ["login", "login page"])
def test_bf_14_a_name_that_must_wait_is_told_alike_whoever_has_it(door: str, api: Api, inbox: Inbox) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        api.account(inbox, KNOWN)
        for email in (KNOWN, UNKNOWN):
            for _ in range(5):
                stranger(1).login(email, "the wrong password")
        clock.shift(7)
        refused = {email: DOORS[door](email) for email in (KNOWN, UNKNOWN)}
    assert refused[KNOWN].status == 429
    assert shown(refused[KNOWN], KNOWN) == shown(refused[UNKNOWN], UNKNOWN)
    tells_nothing_of_the_count(refused[KNOWN])


@pytest.mark.parametrize(("passed", "told"), [(0, 3600), (1, 3600), (59, 3600), (61, 3540), (3547, 60), (3563, 40)])
def test_bf_14_the_wait_does_not_tell_when_somebody_else_asked(api: Api, passed: int, told: int) -> None:
    """Rounded up: whoever waits so long gets in."""
    with rated(login="1/hour"), travel("2026-03-01T12:00:00.5Z", tick=False) as clock:
        api.login(UNKNOWN, "the wrong password")
        clock.shift(passed + 1)
        refused = api.login(UNKNOWN, "the wrong password")
        assert (refused.status, refused.body["retry_after"]) == (429, told)
        assert refused.headers["Retry-After"] == str(told)
        clock.shift(told)
        assert api.login(UNKNOWN, "the wrong password").status == 401


def tells_nothing_of_the_count(reply: Reply) -> None:
    """No bucket by name, no count that is left, no exact moment."""
    if reply.body:
        assert reply.body.keys() == MEMBERS
    fields = {name: value for name, value in reply.headers.items() if re.search("rate|limit|remaining", name, re.I)}
    assert fields.keys() <= {"RateLimit", "RateLimit-Policy"}  # RateLimit of one that is refused: nothing is left
    assert re.fullmatch(r'"default";r=0;t=\d+', fields.get("RateLimit", '"default";r=0;t=0'))
    said = " ".join([reply.text, *reply.headers.values()])
    assert not re.search(r"per_network|per_identifier|overall|bucket|vestibule_limit_tally", said)
    assert not [rule.name for rule in RULES if "_" in rule.name and f'"{rule.name}"' in said]
    assert int(reply.headers["Retry-After"]) % 10 == 0
