"""The worker's task: it lingers for what comes meanwhile, over one connection; while it keeps up, no other is woken."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone
from redis import Redis

from vestibule.addresses.address import Email
from vestibule.conf import conf
from vestibule.courier import outbox
from vestibule.courier.messages import REGISTRATION_CODE
from vestibule.courier.models import Message, State
from vestibule.courier.transports import channels
from vestibule.kernel.client import Client
from vestibule.service.worker import tasks

pytestmark = pytest.mark.usefixtures("house")

MARK = "vestibule:wake"


class Line(EmailBackend):
    """A transport that says when it was opened and closed, and what went over it."""

    log: ClassVar[list[str]] = []
    on_letter: ClassVar[Callable[[int], None]]

    def open(self) -> bool:
        """Greet."""
        self.log.append("open")
        return True

    def close(self) -> None:
        """Part."""
        self.log.append("close")

    def send_messages(self, email_messages: Any) -> int:
        """One letter."""
        self.log.append("letter")
        type(self).on_letter(self.log.count("letter"))
        return len(email_messages)


@pytest.fixture
def line(settings: Any) -> Iterator[type[Line]]:
    assert issubclass(Line, BaseEmailBackend)
    settings.EMAIL_BACKEND = f"{__name__}.Line"
    Line.log.clear()
    Line.on_letter = staticmethod(lambda number: None)
    yield Line
    assert Line.log.count("open") == Line.log.count("close")


def post() -> Message:
    """One letter, due now."""
    now = timezone.now()
    outbox.post(
        Client(at=now),
        REGISTRATION_CODE,
        to=Email("ada@example.com"),
        language="",
        params={"code": "042042", "minutes": 10, "address": "192.0.2.1", "at": "now"},
    )
    return Message.objects.latest("created_at")


def comes_while_lingering() -> None:
    """The newest letter is due a moment after the first look."""
    newest = Message.objects.latest("created_at")
    Message.objects.filter(pk=newest.pk).update(due_at=timezone.now() + timedelta(milliseconds=30))


def states() -> set[str]:
    return set(Message.objects.values_list("state", flat=True))


def test_what_comes_while_it_lingers_goes_over_the_same_line(line: type[Line]) -> None:
    post(), post()
    comes_while_lingering()
    tasks.deliver_until_idle()
    assert line.log == ["open", "letter", "letter", "close"]
    assert states() == {State.SENT}


def test_a_line_in_doubt_is_opened_anew(line: type[Line]) -> None:
    def breaks_once(number: int) -> None:
        if number == 1:
            raise ConnectionResetError

    line.on_letter = staticmethod(breaks_once)
    post(), post()
    tasks.deliver_until_idle()
    assert line.log == ["open", "letter", "close", "open", "letter", "close"]
    assert states() == {State.QUEUED, State.SENT}  # the first waits for its backoff


def test_a_line_carries_so_many_letters(line: type[Line], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "MAILS_PER_CONNECTION", 2)
    post(), post(), post()
    tasks.deliver_until_idle()
    assert line.log == ["open", "letter", "letter", "close", "open", "letter", "close"]


@pytest.fixture
def redis() -> Redis:
    if not conf.redis_url:
        pytest.skip("nobody else to wake")
    return Redis.from_url(conf.redis_url)


def test_while_it_keeps_up_no_other_is_woken(line: type[Line], redis: Redis) -> None:
    seen: list[bool] = []

    def look(number: int) -> None:
        seen.append(bool(redis.exists(MARK)))
        redis.delete(MARK)  # as after two seconds

    line.on_letter = staticmethod(look)
    post(), post()
    comes_while_lingering()
    tasks.deliver_until_idle()
    assert seen == [True, True]  # by whoever posted; by whoever lingers
    assert not redis.exists(MARK)


@pytest.mark.parametrize(("limit", "value"), [("BATCH_SIZE", 1), ("KEEPING_UP_WITHIN", 0)])
def test_one_that_does_not_keep_up_has_another_woken(
    line: type[Line], redis: Redis, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    monkeypatch.setattr(tasks, limit, value)
    seen: list[bool] = []

    def look(number: int) -> None:
        seen.append(bool(redis.exists(MARK)))
        if number == 1:
            post()
        redis.delete(MARK)

    line.on_letter = staticmethod(look)
    post()
    tasks.deliver_until_idle()
    assert seen == [True, False]  # whoever posts now wakes another
    assert states() == {State.SENT}
