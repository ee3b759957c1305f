"""HOL-05: no stranger keeps a reset from an owner who is known nowhere, and none ends the link that is on its way."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from django.utils import timezone
from time_machine import Traveller

from tests.attacks.allowances import defaults, spend, stranger
from tests.world import PASSWORD, Api, Inbox, Pages, Reply
from vestibule.challenges import newest
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.policy import Purpose
from vestibule.courier import allowances, envelope
from vestibule.courier.models import Message
from vestibule.kernel import entropy

ADA, NEXT = "ada@example.com", "another password entirely"
HOUR, TURN = 3600, 1200  # seconds


def by_api(network: int) -> Reply:
    return stranger(network).post("password/reset", {"email": ADA})


def by_page(network: int) -> Reply:
    pages = Pages()
    pages.http.defaults["REMOTE_ADDR"] = f"203.0.113.{network}"
    return pages._post("/password/reset/", {"email": ADA})


def choose(**proof: str) -> Reply:
    return stranger(1).post("password/reset/confirm", {**proof, "password": NEXT})


def opens(token: str) -> bool:
    """Whether the link in the owner's mailbox would work now."""
    seen, _ = challenges.find_live_link(Purpose.PASSWORD_RESET, token, timezone.now())
    return not newest.is_superseded(seen)


@pytest.mark.parametrize("guess", ["00000000", entropy.random_long_code()], ids=["short", "long"])
def test_hol_05b_wrong_codes_of_strangers_do_not_end_the_link(api: Api, inbox: Inbox, guess: str) -> None:
    """Anybody may type codes for an address: short ones, and long ones, which no budget counts."""
    api.account(inbox, ADA)
    by_api(1)
    letter = inbox.newest(ADA)
    assert [choose(email=ADA, otp=guess).code for _ in range(6)] == ["otp_invalid"] * 4 + ["otp_exhausted"] * 2
    assert choose(email=ADA, otp=letter.code).code == "otp_exhausted"
    assert opens(letter.token)
    assert choose(token=letter.token).status == 204
    assert choose(token=letter.token).code == "token_used"
    assert choose(email=ADA, otp=letter.code).code == "token_used"


@pytest.mark.parametrize("ask", [by_api, by_page])
def test_hol_05b_an_owner_who_is_known_nowhere_waits_an_hour_at_most(
    ask: Callable[[int], Reply], api: Api, inbox: Inbox, clock: Traveller
) -> None:
    """Strangers on many networks go on for hours, and no captcha is configured. Whenever the owner asks, the newest
    mail of theirs is a reset that works: their own, or a stranger's of the last hour."""
    api.account(inbox, ADA)
    clock.shift(24 * HOUR)
    with defaults():
        for network in (0, 20):
            spend(ADA, first=network)
            clock.shift(HOUR)
        inbox.all()
        inbox.empty()
        for turn in range(9):
            by_api(50 + turn)
            for _ in range(5):
                choose(email=ADA, otp="00000000")
            clock.shift(TURN - 60)
            assert ask(150 + turn).status < 300
            assert opens(inbox.newest(ADA).token)
            clock.shift(60)
        assert len(inbox.all(ADA)) == 3
        assert ask(170).status < 300
        assert choose(token=inbox.newest(ADA).token).status == 204


def test_abu_01_what_is_sent_beyond_the_day_is_a_reset_an_hour(api: Api, inbox: Inbox, clock: Traveller) -> None:
    """Nothing else, and no more than five in any hour."""
    api.account(inbox, ADA)
    clock.shift(24 * HOUR)
    before = timezone.now()
    with defaults():
        for turn in range(12):
            for network in range(4):
                stranger(10 * turn + network).start(email=ADA, password=PASSWORD)
                by_api(10 * turn + network + 5)
                clock.shift(100)
            clock.shift(HOUR // 2 - 400)
    sent = list(Message.objects.filter(created_at__gt=before, trouble="").order_by("created_at"))
    moments = [each.created_at for each in sent]
    assert len(sent) >= 12
    assert all((last - first).total_seconds() >= HOUR for first, last in zip(moments, moments[5:], strict=False))
    assert {each.kind for each in sent[10:]} == {"password_reset"}
    assert all((b - a).total_seconds() >= HOUR for a, b in pairwise(moments[9:]))


def test_hol_05a_what_is_not_sent_holds_no_secret(api: Api, inbox: Inbox) -> None:
    """Its row waits sealed, like any other, for the worker to end it: it opens nothing."""
    api.account(inbox, ADA)
    with defaults():
        spend(ADA)
        by_api(99)
    message = Message.objects.get(kind="password_reset", trouble="capped")
    _, params, _ = envelope.unseal_content(message)
    assert (params["code"], params["link"]) == ("", "")


def test_hol_05b_a_reset_may_come_again_when_the_last_link_is_dead() -> None:
    assert challenges.policies[Purpose.PASSWORD_RESET].ttl == allowances.APART
