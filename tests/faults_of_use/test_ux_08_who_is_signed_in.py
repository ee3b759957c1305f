"""The start, the sign-in and the sign-up know who is signed in (UX 8)."""

import re
from collections.abc import Iterator

import pytest

from tests.browsing import Browser
from tests.configured import configured
from tests.world import PASSWORD, Api, Inbox
from vestibule.sessions.models import Session

ADA, APP = "ada@example.com", "https://app.example.com/welcome"
FOR_STRANGERS = ("/login/", "/register/", "/register/?channel=sms")


@pytest.fixture
def inside(api: Api, inbox: Inbox) -> Iterator[Browser]:
    """A browser in which Ada is signed in."""
    api.account(inbox, ADA)
    with configured(RETURN_URLS=("https://app.example.com",)):
        browser = Browser().open("/login/").submit("/login/", name=ADA, password=PASSWORD)
        assert browser.went_to == "/account/"
        yield browser


def test_ux_08_a_stranger_at_the_start_is_asked_to_sign_in(house: None) -> None:
    browser = Browser().open("/")
    assert browser.went_to == "/login/"
    assert browser.follow().click("Create an account").answer.status_code == 200


def test_ux_08_who_is_signed_in_starts_at_the_account(inside: Browser) -> None:
    assert inside.open("/").went_to == "/account/"
    assert inside.follow().answer.status_code == 200
    assert inside.http.head("/").headers["Location"] == "/account/"


@pytest.mark.parametrize("page", FOR_STRANGERS)
def test_ux_08_nobody_is_asked_twice(inside: Browser, page: str) -> None:
    assert inside.open(page).went_to == "/account/"
    joined = f"{page}{'&' if '?' in page else '?'}"
    assert inside.open(f"{joined}return_to={APP}").went_to == APP
    assert inside.open(f"{joined}return_to=https://evil.example/").went_to == "/account/"


@pytest.mark.parametrize("page", FOR_STRANGERS)
@pytest.mark.parametrize("prompt", ["login", "create", "select_account"])
def test_ux_08_who_asks_for_the_page_gets_it(inside: Browser, page: str, prompt: str) -> None:
    assert inside.open(f"{page}{'&' if '?' in page else '?'}prompt={prompt}").answer.status_code == 200


@pytest.mark.parametrize("page", FOR_STRANGERS)
def test_ux_08_a_session_that_ended_leads_in_no_circle(inside: Browser, page: str) -> None:
    Session.objects.all().delete()
    assert inside.open("/").went_to == "/login/"
    assert inside.open(page).answer.status_code == 200
    assert inside.open("/account/").follow().answer.status_code == 200


def test_ux_08_the_brand_leads_where_the_start_leads(inside: Browser) -> None:
    for path in ("/account/", "/login/?prompt=login", "/password/reset/", "/nowhere/"):
        header = re.search(r"<header.*?</header>", inside.open(path).text, re.DOTALL)
        assert header, path
        assert 'href="/"' in header[0], path
