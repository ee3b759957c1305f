"""HOL-09: a request that sends a message does the same work for whoever the address belongs to, and for nobody."""

import pytest
from redis import Redis

from tests.attacks.allowances import defaults, stranger
from tests.attacks.work import work
from tests.world import PASSWORD, Api, Inbox
from vestibule.accounts import lifecycle
from vestibule.accounts.models import User
from vestibule.conf import conf

ADA, NUMBER = "ada@example.com", "+14155550100"
CLASSES = {
    "unknown": {"email": "no@example.com"},
    "known": {"email": ADA},
    "pending": {"email": "waits@example.com"},
    "suspended": {"email": "suspended@example.com"},
}
NUMBERS = {"unknown": {"phone_number": "+14155550199"}, "known": {"phone_number": NUMBER}}


@pytest.fixture
def people(api: Api, inbox: Inbox) -> None:
    """Somebody of each class."""
    api.account(inbox, ADA)
    api.account(inbox, "suspended@example.com")
    lifecycle.suspend_user(User.objects.get(email="suspended@example.com").pk)
    api.register(email="waits@example.com", username="waits", password=PASSWORD)
    started = api.start(phone_number=NUMBER, channel="sms", password=PASSWORD)
    api.confirm(started.registration, inbox.newest(NUMBER).code)
    inbox.all()


@pytest.mark.parametrize("classes", [CLASSES, NUMBERS], ids=["by mail", "by SMS"])
def test_hol_09_a_reset_does_the_same_work_for_everybody(
    classes: dict[str, dict[str, str]], people: None, inbox: Inbox
) -> None:
    with defaults():
        stranger(1).post("password/reset", {"email": "first@example.com"})  # what is made once is made
        stranger(1).post("password/reset", {"phone_number": "+14155550198"})
        done, replies = {}, set()
        for number, (name, typed) in enumerate(classes.items()):
            if conf.redis_url:
                Redis.from_url(conf.redis_url).delete("vestibule:wake")
            with work() as done[name]:
                reply = stranger(10 + number).post("password/reset", typed)
            replies.add((reply.status, reply.text))
    assert len(replies) == 1
    for name in classes:
        assert done[name] == done["unknown"], name
    assert done["known"]["KeyRing.seal"] == 2  # the challenge's, and the message's
    assert done["known"]["task published"] + done["known"]["doorbell"] == 1
    assert len(inbox.all(next(iter(classes["known"].values())))) > 0


def test_hol_09_nor_does_it_differ_once_the_allowance_is_spent(people: None, inbox: Inbox) -> None:
    with defaults():
        for typed in CLASSES.values():
            for n in range(8):
                stranger(n).start(**typed, password=PASSWORD)
        done = {}
        for number, (name, typed) in enumerate(CLASSES.items()):
            if conf.redis_url:
                Redis.from_url(conf.redis_url).delete("vestibule:wake")
            with work() as done[name]:
                stranger(20 + number).post("password/reset", typed)
    for name in CLASSES:
        assert done[name] == done["unknown"], name
