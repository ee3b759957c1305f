"""HOL-17: a sign-up that goes elsewhere keeps its tries, its sends and its cooldown, is asked for a captcha like one
that begins, and goes to one place at a time."""

from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
from time_machine import travel

from tests.configured import captchas, configured
from tests.contracts.stores import at_once, unsettle
from tests.interleaving import interleaved, statement
from tests.world import PASSWORD, Api, Inbox, Pages, Reply
from vestibule.accounts.models import User
from vestibule.audit.models import AuditEvent
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.policy import ATTEMPTS, RESENDS
from vestibule.challenges.store import Challenge
from vestibule.conf import conf
from vestibule.courier.models import Message
from vestibule.flows.sign_up import steps

ADA, NOON = "ada@example.com", "2026-03-01T12:00:00Z"
WAYS = pytest.mark.parametrize("way", ["start", "register"])


def begin(way: str, email: str = ADA) -> str:
    """Sign up; the handle."""
    typed = {"email": email, "password": PASSWORD}
    return Api().post("register/start" if way == "start" else "register", typed).registration


def by_api(registration: str, email: str) -> Reply:
    return Api().post("register/redirect", {"registration": registration, "email": email})


def by_page(registration: str, email: str) -> Reply:
    return Pages()._post("/redirect-otp/", {"registration": registration, "email": email})


DOORS = pytest.mark.parametrize("elsewhere", [by_api, by_page], ids=["api", "pages"])
Elsewhere = Callable[[str, str], Reply]


def record(registration: str) -> Challenge:
    return steps.find_sign_up(registration)


@pytest.mark.usefixtures("house")
@WAYS
@DOORS
def test_hol_17_the_next_one_waits_like_a_resend(inbox: Inbox, way: str, elsewhere: Elsewhere) -> None:
    with travel(NOON, tick=False) as clock:
        handle = elsewhere(begin(way), "p0@example.com").registration
        cooldowns = conf.otp_cooldowns
        for number in range(1, RESENDS):
            wait = cooldowns[min(number, len(cooldowns) - 1)].total_seconds()
            clock.shift(wait - 1)
            assert elsewhere(handle, f"p{number}@example.com").code == "cooldown"
            clock.shift(1)
            moved = elsewhere(handle, f"p{number}@example.com")
            assert not moved.code
            handle = moved.registration
            assert record(handle).sends == number + 2
        clock.shift(301)
        assert elsewhere(handle, "last@example.com").code == "throttled"
        assert Api().resend(handle).code == "throttled"
        assert Message.objects.count() == RESENDS + 1


@pytest.mark.usefixtures("house")
@WAYS
def test_hol_17_a_resend_counts_for_what_goes_elsewhere(inbox: Inbox, way: str) -> None:
    with travel(NOON, tick=False) as clock:
        handle = begin(way)
        clock.shift(61)
        assert Api().resend(handle).status == 202
        assert by_api(handle, "new@example.com").code == "cooldown"


@pytest.mark.usefixtures("house")
@WAYS
@DOORS
def test_hol_17_tries_that_were_used_stay_used(inbox: Inbox, way: str, elsewhere: Elsewhere) -> None:
    handle = begin(way)
    wrong = f"{(int(inbox.newest(ADA).code) + 1) % 1_000_000:06d}"
    for _ in range(3):
        assert Api().confirm(handle, wrong).code == "otp_invalid"
    moved = elsewhere(handle, "new@example.com").registration
    assert challenges.status_of(record(moved), record(moved).sent_at).attempts_left == ATTEMPTS - 3
    wrong = f"{(int(inbox.newest('new@example.com').code) + 1) % 1_000_000:06d}"
    assert [Api().confirm(moved, wrong).code for _ in range(2)] == ["otp_invalid", "otp_exhausted"]


@pytest.mark.usefixtures("house")
@WAYS
def test_hol_17_many_at_once_are_one(inbox: Inbox, way: str) -> None:
    handle = begin(way)
    replies = at_once(lambda n: by_api(handle, f"p{n}@example.com"), 8)
    answers = Counter((reply.status, reply.code) for reply in replies)
    assert answers[202, ""] == 1
    assert set(answers) <= {(202, ""), (429, "cooldown"), (429, "locked"), (410, "token_used"), (503, "unavailable")}
    assert Message.objects.count() == 2
    [moved] = [reply.registration for reply in replies if reply.registration]
    [letter] = [post for post in inbox.all() if post.to != ADA]
    assert Api().confirm(moved, letter.code).status == 201
    assert AuditEvent.objects.filter(name="registration.redirected").count() == 1
    assert User.objects.count() == 1


@pytest.mark.usefixtures("house")
@WAYS
@DOORS
def test_hol_17_one_that_comes_between_is_the_one(inbox: Inbox, way: str, elsewhere: Elsewhere) -> None:
    """Both looked at the sign-up before either went on."""
    handle = begin(way)
    late = partial(elsewhere, handle, "late@example.com")
    second, first = interleaved(
        late, statement('FROM "vestibule_user"'), partial(elsewhere, handle, "first@example.com")
    )
    assert not first.code
    assert second.code in ("cooldown", "token_used", "locked", "otp_expired")  # by where it stood
    assert not inbox.all("late@example.com")


@pytest.mark.usefixtures("house")
@WAYS
@DOORS
def test_hol_17_the_older_one_is_dead_though_nobody_came_to_bury_it(
    inbox: Inbox, way: str, elsewhere: Elsewhere
) -> None:
    """The process ends between the commit and the word to the store."""
    with travel(NOON, tick=False) as clock:
        handle = begin(way)
        moved = elsewhere(handle, "new@example.com").registration
        unsettle(challenges.store, record(handle).id)
        assert Api().confirm(handle, inbox.newest(ADA).code).code == "token_used"
        unsettle(challenges.store, record(handle).id)
        clock.shift(121)
        assert elsewhere(handle, "third@example.com").code == "token_used"
        unsettle(challenges.store, record(handle).id)
        assert Api().resend(handle).code == "token_used"
        assert [post.to for post in inbox.all()] == ["new@example.com", ADA]
        assert Api().confirm(moved, inbox.newest("new@example.com").code).status == 201
    assert User.objects.get().email == "new@example.com"


@pytest.mark.usefixtures("house")
@configured(**captchas("never"))
@DOORS
def test_hol_17_a_captcha_is_asked_for_as_at_the_start(inbox: Inbox, elsewhere: Elsewhere) -> None:
    handle = begin("register")
    with configured(**captchas("always"), CAPTCHA_COST=1):
        assert elsewhere(handle, "new@example.com").code == "captcha_required"
    assert not inbox.all("new@example.com")


@pytest.mark.usefixtures("house")
def test_hol_17_the_page_shows_the_captcha_in_both_forms(inbox: Inbox) -> None:
    handle = Api().start(email=ADA, password=PASSWORD, phone_number="+14155550100").registration
    with configured(**captchas("always"), CAPTCHA_COST=1):
        page = by_page(handle, "new@example.com").text
    assert page.count("<altcha-widget") == 2
    assert page.count('action="/redirect-otp/"') == 2
