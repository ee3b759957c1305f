"""BF-12: low and slow: one attempt each, over many networks and accounts, is seen over all of them."""

import json
from io import StringIO

import pytest
from django.utils import timezone
from time_machine import travel

from tests.attacks.allowances import stranger
from tests.configured import configured
from tests.stories.test_captcha import solve
from tests.world import Api, Inbox, Reply
from vestibule.audit.models import AuditEvent
from vestibule.kernel import cached
from vestibule.service.worker import schedule

NOON = "2026-03-01T12:00:00Z"
ADA = "ada@example.com"


def pairs(code: str, many: int) -> None:
    """So many failures, each of another account: two from each of 500 networks, or fewer."""
    AuditEvent.objects.bulk_create(
        AuditEvent(
            at=timezone.now(),
            name="sign_in.sign_in.refused",
            code=code,
            actor="anonymous",
            subject=number.to_bytes(32),
            address=f"203.0.{number % 500 // 250}.{number % 250 + 1}",
        )
        for number in range(many)
    )


def told() -> list[str]:
    """What the alarms say, by the sweep of each process."""
    for _ in range(2):
        schedule.run_due_sweeps()
    return list(AuditEvent.objects.filter(name="guesses.excessive").order_by("pk").values_list("code", flat=True))


def attempt(number: int, captcha: str = "") -> Reply:
    """One pair, from a network of its own."""
    return stranger(1000 + number).login(f"leaked{number}@example.com", "a leaked password", captcha=captcha)


@pytest.mark.parametrize(("code", "many", "within"), [("invalid_credentials", 1000, 300), ("otp_invalid", 200, 3600)])
def test_bf_12_many_failures_over_all_accounts_ring_an_alarm(
    house: None, printed: StringIO, code: str, many: int, within: int
) -> None:
    """Once an hour, whoever looks: a row, and a line that is an error; the counter is that of every event."""
    with travel(NOON, tick=False) as clock:
        pairs(code, many - 1)
        assert told() == []
        pairs(code, 1)
        assert told() == [code]
        clock.shift(60)
        assert told() == [code]
        clock.shift(max(within, 3600))
        assert told() == [code]  # it is over
        pairs(code, many)
        assert told() == [code, code]
    lines = [json.loads(line) for line in printed.getvalue().splitlines() if "guesses.excessive" in line]
    assert [(line["level"], line["code"], line["actor"]) for line in lines] == [("error", code, "system:worker")] * 2


def test_bf_12_real_attempts_are_what_is_counted(house: None) -> None:
    with travel(NOON, tick=False):
        assert {attempt(number).code for number in range(3)} == {"invalid_credentials"}
        assert AuditEvent.objects.filter(code="invalid_credentials").count() == 3
        pairs("invalid_credentials", 996)
        assert told() == []
        attempt(3)
        assert told() == ["invalid_credentials"]


def test_bf_12_strangers_are_challenged_while_it_lasts(api: Api, inbox: Inbox) -> None:
    """Where a captcha may be asked for (CAPTCHA_LOGIN); whoever solves one signs in."""
    api.account(inbox, ADA)
    with configured(CAPTCHA_LOGIN="suspicious", CAPTCHA_COST=1), travel(NOON, tick=False) as clock:
        assert attempt(1).code == "invalid_credentials"
        pairs("invalid_credentials", 1000)
        clock.shift(11)
        cached.reset_all()  # each process looks every ten seconds
        assert attempt(2).code == "captcha_required"
        assert api.login(ADA, captcha=solve(api, "login")).status == 200
        clock.shift(301)
        cached.reset_all()
        assert attempt(3).code == "invalid_credentials"
