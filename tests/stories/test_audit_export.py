"""The audit log taken along: every row, no formula, on record; and what may not be taken."""

import csv
import json
from datetime import timedelta
from io import StringIO

import pytest
from django.utils import timezone

from tests.desk import WHY, PageDesk, account, given
from tests.world import Api, Inbox
from vestibule.accounts.models import User
from vestibule.audit.models import AuditEvent
from vestibule.flows.staff import audit_log
from vestibule.web.admin.export import COLUMNS, escape_formula

BOSS = "boss@example.com"


@pytest.fixture
def desk(api: Api, inbox: Inbox) -> PageDesk:
    """An admin."""
    account(api, inbox, BOSS)
    given(BOSS, "admin")
    return PageDesk(BOSS)


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"])
def test_no_cell_is_a_formula(evil: str) -> None:
    """INP-09."""
    assert escape_formula(evil) == f"'{evil}"
    assert (escape_formula("a=1"), escape_formula(None), escape_formula(7)) == ("a=1", "", "7")


def test_as_csv_and_as_json_lines(desk: PageDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_log, "ROWS_PER_CHUNK", 2)  # several chunks, with equal moments across their borders
    now = timezone.now() - timedelta(hours=1)
    AuditEvent.objects.bulk_create(
        AuditEvent(at=now, name="sign_in.sign_in.refused", actor="anonymous", agent=f'=HYPERLINK("x{n}"), "quoted"\n')
        for n in range(5)
    )
    reply = desk.export()
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert reply.headers["Content-Disposition"].startswith('attachment; filename="audit-')
    rows = list(csv.DictReader(StringIO(reply.text)))
    assert len(rows) == AuditEvent.objects.count()
    assert sorted(int(row["id"]) for row in rows) == sorted(AuditEvent.objects.values_list("pk", flat=True))
    assert all(value.startswith("'=") for row in rows if (value := row["agent"]).strip("'").startswith("="))
    assert not any(line.startswith(("=", "+", "-", "@")) for row in rows for line in row.values())
    exported = AuditEvent.objects.get(name="audit.exported")
    assert (exported.user_id, exported.reason) == (User.objects.get().pk, WHY)
    lines = [json.loads(line) for line in desk.export("jsonl", name="sign_in.sign_in.refused").text.splitlines()]
    assert (len(lines), tuple(lines[0])) == (5, COLUMNS)
    assert lines[0]["agent"].startswith("=HYPERLINK")  # JSON computes nothing


def test_what_narrows_it(desk: PageDesk) -> None:
    me, today = str(User.objects.get().pk), f"{timezone.now():%Y-%m-%d}"
    assert len(desk.export(user_id=me, name="role.given", since=today, until=today).text.splitlines()) == 2
    assert len(desk.export(since="2099-01-01").text.splitlines()) == 1
    for wrong in ({"user_id": "x"}, {"since": "x"}, {"until": "2026-13-01"}):
        assert desk.export(**wrong).status == 400
    assert desk.export(reason="").status == 400
    assert AuditEvent.objects.filter(name="audit.exported").count() == 2
    assert desk.http.get("/admin/export/", {"name": "role.given"}).status_code == 200
