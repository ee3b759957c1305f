"""A request of an application waits while its person goes through the pages, by whatever way they come in; each page
says whom it serves, and the last one brings the application its code."""

import re
from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

import pytest

from tests.browsing import Browser
from tests.configured import configured
from tests.factors import Authenticator, enrol
from tests.oauth import RelyingParty, allow, code_of, create_application, go_on, place
from tests.providers import OpenIdFake, Person
from tests.social import coming_from
from tests.world import PASSWORD, Api, Inbox
from vestibule.accounts.models import Role, User
from vestibule.sessions.models import Session

ADA, NEW, OTHER_PASSWORD = "ada@example.com", "new@example.com", "another long password"


@pytest.fixture
def shop(house: None) -> RelyingParty:
    """An application that people sign in to."""
    create_application()
    return RelyingParty()


@pytest.fixture
def person(api: Api, inbox: Inbox) -> User:
    """Ada, signed in nowhere."""
    api.account(inbox, ADA)
    Session.objects.all().delete()
    return User.objects.get(email=ADA)


@pytest.fixture
def fake(house: None) -> Iterator[OpenIdFake]:
    """A provider, where Ada is signed in."""
    provider = OpenIdFake()
    provider.person = Person(sub="ada", email=ADA)
    with coming_from(provider):
        yield provider


def arrive(shop: RelyingParty, **more: str) -> Browser:
    """A browser that the application has sent."""
    return served(go_on(Browser().open(shop.authorize_url(**more))))


def served(browser: Browser) -> Browser:
    """The page says whom it serves, and its forms may lead there."""
    assert browser.told == "to continue to The Shop", place(browser)
    assert "https://shop.example.com" in browser.answer["Content-Security-Policy"]
    return browser


def has_come(shop: RelyingParty, browser: Browser, email: str = ADA) -> bool:
    """The application gets its code, and learns who it is."""
    tokens = shop.exchange(code_of(allow(go_on(browser)))).json()
    return bool(shop.userinfo(tokens["access_token"]).json()["email"] == email)


@pytest.mark.parametrize("mode", ["deferred", "pending"])
def test_a_code_of_a_sign_up(shop: RelyingParty, inbox: Inbox, mode: str) -> None:
    with configured(REGISTRATION_MODE=mode):
        browser = served(arrive(shop).click("Create an account"))
        served(browser.submit("/register/", email=NEW, password=PASSWORD))
        browser.submit("/verify-otp/", otp=inbox.newest(NEW).code)
    assert has_come(shop, browser, NEW)


def test_the_link_of_a_sign_up(shop: RelyingParty, inbox: Inbox) -> None:
    with configured(REGISTRATION_MODE="pending"):
        browser = arrive(shop, prompt="create").submit("/register/", email=NEW, password=PASSWORD)
        served(browser.open(f"/verify-email/?token={inbox.newest(NEW).token}")).submit("/verify-email/")
    assert has_come(shop, browser, NEW)


def test_whom_the_application_expects_stands_in_the_form(shop: RelyingParty, person: User) -> None:
    browser = arrive(shop, login_hint=ADA)
    assert browser.forms[0].fields["name"] == ADA
    assert has_come(shop, browser.submit("/login/", password=PASSWORD))
    for hint in ("\x00<b>\u202e", "x" * 2000):
        shown = arrive(shop, login_hint=hint)
        assert "<b>" not in shown.text
        assert len(shown.forms[0].fields.get("name", "")) <= 254
    assert "name" not in Browser().open(f"/login/?login_hint={ADA}").forms[0].fields  # nobody has sent the person


def test_a_second_factor(shop: RelyingParty, person: User) -> None:
    app = enrol(person)
    browser = served(arrive(shop).submit("/login/", name=ADA, password=PASSWORD))
    browser.submit("/login/mfa/", code=app.code())
    assert has_come(shop, browser)


def test_a_mailed_link(shop: RelyingParty, person: User, inbox: Inbox) -> None:
    browser = served(arrive(shop).click("Email me a sign-in link"))
    served(browser.submit("/login/magic/", email=ADA))
    served(browser.open(f"/login/magic/?token={inbox.newest(ADA).token}")).submit("/login/magic/")
    assert has_come(shop, browser)


def test_a_new_password(shop: RelyingParty, person: User, inbox: Inbox) -> None:
    browser = served(arrive(shop).click("Forgot your password?"))
    served(browser.submit("/password/reset/", email=ADA))
    served(browser.open(f"/password/reset/confirm/?token={inbox.newest(ADA).token}"))
    served(browser.submit("/password/reset/confirm/", password=OTHER_PASSWORD))
    browser.submit("/login/", name=ADA, password=OTHER_PASSWORD)
    assert has_come(shop, browser)


def test_a_second_factor_that_has_to_be_set_up(shop: RelyingParty, person: User) -> None:
    with configured(MFA_REQUIRED_ROLES=tuple(Role)):
        browser = go_on(arrive(shop).submit("/login/", name=ADA, password=PASSWORD))
        served(browser.submit("/account/security/app/"))
        seed = re.sub(r"\s", "", re.findall(r'aria-labelledby="key-label">([A-Z2-7 ]+)<', browser.text)[0])
        app = Authenticator(seed=seed, recovery_codes=[])
        served(browser.submit("/account/security/app/", code=app.code())).click("I have kept them")
        assert has_come(shop, browser)


def test_another_provider_and_a_second_factor(shop: RelyingParty, fake: OpenIdFake) -> None:
    browser = through(arrive(shop), fake)
    assert has_come(shop, browser)
    app = enrol(User.objects.get())
    browser = served(through(arrive(shop), fake)).submit("/login/mfa/", code=app.code())
    assert has_come(shop, browser)


def test_another_provider_that_is_linked_on_the_way(shop: RelyingParty, person: User, fake: OpenIdFake) -> None:
    browser = served(through(arrive(shop), fake)).submit("/login/", name=ADA, password=PASSWORD)
    served(go_on(browser)).submit("/account/link/")
    assert has_come(shop, browser)


def through(browser: Browser, fake: OpenIdFake) -> Browser:
    """Press the provider's button, agree there, and come back."""
    where, given = fake.authorize(browser.submit("/social/acme/").went_to)
    return browser.open(f"{urlsplit(where).path}?{urlencode(given)}")
