"""The forms of a sign-up: what is wrong stands at its field, a form left open is shown again, and the end leads on (UX
10, 13, 17). Without JavaScript."""

import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.utils import timezone

from tests.browsing import Browser
from tests.configured import configured
from tests.world import PASSWORD, Api, Inbox
from vestibule.accounts.models import User
from vestibule.addresses.address import Email, Phone
from vestibule.web.pages.mail_sites import find_mail_site

ADA, BOB, NUMBER = "ada@example.com", "bob@example.com", "+14155550100"
TAKEN = "Somebody has this username. Choose another."


@pytest.fixture
def grace(api: Api, inbox: Inbox) -> Iterator[None]:
    """Somebody has the username that others want, an address and a number."""
    api.account(inbox, ADA)
    User.objects.update(username="grace", phone_number=NUMBER, phone_verified_at=timezone.now())
    with configured(SIGNUP_FIELDS=("email", "username", "phone_number")):
        yield


def described(browser: Browser, name: str) -> str:
    """What describes the field, read as a screen reader does."""
    field = re.search(rf'<input id="{name}"[^>]*>', browser.text)
    assert field, name
    assert "autofocus" in field[0], "the first wrong field has the focus"
    assert 'aria-invalid="true"' in field[0]
    [ids] = re.findall(r'aria-describedby="([^"]+)"', field[0])
    told = [re.search(rf'id="{id}"[^>]*>(.*?)</p>', browser.text) for id in ids.split()]
    return " ".join(each[1] for each in told if each)


def test_ux_17_a_taken_username_is_said_at_its_field(grace: None) -> None:
    browser = Browser().open("/register/")
    browser.submit("/register/", email=BOB, username="grace", phone_number="+14155550111", password=PASSWORD)
    assert browser.answer.status_code == 409
    assert described(browser, "username") == TAKEN
    assert browser.text.count(TAKEN) == 1
    assert "1 field needs attention." in browser.text
    assert browser.title == "Error · Create your account"
    assert browser.forms[0].fields["email"] == BOB


@pytest.mark.parametrize(("field", "channel"), [("email", "email"), ("phone_number", "sms")])
def test_ux_17_a_taken_address_is_said_at_its_field(grace: None, field: str, channel: str) -> None:
    typed = {"email": ADA if field == "email" else BOB, "phone_number": NUMBER, "username": "other"}
    with configured(ENUMERATION_PROTECTION=False):
        browser = Browser().open(f"/register/?channel={channel}").submit("/register/", **typed, password=PASSWORD)
    assert browser.answer.status_code == 409
    assert described(browser, field).endswith("has an account. Sign in instead.")


def test_ux_17_another_address_that_is_none_is_said_at_its_field(house: None) -> None:
    browser = Browser().open("/register/").submit("/register/", email=ADA, password=PASSWORD)
    browser.submit("/redirect-otp/", email="ada@")
    assert described(browser, "email") == "Enter a valid email address."
    assert "tries left" not in browser.text
    assert re.search(r"<details[^>]* open", browser.text)
    assert [each.fields["email"] for each in browser.forms if each.action == "/redirect-otp/"] == ["ada@"]


@pytest.mark.parametrize("mode", ["deferred", "pending"])
def test_ux_17_a_username_taken_meanwhile_is_said_at_its_field(house: None, inbox: Inbox, mode: str) -> None:
    with configured(SIGNUP_FIELDS=("email", "username"), REGISTRATION_MODE=mode):
        slow = Browser().open("/register/").submit("/register/", email=ADA, username="grace", password=PASSWORD)
        quick = Browser().open("/register/").submit("/register/", email=BOB, username="grace", password=PASSWORD)
        assert quick.submit("/verify-otp/", otp=inbox.newest(BOB).code).went_to == "/welcome/"
        mail = inbox.newest(ADA)
        if mode == "pending":
            slow.open(f"/verify-email/?token={mail.token}").submit("/verify-email/")
            assert described(slow, "username") == TAKEN
            assert slow.submit("/verify-email/", username="x").answer.status_code == 400
            assert slow.forms[0].fields["username"] == "x"
            assert slow.submit("/verify-email/", username="ada").went_to == "/welcome/"
        else:
            slow.submit("/verify-otp/", otp=mail.code)
            assert described(slow, "username") == TAKEN
            assert slow.submit("/verify-otp/", username="x").forms[0].fields["username"] == "x"
            assert slow.submit("/verify-otp/", username="ada").went_to == "/welcome/"
    assert User.objects.get(email=ADA).username == "ada"


def test_ux_10_a_form_left_open_is_shown_again(house: None, inbox: Inbox) -> None:
    """The cookie of its token is gone: a day has passed, or the browser was closed."""
    browser = Browser().open("/register/")
    del browser.http.cookies[settings.CSRF_COOKIE_NAME]
    browser.submit("/register/", email=ADA, password=PASSWORD)
    assert (browser.heading, browser.answer.status_code) == ("Try again", 403)
    assert "open too long" in browser.text
    assert PASSWORD not in browser.text
    browser.submit("/register/", password=PASSWORD)
    assert browser.heading == "Check your email"
    del browser.http.cookies[settings.CSRF_COOKIE_NAME]
    browser.submit("/verify-otp/", otp=inbox.newest(ADA).code)
    assert browser.heading == "Try again"
    assert browser.submit("/verify-otp/").went_to == "/welcome/"


def test_ux_welcome_tells_the_next_step(house: None, inbox: Inbox) -> None:
    browser = Browser().open("/register/").submit("/register/", email=ADA, password=PASSWORD)
    browser.submit("/verify-otp/", otp=inbox.newest(ADA).code).follow()
    assert browser.heading == "Welcome"
    assert browser.links["Go to your account"] == "/account/"
    assert browser.click("set up a passkey").answer.status_code == 200
    elsewhere = Browser().open("/welcome/")
    assert "Go to your account" not in elsewhere.links
    assert elsewhere.click("Sign in").heading == "Sign in"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("ada@gmail.com", "Gmail"),
        ("ada@googlemail.com", "Gmail"),
        ("ada@hotmail.com", "Outlook"),
        ("ada@icloud.com", "iCloud Mail"),
        ("ada@example.com", None),
        ("ada@gmail.com.example.com", None),
        ("gmail.com@example.com", None),
    ],
)
def test_ux_13_the_mail_of_large_providers_is_known(address: str, name: str | None) -> None:
    found = find_mail_site(Email(address))
    assert (found and found.name) == name
    assert found is None or found.url.startswith("https://")
    assert find_mail_site(Phone(NUMBER)) is None
