"""However a sign-up ends, its page says so, leads on, and keeps what was typed (UX 9, 10). No JavaScript."""

import re
from collections.abc import Callable, Iterator

import pytest
from time_machine import Traveller, travel

from tests.browsing import Browser
from tests.configured import configured
from tests.world import PASSWORD, Api, Inbox
from vestibule.challenges.models import StoredChallenge
from vestibule.conf import conf
from vestibule.storage.redis_client import TIMEOUTS, open_connection

ADA, BOB, NUMBER = "ada@example.com", "bob@example.com", "+14155550100"
TYPED = {"email": ADA, "username": "ada_l", "full_name": "Ada Lovelace", "phone_number": NUMBER}
MODES = ("deferred", "pending")
FIELDS = ("email", "username", "full_name", "phone_number")


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest, house: None) -> Iterator[str]:
    """Either way of signing up, with every field that may be asked for."""
    with configured(REGISTRATION_MODE=request.param, SIGNUP_FIELDS=FIELDS):
        yield request.param


@pytest.fixture
def clock() -> Iterator[Traveller]:
    """The time, which stands still."""
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        yield clock


@pytest.fixture
def waiting(clock: Traveller, mode: str) -> Browser:
    """A browser at the page that waits for the proof."""
    browser = Browser().open("/register/").submit("/register/", **TYPED, password=PASSWORD)
    assert browser.heading == "Check your email"
    return browser


def expire(browser: Browser, inbox: Inbox, clock: Traveller) -> None:
    clock.shift(21_601)


def exhaust(browser: Browser, inbox: Inbox, clock: Traveller) -> None:
    right = inbox.newest(ADA).code
    page = browser.answer
    for more in range(1, 6):
        browser.submit("/verify-otp/", otp=f"{(int(right) + more) % 1_000_000:06d}")
    assert "Too many wrong tries" in browser.text
    browser._show(page)


def supersede(browser: Browser, inbox: Inbox, clock: Traveller) -> None:
    """In another tab the proof was sent elsewhere."""
    page = browser.answer
    browser.submit("/redirect-otp/", email=BOB)
    browser._show(page)


ENDS: dict[str, tuple[Callable[[Browser, Inbox, Traveller], None], str]] = {
    "expired": (expire, "The code has expired."),
    "exhausted": (exhaust, "Too many wrong tries."),
    "superseded": (supersede, "This sign-up has ended."),
}
ACTS: dict[str, Callable[[Browser], object]] = {
    "code": lambda browser: browser.submit("/verify-otp/", otp="123456"),
    "empty code": lambda browser: browser.submit("/verify-otp/", otp=""),
    "new code": lambda browser: browser.submit("/resend-otp/"),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("end", ENDS)
def test_ux_09_a_form_of_a_sign_up_that_is_over_gives_way_to_a_new_one(
    waiting: Browser, inbox: Inbox, clock: Traveller, end: str, act: str
) -> None:
    bring_about, words = ENDS[end]
    bring_about(waiting, inbox, clock)
    ACTS[act](waiting)
    assert (waiting.heading, waiting.answer.status_code) == ("Start again", 410)
    assert words in waiting.text
    kept(waiting)
    again = waiting.submit("/register/", password=PASSWORD)
    assert again.heading == "Check your email"


def kept(browser: Browser) -> None:
    """The form has what was typed, and no password."""
    [form] = [each for each in browser.forms if each.action == "/register/"]
    assert {name: form.fields.get(name) for name in TYPED} == TYPED
    assert "password" not in form.fields
    assert PASSWORD not in browser.text
    assert re.search(r'<input id="password"[^>]* autofocus', browser.text), "the next to type"


@pytest.mark.parametrize("end", ["expired", "exhausted"])
def test_ux_09_a_reload_of_a_sign_up_that_is_over_keeps_the_address(
    waiting: Browser, inbox: Inbox, clock: Traveller, end: str
) -> None:
    ENDS[end][0](waiting, inbox, clock)
    waiting.open("/verify-otp/")
    assert waiting.heading == "Start again"
    assert ENDS[end][1] in waiting.text
    kept(waiting)


def test_ux_09_a_page_that_nobody_remembers_keeps_its_address(waiting: Browser, inbox: Inbox, clock: Traveller) -> None:
    """A day later no store knows the sign-up; the page that was left open does."""
    StoredChallenge.objects.all().delete()
    if conf.redis_url:
        open_connection(conf.redis_url, **TIMEOUTS).flushdb()
    waiting.submit("/verify-otp/", otp="123456")
    assert waiting.heading == "Start again"
    assert waiting.forms[0].fields["email"] == ADA


def test_ux_09_who_wants_to_start_again_may(waiting: Browser) -> None:
    waiting.submit("/verify-otp/", again="1")
    assert (waiting.heading, waiting.answer.status_code) == ("Start again", 200)
    assert 'role="alert"' not in waiting.text
    kept(waiting)


def test_ux_09_without_resends_the_page_leads_on(waiting: Browser, inbox: Inbox, clock: Traveller) -> None:
    for _ in range(5):
        clock.shift(301)
        waiting.submit("/resend-otp/")
    assert "No more codes can be sent for this sign-up." in waiting.text
    assert "Send a new code" not in waiting.text
    waiting.submit("/verify-otp/", again="1")
    kept(waiting)


def test_ux_09_an_sms_sign_up_keeps_its_number(house: None, clock: Traveller) -> None:
    browser = Browser().open("/register/?channel=sms")
    browser.submit("/register/", phone_number=NUMBER, password=PASSWORD)
    assert browser.heading == "Check your phone"
    clock.shift(601)
    browser.open("/verify-otp/")
    assert browser.heading == "Start again"
    assert browser.forms[0].fields.items() >= {"phone_number": NUMBER, "channel": "sms"}.items()


def test_ux_09_the_api_says_the_same(api: Api, clock: Traveller) -> None:
    registration = api.start(email=ADA, password=PASSWORD).registration
    clock.shift(601)
    late = api.resend(registration)
    assert (late.status, late.code) == (410, "otp_expired")
    assert "start again" in late.body["detail"].lower()
