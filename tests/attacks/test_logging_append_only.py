"""LOG-04: what is on record can be neither changed nor erased, but for what the retention does."""

import ast
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import ProgrammingError, connection
from django.db.transaction import atomic
from django.utils import timezone

import vestibule
from tests import environment
from tests.world import Api, Inbox
from vestibule.accounts.models import User
from vestibule.audit import retention
from vestibule.audit.models import AuditEvent
from vestibule.flows.account import personal_data
from vestibule.service.worker import schedule

ADA = "ada@example.com"
SWEEPS = {each.kind: each for each in schedule.list_sweeps()}
on_postgresql = pytest.mark.skipif(not environment.PRODUCTION, reason="SQLite's file is one process's own")


def rows() -> list[Any]:
    """The whole log."""
    return list(AuditEvent.objects.order_by("pk").values_list())


def rewriting(change: Callable[[], object]) -> None:
    """Try it."""
    with pytest.raises(ProgrammingError, match="appended and nothing else"), atomic():
        change()


def run(sql: str) -> Callable[[], object]:
    def act() -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql)

    return act


REWRITES: dict[str, Callable[[], object]] = {
    "update": run("UPDATE vestibule_audit_event SET name = 'nothing.happened'"),
    "update of where": run("UPDATE vestibule_audit_event SET address = NULL"),
    "delete": run("DELETE FROM vestibule_audit_event"),
    "upsert": run(
        "INSERT INTO vestibule_audit_event SELECT * FROM vestibule_audit_event"
        " ON CONFLICT (id) DO UPDATE SET code = 'nothing'"
    ),
    "orm update": lambda: AuditEvent.objects.update(user_id=None),
    "orm delete": lambda: AuditEvent.objects.all().delete(),
}


@on_postgresql
@pytest.mark.parametrize("rewrite", REWRITES)
def test_log_04_the_database_refuses_to_rewrite_what_is_on_record(rewrite: str, api: Api, inbox: Inbox) -> None:
    """As the owner of the table, and here a superuser too."""
    api.account(inbox, ADA)
    before = rows()
    rewriting(REWRITES[rewrite])
    assert rows() == before


@on_postgresql
def test_log_04_what_happened_stays_even_where_rows_are_shortened(api: Api, inbox: Inbox) -> None:
    api.account(inbox, ADA)
    before = rows()
    for column in ("name", "code", "actor", "request_id", "application"):
        with pytest.raises(ProgrammingError, match="what happened stays"), retention.allow_shortening():
            AuditEvent.objects.update(**{column: "another"})
    with pytest.raises(ProgrammingError, match="what happened stays"), retention.allow_shortening():
        AuditEvent.objects.update(at=timezone.now())
    assert rows() == before


@on_postgresql
def test_log_04_the_leave_ends_with_what_it_was_for(api: Api, inbox: Inbox) -> None:
    """Also within a transaction that goes on, and for the next one of this connection."""
    api.account(inbox, ADA)
    with retention.allow_shortening():
        AuditEvent.objects.update(agent="")
    with atomic():
        with retention.allow_shortening():
            AuditEvent.objects.update(address=None)
        rewriting(lambda: AuditEvent.objects.update(agent="another"))
    rewriting(lambda: AuditEvent.objects.all().delete())


def test_log_04_retention_cutting_and_erasure_go_on(api: Api, inbox: Inbox) -> None:
    api.account(inbox, ADA)
    User.objects.update(closes_at=timezone.now() - timedelta(seconds=1))
    assert personal_data.erase_due_accounts(timezone.now(), 10) == 1
    assert not AuditEvent.objects.filter(user_id__isnull=False).exclude(name="account.erased").exists()
    new = AuditEvent.objects.create(at=timezone.now(), name="session.opened", actor="user", address="198.51.100.77")
    later = timezone.now() + timedelta(days=91)
    assert schedule.erase_stale(SWEEPS["whole addresses"], later) == 1
    assert AuditEvent.objects.get(pk=new.pk).address == "198.51.100.0"
    assert schedule.erase_stale(SWEEPS["audit events"], later + timedelta(days=365)) > 1
    assert not AuditEvent.objects.exists()


def test_log_04_nothing_else_in_the_code_rewrites_it() -> None:
    """On every database: whoever updates or deletes events does so within `retention.allow_shortening`."""
    home = Path(vestibule.__file__).parent
    found = {}
    for module in home.rglob("*.py"):
        if "migrations" in module.parts:
            continue
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.FunctionDef):
                body = ast.unparse(node)
                if ("AuditEvent" in body or "_events(" in body) and (".update(" in body or ".delete(" in body):
                    found[f"{module.relative_to(home)}:{node.name}"] = "allow_shortening()" in body
    assert found == {
        "audit/retention.py:truncate_addresses": True,
        "flows/account/personal_data.py:_erase_account": True,
    }
