"""FLT-11, FLT-12: the database refuses a statement in the middle of a change: nothing of the change is left, the answer
is 503, and the next try succeeds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from time_machine import travel

from tests.world import PASSWORD, Api, Door, Inbox
from vestibule.accounts.models import User
from vestibule.audit.models import AuditEvent
from vestibule.conf import conf
from vestibule.sessions import signing_keys
from vestibule.sessions.models import Session, SigningKey

ADA, NEXT = "ada@example.com", "another password entirely"
DISK_FULL = "53100"


@contextmanager
def refusing(statement: str, state: str) -> Iterator[None]:
    """The database answers the first such statement with that SQLSTATE."""
    left = [1]

    def refuse(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if statement in sql and left:
            left.clear()
            raise OperationalError(state) from psycopg.errors.lookup(state)()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        yield
    assert not left, "nothing was refused"


@pytest.mark.parametrize("state", ["40001", "40P01", "57P01"])
@pytest.mark.parametrize("statement", ['INSERT INTO "vestibule_user"', 'INSERT INTO "vestibule_audit_event"'])
def test_flt_12_what_the_database_gives_up_is_503_and_leaves_nothing(
    door: Door, inbox: Inbox, state: str, statement: str
) -> None:
    registration = door.start(email=ADA, password=PASSWORD).registration
    code = inbox.newest(ADA).code
    with refusing(statement, state):
        reply = door.confirm(registration, code)
    assert (reply.status, reply.code) == (503, "unavailable")
    assert int(reply.headers["Retry-After"]) > 0
    assert not User.objects.exists()
    assert not Session.objects.exists()
    assert door.confirm(registration, code).status in (201, 303)
    assert AuditEvent.objects.filter(name="account.registered").count() == 1


def test_flt_11_nothing_is_changed_that_can_not_be_put_on_record(api: Api, inbox: Inbox) -> None:
    """A disk that is full where the audit log lies; and nobody is shut out by it."""
    access = api.account(inbox, ADA)
    kept = User.objects.values().get()
    inbox.all()
    inbox.empty()
    bodies: dict[tuple[str, str], dict[str, str]] = {
        ("POST", "password/change"): {"current_password": PASSWORD, "password": NEXT},
        ("POST", "email/change"): {"email": "new@example.com", "password": PASSWORD},
        ("PATCH", "me"): {"full_name": "Ada"},
        ("DELETE", "me"): {},
        ("POST", "logout/all"): {},
    }
    for (method, path), body in bodies.items():
        with refusing('INSERT INTO "vestibule_audit_event"', DISK_FULL):
            assert api.send(method, path, access, body).code == "unavailable", path
        assert User.objects.values().get() == kept, path
        assert not Session.objects.exclude(revoked_at=None).exists(), path
    assert inbox.all() == []
    assert api.send("GET", "me", access).status == 200
    assert api.login(ADA).status == 200


def test_flt_12_a_refresh_that_is_told_to_have_failed_has_not_happened(api: Api, inbox: Inbox) -> None:
    """The keys that sign its answer cannot be read. Whoever tries again much later is no thief."""
    api.account(inbox, ADA)
    token = api.login(ADA).body["refresh"]
    with travel(timezone.now(), tick=False) as clock:
        signing_keys.forget_signing_keys()
        with refusing(SigningKey._meta.db_table, "57P01"):
            refused = api.post("token/refresh", {"refresh": token})
        assert (refused.status, refused.code) == (503, "unavailable")
        clock.shift(conf.refresh_grace + timedelta(seconds=1))
        assert api.post("token/refresh", {"refresh": token}).status == 200
