"""Silence after a mail came back: whom it keeps from what, for how long, and how it ends."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from time_machine import travel

from tests.configured import configured
from tests.desk import ApiDesk, Desk, PageDesk, account, given
from tests.world import PASSWORD, Api, Inbox
from vestibule.audit.models import AuditEvent
from vestibule.courier import feedback
from vestibule.courier.models import Feedback, Message
from vestibule.kernel.client import Client

ADA = "ada@example.com"
NOON = "2026-03-01T12:00:00Z"


def came_back(how: Feedback = Feedback.BOUNCED) -> None:
    """The provider tells so of the newest message."""
    tell(how, Message.objects.latest("created_at"))


def tell(how: Feedback, message: Message) -> None:
    """The provider tells so of this message."""
    assert feedback.mark_message(Client.for_system("mail provider", timezone.now()), message.id, how)


def sign_up(api: Api) -> str:
    """Somebody signs up with the address; the newest message of it."""
    api.start(email=ADA, password=PASSWORD)
    return str(Message.objects.latest("created_at").trouble)


def test_fault_08_silence_is_as_long_as_it_is_set(api: Api, inbox: Inbox) -> None:
    with configured(BOUNCE_SILENCE=timedelta(days=2)), travel(NOON, tick=False) as clock:
        assert sign_up(api) == ""
        inbox.all()
        came_back()
        clock.shift(timedelta(days=2) - timedelta(seconds=1))
        assert sign_up(api) == "bounced"
        clock.shift(1)
        assert sign_up(api) == ""


def test_fault_08_none_where_it_is_zero(api: Api, inbox: Inbox) -> None:
    with configured(BOUNCE_SILENCE=timedelta(0)):
        sign_up(api)
        came_back()
        assert sign_up(api) == ""


def test_fault_08_a_later_delivery_ends_it_and_one_told_late_does_not(api: Api, inbox: Inbox) -> None:
    with travel(NOON, tick=False) as clock:
        access = api.account(inbox, ADA)
        first = Message.objects.latest("created_at")
        clock.shift(1)
        api.post("password/reset", {"email": ADA})
        came_back()
        tell(Feedback.DELIVERED, first)
        clock.shift(1)
        assert sign_up(api) == "bounced"
        clock.shift(60)
        api.post("password/reset", {"email": ADA})
        tell(Feedback.DELIVERED, Message.objects.latest("created_at"))
        clock.shift(1)
        assert sign_up(api) == ""
        assert access


def test_what_guards_an_account_is_tried_once_a_day_where_mail_bounced(api: Api, inbox: Inbox) -> None:
    with travel(NOON, tick=False) as clock:
        api.account(inbox, ADA)
        came_back()
        inbox.empty()
        for _ in range(3):
            clock.shift(120)
            api.post("password/reset", {"email": ADA})
        assert len(inbox.all(ADA)) == 1
        clock.shift(timedelta(days=1))
        api.post("password/reset", {"email": ADA})
        token = inbox.newest(ADA).token
        reset = api.post("password/reset/confirm", {"token": token, "password": "another horse entirely"})
        assert reset.status in (200, 204)


def test_a_complaint_stops_what_strangers_cause_and_nothing_that_guards_an_account(api: Api, inbox: Inbox) -> None:
    with travel(NOON, tick=False) as clock:
        api.account(inbox, ADA)
        clock.shift(1)
        sign_up(api)
        inbox.all()
        came_back(Feedback.COMPLAINED)
        inbox.empty()
        clock.shift(120)
        assert sign_up(api) == "bounced"
        for _ in range(3):
            clock.shift(120)
            api.post("password/reset", {"email": ADA})
        assert len(inbox.all(ADA)) == 3


@pytest.mark.parametrize("kind", [PageDesk, ApiDesk])
def test_staff_end_it_with_a_reason_on_record(api: Api, inbox: Inbox, kind: type[Desk]) -> None:
    with travel(NOON, tick=False) as clock:
        account(api, inbox, "boss@example.com")
        given("boss@example.com", "manager")
        ada = account(api, inbox, ADA)
        clock.shift(1)
        sign_up(api)
        came_back()
        clock.shift(1)
        assert sign_up(api) == "bounced"
        assert kind("boss@example.com").act(ada, "lift-silence").status in (200, 303)
        clock.shift(1)
        assert sign_up(api) == ""
    event = AuditEvent.objects.get(name="message.silence_lifted")
    assert (event.user_id, bool(event.by_id), bool(event.reason)) == (ada.pk, True, True)


def test_the_command_line_ends_it_for_an_address_that_nobody_has(api: Api, inbox: Inbox) -> None:
    sign_up(api)
    came_back()
    assert sign_up(api) == "bounced"
    with pytest.raises(CommandError):
        call_command("lift_silence", ADA, "")
    with pytest.raises(CommandError):
        call_command("lift_silence", "nobody", "mended")
    call_command("lift_silence", "ADA@example.com", "her mailbox is mended", stdout=(told := StringIO()))
    assert "1 messages" in told.getvalue()
    assert sign_up(api) == ""
    assert AuditEvent.objects.get(name="message.silence_lifted").reason == "her mailbox is mended"
