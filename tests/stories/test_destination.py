"""Where a person goes after the pages: back to the application that sent them, by whatever way they sign in or up."""

import json
import re
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import pytest
from time_machine import travel

from tests.browsing import Browser
from tests.configured import configured
from tests.factors import Authenticator, enrol
from tests.passkeys import SoftAuthenticator
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import Role, User
from vestibule.conf import conf
from vestibule.sessions.models import Session
from vestibule.web.destination import KEPT_FOR

APP, HOST = "https://app.example.com", "app.example.com"
BACK = f"{APP}/done?order=1&step=2"
ADA, NEW = "ada@example.com", "new@example.com"
CARRIED = urlencode({"return_to": BACK})


@pytest.fixture(autouse=True)
def _returning(house: None) -> Iterator[None]:
    with configured(RETURN_URLS=(APP,)):
        yield


@pytest.fixture
def browser() -> Browser:
    """A browser that knows nobody."""
    return Browser()


@pytest.fixture
def person(api: Api, inbox: Inbox) -> User:
    """Ada, signed in nowhere."""
    api.account(inbox, ADA)
    Session.objects.all().delete()
    inbox.empty()
    return User.objects.get(email=ADA)


def log_in(browser: Browser, query: str = CARRIED) -> Browser:
    """The sign-in, from an application."""
    return browser.open(f"/login/?{query}").submit("/login/", name=ADA, password=PASSWORD)


def make_passkey() -> SoftAuthenticator:
    """Ada's passkey."""
    authenticator, http = SoftAuthenticator(), Http()
    http.post("/login/", {"name": ADA, "password": PASSWORD})
    options = http.post("/account/security/passkey/options/").json()
    http.post("/account/security/passkey/", {"credential": json.dumps(authenticator.create(options))})
    return authenticator


def ended_there(browser: Browser) -> bool:
    """Whether the person is back at the application, and signed in here."""
    return browser.answer.status_code == 303 and browser.went_to == BACK and browser.is_inside


@pytest.mark.parametrize("mode", ["deferred", "pending"])
def test_who_signs_up_goes_back_to_the_application(browser: Browser, inbox: Inbox, mode: str) -> None:
    with configured(REGISTRATION_MODE=mode):
        browser.open(f"/register/?{CARRIED}")
        assert browser.told == f"to continue to {HOST}"
        assert APP in browser.answer["Content-Security-Policy"]
        browser.submit("/register/", email=NEW, password=PASSWORD)
        assert browser.told == f"to continue to {HOST}"
        browser.submit("/verify-otp/", otp="000000")
        assert browser.told == f"to continue to {HOST}"
        browser.submit("/verify-otp/", otp=inbox.newest(NEW).code)
        assert ended_there(browser)
        assert conf.registration_cookie_name in browser.answer.cookies  # forgotten
    assert User.objects.get().email == NEW


def test_a_form_that_is_refused_still_knows_the_way(browser: Browser, inbox: Inbox) -> None:
    browser.open(f"/register/?{CARRIED}").submit("/register/", email="nobody", password=PASSWORD)
    assert browser.answer.status_code == 400
    browser.submit("/register/", email=NEW, password=PASSWORD)
    browser.submit("/redirect-otp/", email="other@example.com")
    browser.submit("/verify-otp/", otp=inbox.newest("other@example.com").code)
    assert ended_there(browser)


def test_a_link_in_the_same_browser_goes_back_and_signs_in(browser: Browser, inbox: Inbox) -> None:
    with configured(REGISTRATION_MODE="pending"):
        browser.open(f"/register/?{CARRIED}").submit("/register/", email=NEW, password=PASSWORD)
        browser.open(f"/verify-email/?token={inbox.newest(NEW).token}")
        assert browser.told == f"to continue to {HOST}"
        browser.submit("/verify-email/")
        assert ended_there(browser)
        assert browser.answer.cookies[conf.destination_cookie_name]["max-age"] == 0


def test_a_link_in_another_browser_ends_at_our_own_pages(browser: Browser, inbox: Inbox) -> None:
    with configured(REGISTRATION_MODE="pending"):
        browser.open(f"/register/?{CARRIED}").submit("/register/", email=NEW, password=PASSWORD)
        other = Browser().open(f"/verify-email/?token={inbox.newest(NEW).token}")
        assert other.told == ""
        other.submit("/verify-email/", password=PASSWORD)
        assert other.went_to == "/welcome/"
        assert other.is_inside
        # The first tab goes on by itself: to the sign-in, since nobody proved anything here.
        assert browser.open("/verify-otp/").went_to == f"/login/?{CARRIED}"


def test_without_link_binding_a_link_alone_signs_nobody_in(browser: Browser, inbox: Inbox) -> None:
    with configured(REGISTRATION_MODE="pending", LINK_BINDING=False):
        browser.open("/register/").submit("/register/", email=NEW, password=PASSWORD)
        other = Browser().open(f"/verify-email/?token={inbox.newest(NEW).token}").submit("/verify-email/")
        assert other.went_to == "/welcome/"
        assert not other.is_inside


def test_who_rejects_a_sign_up_finds_the_way_back(browser: Browser, inbox: Inbox) -> None:
    with configured(REGISTRATION_MODE="pending"):
        browser.open(f"/register/?{CARRIED}").submit("/register/", email=NEW, password=PASSWORD)
        browser.open(f"/verify-email/?token={inbox.newest(NEW).token}&reject=1").submit("/verify-email/reject/")
        assert browser.links[f"Continue to {HOST}"] == BACK


def test_a_new_mail_keeps_the_way(browser: Browser, inbox: Inbox) -> None:
    with configured(REGISTRATION_MODE="pending"):
        Api().register(email=NEW, password=PASSWORD)
        browser.open(f"/verify-email/resend/?{CARRIED}").submit("/verify-email/resend/", email=NEW)
        assert browser.links[f"Continue to {HOST}"] == BACK
        browser.open(f"/verify-email/?token={inbox.newest(NEW).token}").submit("/verify-email/", password=PASSWORD)
        assert ended_there(browser)


def test_who_signs_in_goes_back(browser: Browser, person: User) -> None:
    browser.open(f"/login/?{CARRIED}").submit("/login/", name=ADA, password="wrong password")
    assert (browser.answer.status_code, browser.told) == (401, f"to continue to {HOST}")
    assert APP in browser.answer["Content-Security-Policy"]
    assert ended_there(browser.submit("/login/", name=ADA, password=PASSWORD))


def test_the_links_between_the_pages_keep_the_way(browser: Browser, person: User) -> None:
    browser.open(f"/login/?{CARRIED}")
    for text in ("Create an account", "Sign in", "Forgot your password?", "Back to sign-in", "Email me a sign-in link"):
        assert browser.click(text).told == f"to continue to {HOST}"
    assert ended_there(browser.click("Sign in with a password").submit("/login/", name=ADA, password=PASSWORD))


def test_who_is_signed_in_goes_back_at_once(browser: Browser, person: User) -> None:
    log_in(browser)
    for page in ("/login/", "/register/"):
        assert ended_there(browser.open(f"{page}?{CARRIED}"))
        assert browser.open(page).went_to == "/account/"
        assert browser.open(f"{page}?{CARRIED}&prompt=login").answer.status_code == 200
    Session.objects.all().delete()
    assert browser.open(f"/login/?{CARRIED}").answer.status_code == 200


def test_a_passkey_goes_back(browser: Browser, person: User, api: Api) -> None:
    authenticator = make_passkey()
    browser.open(f"/login/?{CARRIED}").submit("/login/passkey/", credential="{}")
    assert (browser.answer.status_code, browser.told) == (401, f"to continue to {HOST}")
    options = api.post("login/passkey/options", {}).body
    assert ended_there(browser.submit("/login/passkey/", credential=json.dumps(authenticator.get(options))))


def test_who_proves_once_more_who_they_are_goes_back(browser: Browser, person: User) -> None:
    log_in(browser)
    browser.open(f"/account/confirm/?{CARRIED}").submit("/account/confirm/", password="wrong password")
    assert browser.told == f"to continue to {HOST}"
    assert ended_there(browser.submit("/account/confirm/", password=PASSWORD))


def test_a_new_code_keeps_the_way(browser: Browser, inbox: Inbox) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        browser.open(f"/register/?{CARRIED}").submit("/register/", email=NEW, password=PASSWORD)
        assert browser.submit("/resend-otp/").answer.status_code == 429
        clock.shift(61)
        assert "A new code is on its way" in browser.submit("/resend-otp/").text
        assert ended_there(browser.submit("/verify-otp/", otp=inbox.newest(NEW).code))


def test_a_second_factor_comes_before(browser: Browser, person: User) -> None:
    app = enrol(person)
    log_in(browser)
    assert (browser.answer.status_code, browser.told) == (200, f"to continue to {HOST}")
    browser.submit("/login/mfa/", switch="recovery_code")
    browser.submit("/login/mfa/", code="no-code")
    assert browser.links["Sign in as somebody else"] == f"/login/?{CARRIED}"
    assert ended_there(browser.submit("/login/mfa/", code=app.recovery_codes[0]))


def test_who_has_to_set_up_a_second_factor_goes_on_afterwards(browser: Browser, person: User) -> None:
    with configured(MFA_REQUIRED_ROLES=tuple(Role)):
        log_in(browser)
        assert browser.went_to == f"/account/security/?{CARRIED}"
        assert browser.open(f"/login/?{CARRIED}").went_to == f"/account/security/?{CARRIED}"
        browser.follow().submit("/account/security/app/")
        seed = re.sub(r"\s", "", re.findall(r'aria-labelledby="key-label">([A-Z2-7 ]+)<', browser.text)[0])
        browser.submit("/account/security/app/", code=Authenticator(seed=seed, recovery_codes=[]).code())
        assert browser.links["I have kept them"] == BACK
        assert ended_there(browser.open(f"/login/?{CARRIED}"))


def test_who_sets_a_new_password_goes_on_to_sign_in(browser: Browser, person: User, inbox: Inbox) -> None:
    browser.open(f"/password/reset/?{CARRIED}").submit("/password/reset/", email=ADA)
    assert browser.told == f"to continue to {HOST}"
    browser.open(f"/password/reset/confirm/?token={inbox.newest(ADA).token}")
    browser.submit("/password/reset/confirm/", password="another long password")
    assert browser.links[f"Continue to {HOST}"] == BACK
    assert ended_there(browser.submit("/login/", name=ADA, password="another long password"))


def test_a_link_to_sign_in_goes_back(browser: Browser, person: User, inbox: Inbox) -> None:
    browser.open(f"/login/magic/?{CARRIED}").submit("/login/magic/", email=ADA)
    asked = browser.forms
    browser.open(f"/login/magic/?token={inbox.newest(ADA).token}").submit("/login/magic/")
    assert ended_there(browser)
    assert any(form.fields.get("return_to") == BACK for form in asked)


def test_what_an_older_mail_kept_is_forgotten_by_the_next_one(browser: Browser, person: User, inbox: Inbox) -> None:
    browser.open(f"/login/magic/?{CARRIED}").submit("/login/magic/", email=ADA)
    assert browser.answer.cookies[conf.destination_cookie_name]["max-age"] == KEPT_FOR.total_seconds()
    browser.open("/password/reset/").submit("/password/reset/", email=ADA)
    assert browser.answer.cookies[conf.destination_cookie_name]["max-age"] == 0


def test_what_a_mail_kept_is_for_the_pages_that_it_leads_to_alone(browser: Browser, person: User) -> None:
    browser.open(f"/login/magic/?{CARRIED}").submit("/login/magic/", email=ADA)
    for page in ("/login/", "/register/", "/login/magic/", "/password/reset/"):
        assert browser.open(page).told == ""


def test_an_address_of_an_application_may_come_as_next(browser: Browser, person: User) -> None:
    assert ended_there(log_in(browser, urlencode({"next": BACK})))


def test_our_own_pages_have_no_name(browser: Browser, person: User) -> None:
    log_in(browser, urlencode({"next": "/admin/"}))
    assert browser.went_to == "/admin/"
    shown = browser.open(f"/login/?next={quote('/admin/')}&prompt=login")
    assert (shown.told, APP in shown.answer["Content-Security-Policy"]) == ("", False)


def test_a_form_from_before_another_sign_in_still_goes_back(browser: Browser, person: User) -> None:
    """The page that shows it again leads there, too."""
    browser.open(f"/login/?{CARRIED}")
    browser.http.cookies.clear()
    browser.submit("/login/", name=ADA)
    assert (browser.answer.status_code, browser.told) == (403, f"to continue to {HOST}")
    assert APP in browser.answer["Content-Security-Policy"]
    assert ended_there(browser.submit("/login/", password=PASSWORD))
