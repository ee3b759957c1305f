"""The dashboard's numbers are those of what happened."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from time_machine import travel

from tests.configured import rated
from tests.desk import PageDesk, account, given
from tests.world import PASSWORD, Api, Inbox
from vestibule.accounts.models import User
from vestibule.audit.daily_counts import DailyCounter
from vestibule.audit.models import DayTally
from vestibule.courier import feedback
from vestibule.courier.models import Feedback, Message
from vestibule.flows.staff import funnel
from vestibule.flows.staff.funnel import StepCounts
from vestibule.kernel.client import Client
from vestibule.web.admin import dashboard

NOON = "2026-03-01T12:00:00Z"
BOSS = "boss@example.com"


def sign_up(api: Api, name: str) -> str:
    """Begin; the handle."""
    return api.start(email=f"{name}@example.com", password=PASSWORD).registration


def last(name: str) -> Message:
    """The newest message to somebody."""
    return Message.objects.filter(recipient_hint__startswith=name[0]).order_by("-created_at")[0]


def shown() -> funnel.Funnel:
    """The funnel as an admin sees it now."""
    boss, now = User.objects.get(email=BOSS), datetime.now(UTC)
    return funnel.compute_funnel(client=Client(at=now, actor="user", user_id=boss.pk, auth_time=now))


def test_started_sent_delivered_confirmed(api: Api, inbox: Inbox) -> None:
    with travel(NOON, tick=False) as clock:
        account(api, inbox, BOSS)  # confirmed at once
        given(BOSS, "admin")
        sign_up(api, "boss")  # has an account
        confirmed = sign_up(api, "ada")
        code = inbox.newest("ada@example.com").code
        api.confirm(confirmed, "000000" if code != "000000" else "000001")
        clock.shift(60)
        api.resend(confirmed)  # still one sign-up
        api.confirm(confirmed, inbox.newest("ada@example.com").code)
        sign_up(api, "carl"), inbox.all()
        feedback.mark_message(Client.for_system("test", datetime.now(UTC)), last("carl").pk, Feedback.BOUNCED)
        sign_up(api, "silent"), inbox.all()
        clock.shift(timedelta(days=1))
        sign_up(api, "carl")  # nothing is sent to what bounced
        sign_up(api, "waits")  # nobody delivers it yet
        rejected = api.register(email="rita@example.com", password=PASSWORD)
        assert rejected.status == 201
        token = inbox.newest("rita@example.com").token  # delivers the one before, too
        api.post("verify-email/reject", {"token": token})
        DayTally.objects.create(day=date(2026, 3, 2), name="rate.exceeded", code="register_start", count=7)
        DayTally.objects.create(day=date(2026, 3, 2), name="rate.exceeded", code="token", count=9)
        DayTally.objects.create(day=date(2026, 3, 2), name="sms.refused", code="prefix", count=3)
        DayTally.objects.create(day=date(2026, 1, 2), name="sms.refused", code="prefix", count=5)
        seen = shown()
        first, second = seen.days[-2:]
        assert (len(seen.days), first.day, second.day) == (30, date(2026, 3, 1), date(2026, 3, 2))
        assert first.steps == StepCounts(started=5, sent=4, delivered=3, confirmed=2)
        assert second.steps == StepCounts(started=3, sent=2, delivered=2, confirmed=0)
        lost = {cause: count for cause, count in seen.lost.items() if count}
        assert lost == {"known": 1, "came_back": 1, "bounced": 1, "silent": 2, "rejected": 1}
        assert sum(lost.values()) == seen.steps.started - seen.steps.confirmed
        assert (seen.refusals, seen.throttled) == ({"otp_invalid": 1}, {"register_start": 7})
        assert seen.blocked == {"bounced": 1, "sms_prefix": 3}
        assert (seen.median_seconds, seen.timed) == ({"": 30, "email": 30}, 2)
        html = PageDesk(BOSS).http.get("/admin/").content.decode()
        assert re.findall(r'class="count">([\d,]+)<', html)[:4] == ["8", "6", "5", "2"]
        assert "Sun 01 Mar: 5 started, 4 sent, 3 delivered, 2 confirmed" in html
        assert not re.search(r"<style|<script>|style=|onclick=|https?://(?!www\.w3\.org)", html)


def test_a_day_that_is_over_is_counted_once(api: Api, inbox: Inbox, django_assert_max_num_queries: Any) -> None:
    with travel(NOON, tick=False) as clock:
        account(api, inbox, BOSS)
        given(BOSS, "admin")
        sign_up(api, "silent"), inbox.all()
        clock.shift(timedelta(days=3))
        assert shown().steps == StepCounts(started=2, sent=2, delivered=2, confirmed=1)
        feedback.mark_message(Client.for_system("test", datetime.now(UTC)), last("silent").pk, Feedback.BOUNCED)
        before = shown()
        assert before.steps.delivered == 1  # it may still change
        clock.shift(timedelta(days=1))
        assert shown().days[25] == before.days[26]
        Message.objects.all().delete()  # as the sweep does after 30 days
        with django_assert_max_num_queries(30):
            after = shown()
        assert (after.days[25], after.lost) == (before.days[26], before.lost)


def test_an_empty_house_has_a_picture_too(api: Api, inbox: Inbox) -> None:
    account(api, inbox, BOSS)
    given(BOSS, "admin")
    Message.objects.all().delete()
    board = dashboard.draw_funnel(shown())
    assert ([step.count for step in board.steps], board.median) == (["0"] * 4, "none yet")
    assert PageDesk(BOSS).http.get("/admin/").status_code == 200


@pytest.mark.parametrize(("highest", "top"), [(0, 2), (1, 2), (9, 10), (11, 20), (61, 80), (100, 100), (101, 200)])
def test_the_scale_ends_at_a_round_number(highest: int, top: int) -> None:
    assert dashboard.round_up_scale(highest) == top


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, "none yet"), (9, "9 s"), (75, "1 min 15 s"), (3000, "50 min"), (7260, "2 h 1 min")]
)
def test_spans_are_spoken(seconds: int | None, words: str) -> None:
    assert dashboard.format_duration(seconds) == words


def test_a_flood_is_counted_and_written_together(api: Api, django_assert_num_queries: Any) -> None:
    noon, book = datetime(2026, 3, 1, 12, tzinfo=UTC), DailyCounter()

    def written() -> int:
        return sum(DayTally.objects.values_list("count", flat=True))

    book.count_event("rate.exceeded", "login", noon)
    assert written() == 1  # after a quiet while, at once
    with django_assert_num_queries(0):
        for _ in range(500):
            book.count_event("rate.exceeded", "login", noon + timedelta(seconds=9))
    book.count_event("rate.exceeded", "register", noon + timedelta(seconds=10))
    assert written() == 502
    book.count_event("rate.exceeded", "login", noon + timedelta(seconds=11))
    assert written() == 502
    book.flush()
    book.flush()
    assert written() == 503
    assert DayTally.objects.count() == 2


def test_what_the_edge_refuses_is_tallied(api: Api) -> None:
    with rated(register_start_overall="1/hour"):
        sign_up(api, "ada")
        assert api.start(email="bob@example.com", password=PASSWORD).status == 429
    row = DayTally.objects.get()
    assert (row.name, row.code, row.count) == ("rate.exceeded", "register_start", 1)
