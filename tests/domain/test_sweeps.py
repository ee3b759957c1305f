"""The sweeps: what goes, what stays, in batches, at once; and `vestibule purge`."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db.transaction import atomic
from django.utils import timezone
from prometheus_client import REGISTRY
from time_machine import travel

from tests.contracts.stores import at_once
from tests.domain.test_lifecycle import brought
from tests.environment import PRODUCTION
from tests.world import PASSWORD, Api, Inbox
from vestibule.accounts import lifecycle
from vestibule.accounts.models import Profile, User
from vestibule.addresses.address import Email
from vestibule.audit.models import AuditEvent
from vestibule.courier.models import Message
from vestibule.limits import ledger
from vestibule.limits.guess_budget import WRONG_CODES
from vestibule.limits.models import Tally
from vestibule.limits.rolling_window import Allowance
from vestibule.service.worker import schedule
from vestibule.sessions.models import RefreshToken, Session

pytestmark = pytest.mark.usefixtures("house")

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SWEEPS = {each.kind: each for each in schedule.list_sweeps()}


def enrol(email: str, at: datetime) -> None:
    """A PENDING user."""
    with atomic():
        lifecycle.save_pending_user(brought(email=Email(email), username=None), uuid4(), at)


def forget(kind: str, now: datetime = NOW) -> int:
    """One kind's sweep, to its end."""
    return schedule.erase_stale(SWEEPS[kind], now)


def test_who_waited_too_long_goes_and_nobody_else() -> None:
    """PRE-10."""
    old, new = NOW - timedelta(hours=73), NOW - timedelta(hours=71)
    for n in range(3):
        enrol(f"old{n}@example.com", old)
    enrol("new@example.com", new)
    enrol("again@example.com", old)
    enrol("again@example.com", new)  # signed up anew: the time runs anew
    with atomic():
        lifecycle.activate_user(brought(email=Email("active@example.com")), email_verified_at=old)
    assert SWEEPS["unproved users"].count(NOW - timedelta(hours=72)) == 3
    assert forget("unproved users") == 3
    left = set(User.objects.values_list("email", flat=True))
    assert left == {"new@example.com", "again@example.com", "active@example.com"}
    assert Profile.objects.count() == 3


def test_a_backlog_goes_in_batches_and_a_run_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "BATCH_SIZE", 2)
    for n in range(7):
        enrol(f"old{n}@example.com", NOW - timedelta(hours=73))
    before = REGISTRY.get_sample_value("vestibule_swept_total", {"kind": "unproved users"}) or 0
    assert schedule.erase_stale(SWEEPS["unproved users"], NOW, batches=2) == 4
    assert schedule.erase_stale(SWEEPS["unproved users"], NOW, batches=2) == 3
    after = REGISTRY.get_sample_value("vestibule_swept_total", {"kind": "unproved users"})
    assert after == before + 7


def test_many_sweeps_at_once_take_each_row_once() -> None:
    for n in range(20):
        enrol(f"old{n}@example.com", NOW - timedelta(hours=73))
    assert sum(at_once(lambda _: forget("unproved users"), 8)) == 20


def test_tallies_that_are_idle_go_but_no_run_of_failures() -> None:
    before = NOW - timedelta(days=3)
    ledger.spend("codes", b"a" * 32, before, WRONG_CODES)
    for number in range(3):
        ledger.spend("mails", bytes([number]) * 32, before, Allowance(windows=((5, timedelta(hours=1)),)))
    ledger.spend("mails", b"b" * 32, NOW, Allowance(windows=((5, timedelta(hours=1)),)))
    assert forget("tallies") == 3
    assert set(Tally.objects.values_list("scope", flat=True)) == {"codes", "mails"}


def test_whatever_a_person_left_behind_goes_in_its_time_and_the_account_stays(api: Api, inbox: Inbox) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        registration = api.start(email="ada@example.com", password=PASSWORD).registration
        refresh = api.confirm(registration, inbox.newest("ada@example.com").code).body["refresh"]
        for _ in range(3):
            clock.shift(86400)
            refresh = api.post("token/refresh", {"refresh": refresh}).body["refresh"]
        schedule.run_due_sweeps()
        assert (Message.objects.count(), RefreshToken.objects.count(), Session.objects.count()) == (1, 4, 1)
        clock.shift(12 * 86400 + 60)  # the first token is dead for a day, and its children live
        schedule.run_due_sweeps()
        assert RefreshToken.objects.count() == 3
        assert api.post("token/refresh", {"refresh": refresh}).status == 200  # the session goes on
        clock.shift(76 * 86400)
        schedule.run_due_sweeps()
        assert (Message.objects.count(), RefreshToken.objects.count(), Session.objects.count()) == (0, 0, 0)
        assert api.post("token/refresh", {"refresh": refresh}).status == 401
    assert User.objects.get().email == "ada@example.com"
    assert AuditEvent.objects.filter(name="account.registered").exists()


def test_dead_challenges_go(api: Api) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        registration = api.start(email="ada@example.com", password=PASSWORD).registration
        clock.shift(1200)
        schedule.run_due_sweeps()
        assert api.resend(registration).code == "otp_expired"  # still known
        clock.shift(3600)
        assert SWEEPS["challenges"].count(timezone.now() - SWEEPS["challenges"].kept_for) == (0 if PRODUCTION else 1)
        assert forget("challenges", timezone.now()) == (0 if PRODUCTION else 1)  # Redis forgets by itself


def test_purge_says_what_goes_and_a_dry_run_erases_nothing() -> None:
    for n in range(3):
        enrol(f"old{n}@example.com", timezone.now() - timedelta(hours=73))

    def purge(*arguments: str) -> list[str]:
        output = StringIO()
        call_command("purge", *arguments, stdout=output)
        return [line.strip() for line in output.getvalue().splitlines()]

    assert purge("--dry-run") == purge("--dry-run")
    assert "3  unproved users" in purge("--dry-run")
    assert User.objects.count() == 3
    assert "3  unproved users" in purge()
    assert not User.objects.exists()
    assert "0  unproved users" in purge()
