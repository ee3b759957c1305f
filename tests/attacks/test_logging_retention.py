"""LOG-09, LOG-10: what is kept has an end, in batches and once; and the owner is told of each security event, at every
proved address that is theirs, the old one included."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from tests.attacks.allowances import defaults, stranger
from tests.contracts.stores import at_once
from tests.world import PASSWORD, Api, Inbox
from vestibule.audit import retention
from vestibule.audit.models import AuditEvent, DayTally
from vestibule.conf import conf
from vestibule.service.worker import schedule

pytestmark = pytest.mark.usefixtures("house")

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADA, NEW = "ada@example.com", "new@example.com"
NEXT = "another password entirely"
SWEEPS = {each.kind: each for each in schedule.list_sweeps()}


def event(days: int, address: str | None = "198.51.100.77", name: str = "session.opened") -> AuditEvent:
    """An event of so many days ago."""
    return AuditEvent.objects.create(at=NOW - timedelta(days=days), name=name, actor="user", address=address)


def test_log_09_events_go_after_a_year_and_no_day_before() -> None:
    for days in (800, 366):
        event(days)
    kept = event(364)
    DayTally.objects.create(day=(NOW - timedelta(days=367)).date(), name="rate.exceeded", code="login", count=3)
    DayTally.objects.create(day=(NOW - timedelta(days=300)).date(), name="rate.exceeded", code="login", count=3)
    assert schedule.erase_stale(SWEEPS["audit events"], NOW) == 2
    assert schedule.erase_stale(SWEEPS["audit tallies"], NOW) == 1
    assert AuditEvent.objects.get().pk == kept.pk
    assert schedule.erase_stale(SWEEPS["audit events"], NOW) == 0
    assert conf.audit_kept.days == 365


@pytest.mark.parametrize(
    ("whole", "left"),
    [
        ("198.51.100.77", "198.51.100.0"),
        ("198.51.100.0", "198.51.100.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("::1", "::"),
    ],
)
def test_log_09_addresses_are_cut_to_their_network_after_90_days(whole: str, left: str) -> None:
    old, new, none = event(91, whole), event(89, whole), event(91, None)
    assert SWEEPS["whole addresses"].count(NOW - SWEEPS["whole addresses"].kept_for) == 1
    assert schedule.erase_stale(SWEEPS["whole addresses"], NOW) == 1
    for row, address in ((old, left), (new, whole), (none, None)):
        row.refresh_from_db()
        assert row.address == address
    assert schedule.erase_stale(SWEEPS["whole addresses"], NOW) == 0


def test_log_09_the_sweeps_go_in_batches_and_many_at_once_take_each_row_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "BATCH_SIZE", 2)
    for number in range(9):
        event(100, f"198.51.{number}.7")
    assert schedule.erase_stale(SWEEPS["whole addresses"], NOW, batches=2) == 4
    assert sum(at_once(lambda _: schedule.erase_stale(SWEEPS["whole addresses"], NOW), 4)) == 5
    assert not retention.events_with_full_address(NOW).exists()


def test_log_09_purge_says_what_would_go_and_a_dry_run_takes_nothing() -> None:
    AuditEvent.objects.create(at=timezone.now() - timedelta(days=366), name="x", actor="user", address="198.51.100.7")
    for dry, left in ((["--dry-run"], 1), ([], 0), ([], 0)):
        told = StringIO()
        call_command("purge", *dry, stdout=told)
        assert AuditEvent.objects.count() == left
        for kind in ("audit events", "whole addresses", "runs of failures", "pictures of nobody"):
            assert kind in told.getvalue()
        if dry:
            assert "1  audit events" in told.getvalue()


Act = Callable[[Api, Inbox, str], object]


def changed_email(api: Api, inbox: Inbox, access: str) -> None:
    api.send("POST", "email/change", access, {"email": NEW, "password": PASSWORD})
    api.send("POST", "email/change/confirm", access, {"otp": inbox.newest(NEW).code})


def changed_password(api: Api, inbox: Inbox, access: str) -> None:
    api.send("POST", "password/change", access, {"current_password": PASSWORD, "password": NEXT})


def reset(api: Api, inbox: Inbox, access: str) -> None:
    api.post("password/reset", {"email": ADA})
    api.post("password/reset/confirm", {"token": inbox.newest(ADA).token, "password": NEXT})


def changed_number(api: Api, inbox: Inbox, access: str) -> None:
    api.send("POST", "phone/change", access, {"phone_number": "+14155550100", "password": PASSWORD})
    api.send("POST", "phone/change/confirm", access, {"otp": inbox.newest("+14155550100").code})


def reused(api: Api, inbox: Inbox, access: str) -> None:
    token = api.login(ADA).body["refresh"]
    child = api.post("token/refresh", {"refresh": token}).body["refresh"]
    api.post("token/refresh", {"refresh": child})
    api.post("token/refresh", {"refresh": token})  # its child was used: nobody repeats it honestly


@pytest.mark.parametrize(
    ("act", "subjects"),
    [
        (lambda api, inbox, access: stranger(7).login(ADA), {"New sign-in to your account"}),
        (changed_password, {"Your password was changed"}),
        (reset, {"Your password was changed"}),
        (changed_email, {"Your email address is about to change", "Your email address was changed"}),
        (changed_number, {"Your phone number was changed"}),
        (lambda api, inbox, access: api.send("DELETE", "me", access), {"Your account will be erased"}),
        (reused, {"We ended one of your sessions"}),
    ],
    ids=[
        "new place",
        "password changed",
        "password reset",
        "e-mail changed",
        "number changed",
        "closing",
        "token reused",
    ],
)
def test_log_10_the_owner_is_told_of_each_event_once_whatever_strangers_spent(
    act: Act, subjects: set[str], api: Api, inbox: Inbox
) -> None:
    access = api.account(inbox, ADA)
    with defaults():
        for number in range(12):
            stranger(100 + number).start(email=ADA, password=PASSWORD)
        inbox.all()
        inbox.empty()
        act(api, inbox, access)
        told = [post for post in inbox.all(ADA) if "password reset code" not in post.subject]
    assert sorted(post.subject.split(" · ")[0] for post in told) == sorted(subjects)
    for post in told:
        assert PASSWORD not in post.text + post.html
        assert NEXT not in post.text + post.html
        assert "If" in post.text  # how to object
