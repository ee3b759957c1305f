"""A link of a sign-up that opens nothing more: the words say why, the button fits them, and what is done is no error
(UX 10). Without JavaScript."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from time_machine import Traveller, travel

from tests.browsing import Browser
from tests.configured import configured
from tests.world import PASSWORD, Api, Inbox
from vestibule.accounts.models import Status, User
from vestibule.web.pages import sign_in

ADA, BOB = "ada@example.com", "bob@example.com"


@pytest.fixture
def clock(house: None) -> Iterator[Traveller]:
    """The time, which stands still; people sign up by link."""
    with travel("2026-03-01T12:00:00Z", tick=False) as clock, configured(REGISTRATION_MODE="pending"):
        yield clock


@pytest.fixture
def began(clock: Traveller) -> Browser:
    """A browser at the page that waits for the proof."""
    return Browser().open("/register/").submit("/register/", email=ADA, password=PASSWORD)


@pytest.fixture
def link(began: Browser, inbox: Inbox) -> str:
    """The link that was mailed."""
    return f"/verify-email/?token={inbox.newest(ADA).token}"


def has_error(browser: Browser) -> bool:
    return 'class="alert" role="alert" data-code' in browser.text or browser.title.startswith("Error")


def press_again(browser: Browser, page: Any, path: str, **typed: str) -> None:
    """Send the form of a page from before the sign-in, which is shown once more for that."""
    browser._show(page).submit(path, **typed)
    assert (browser.heading, browser.answer.status_code) == ("Try again", 403)
    browser.submit(path)


def test_ux_10_a_used_link_says_calmly_that_all_is_done(began: Browser, link: str) -> None:
    began.open(link).submit("/verify-email/")
    assert began.went_to == "/welcome/"
    began.open(link)
    assert (began.heading, began.title) == ("Already done", "Already done")
    assert not has_error(began)
    assert began.links["Go to your account"] == "/account/"
    elsewhere = Browser().open(link)
    assert elsewhere.heading == "Already done"
    assert not has_error(elsewhere)
    assert elsewhere.click("Sign in").heading == "Sign in"


def test_ux_10_whoever_presses_twice_is_done_too(began: Browser, link: str) -> None:
    began.open(link)
    page = began.answer
    began.submit("/verify-email/")
    press_again(began, page, "/verify-email/")
    assert (began.heading, began.answer.status_code) == ("Already done", 410)
    assert began.links["Go to your account"] == "/account/"


def test_ux_10_a_used_code_is_done_too(api: Api, inbox: Inbox) -> None:
    browser = Browser().open("/register/").submit("/register/", email=ADA, password=PASSWORD)
    page, code = browser.answer, inbox.newest(ADA).code
    assert browser.submit("/verify-otp/", otp=code).went_to == "/welcome/"
    press_again(browser, page, "/verify-otp/", otp=code)
    assert browser.heading == "Already done"
    assert not has_error(browser)
    press_again(browser, page, "/resend-otp/")
    assert browser.heading == "Already done"


def reject(browser: Browser, link: str) -> None:
    Browser().open(f"{link}&reject=1").submit("/verify-email/reject/")


def correct(browser: Browser, link: str) -> None:
    browser.submit("/redirect-otp/", email=BOB)


@pytest.mark.parametrize("end", [reject, correct])
@pytest.mark.parametrize("query", ["", "&reject=1"])
def test_ux_10_a_link_of_a_sign_up_without_an_account_does_not_say_to_sign_in(
    began: Browser, link: str, end: Callable[[Browser, str], None], query: str
) -> None:
    end(began, link)
    late = Browser().open(link + query)
    assert late.heading == "The sign-up has ended"
    assert not has_error(late)
    assert "Sign in" not in late.links
    assert late.click("Create an account").heading == "Create your account"
    assert not User.objects.filter(status=Status.ACTIVE).exists()


def test_ux_10_a_bogus_link_leads_to_a_new_one(began: Browser, inbox: Inbox, clock: Traveller) -> None:
    bogus = Browser().open("/verify-email/?token=this-is-a-token-of-nobody-at-all-0123456789")
    assert bogus.heading == "This link does not work"
    assert "This link or code is invalid. Request a new one." in bogus.text
    bogus.click("Send me a new link")
    clock.shift(61)
    inbox.empty()
    bogus.submit("/verify-email/resend/", email=ADA)
    assert bogus.heading == "Check your email"
    assert inbox.newest(ADA).token


def test_ux_10_an_older_link_leads_to_a_new_one(began: Browser, link: str, clock: Traveller) -> None:
    clock.shift(61)
    began.submit("/resend-otp/")
    older = Browser().open(link)
    assert older.heading == "This link does not work"
    assert older.links["Send me a new link"] == "/verify-email/resend/"


@pytest.mark.parametrize("query", ["", "&reject=1"])
def test_ux_10_an_expired_link_starts_again_with_the_address(
    began: Browser, link: str, clock: Traveller, query: str
) -> None:
    """A new link would be of the same sign-up, which is over."""
    clock.shift(21_601)
    began.open(link + query)
    assert (began.heading, began.answer.status_code) == ("Start again", 410)
    assert "The link has expired." in began.text
    assert began.forms[0].fields["email"] == ADA
    assert began.submit("/register/", password=PASSWORD).heading == "Check your email"
    other = Browser().open(link + query)
    assert other.heading == "Start again"
    assert "email" not in other.forms[0].fields
    assert ADA not in other.text


def test_ux_10_a_link_that_was_guessed_at_is_no_dead_end(link: str) -> None:
    other = Browser().open(link)
    for _ in range(5):
        page = other.answer
        other.submit("/verify-email/", password="not the one that was chosen")
    assert other.heading == "Start again"
    other._show(page).submit("/verify-email/", password=PASSWORD)
    assert other.heading == "Start again"


UNDO = {
    "/not-me/": sign_in.NOT_ME,
    "/email/undo/": sign_in.EMAIL_UNDO,
    "/account/undo/": sign_in.ACCOUNT_UNDO,
    "/second-factors/keep/": sign_in.FACTORS_UNDO,
}


@pytest.mark.parametrize("page", UNDO)
def test_ux_10_a_bogus_link_that_takes_back_leads_to_a_new_password(house: None, page: str) -> None:
    browser = Browser().open(f"{page}?token=this-is-a-token-of-nobody-at-all-0123456789").submit(page)
    for shown in (browser, Browser().open(page)):
        assert shown.heading == "This link does not work"
        assert shown.click("Choose a new password").heading == "Forgot your password?"


def test_ux_10_a_link_that_takes_back_is_done_once(api: Api, inbox: Inbox) -> None:
    api.account(inbox, ADA)
    for network in ("203.0.113.7", "198.51.100.7"):
        api.http.post(
            "/api/auth/login",
            {"email": ADA, "password": PASSWORD},
            content_type="application/json",
            REMOTE_ADDR=network,
        )
    link = f"/not-me/?token={inbox.newest(ADA).token}"
    first = Browser().open(link).submit("/not-me/")
    assert first.heading == "Done"
    again = Browser().open(link).submit("/not-me/")
    assert (again.heading, again.title) == ("Already done", "Already done")
    assert again.click("Sign in").heading == "Sign in"
