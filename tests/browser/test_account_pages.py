"""The account by page, in Chromium: sign in and out, forgot, profile, security, devices; with and without script."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import account, sign_in, watched
from tests.letters import LINK
from tests.servers import until
from tests.service import Service
from tests.world import PASSWORD

NEXT = "another password entirely"


@pytest.fixture(params=[{}, {"java_script_enabled": False}], ids=["script", "no script"])
def page(request: pytest.FixtureRequest, browser: Browser, service: Service) -> Iterator[Page]:
    """A page at the sign-up."""
    yield from watched(browser, service, request.param)


def letter(service: Service, to: str, subject: str) -> str:
    """The text of the newest mail with that in its subject, waited for."""
    found: list[str] = []

    def arrived() -> bool:
        _, mailbox = service.get(f"/dev/mailbox/?to={to}")
        found[:] = [mail["text"] for mail in mailbox["messages"] if subject in mail["subject"]]
        return bool(found)

    until(arrived, f"{subject} for {to}")
    return found[0]


def link(text: str, path: str) -> str:
    """The path of the link in a mail."""
    token = LINK.search(text)
    assert token
    return f"{path}?token={token[1]}"


def test_out_and_in_again(page: Page, service: Service, person: str) -> None:
    account(page, service, person)
    page.get_by_role("link", name="Sign out").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto(f"{service.url}/account/")
    assert page.url.endswith("/login/")
    sign_in(page, service, person, "not the right one")
    expect(page.get_by_role("alert")).to_contain_text("Wrong email or password.")
    expect(page.get_by_label("Email, username or phone number")).to_have_value(person)
    sign_in(page, service, person)
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert {name: cookies[name]["httpOnly"] for name in ("session", "device")} == {"session": True, "device": True}
    assert cookies["session"]["sameSite"] == "Lax"


def test_forgot_by_link_and_by_code(page: Page, service: Service, person: str) -> None:
    """OTP-19, TOK-14."""
    account(page, service, person)
    page.context.clear_cookies()
    page.goto(f"{service.url}/login/")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("Email").fill(person)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("If " + person + " has an account")).to_be_visible()
    mail = letter(service, person, "password reset code")
    page.get_by_label("Code").fill(service.code_for(person))
    page.get_by_label("New password").fill("short")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_text("Use at least 12 characters.")).to_be_visible()
    page.goto(service.url + link(mail, "/password/reset/confirm/"))
    page.get_by_label("New password").fill(NEXT)
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_text("Your password is changed.")).to_be_visible()
    sign_in(page, service, person, NEXT)
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()
    page.goto(service.url + link(mail, "/password/reset/confirm/"))
    expect(page.get_by_role("link", name="Send me a new link")).to_be_visible()


def test_the_profile_and_the_picture(page: Page, service: Service, person: str, tmp_path: Path) -> None:
    account(page, service, person)
    for label, typed in (("Full name", "Ada Lovelace"), ("About me", "Writes programs.")):
        page.get_by_role("link", name=f"Add {label}").click()
        page.get_by_label(label).fill(typed)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_role("link", name="Change Full name").click()
    expect(page.get_by_label("Full name")).to_have_value("Ada Lovelace")
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("link", name="Add Username").click()
    page.get_by_label("Username").fill("a")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Username")).to_have_accessible_description(re.compile("Use 3 to 30 letters"))
    page.get_by_role("link", name="Cancel").click()
    shot = tmp_path / "me.png"
    page.screenshot(path=shot)
    page.get_by_role("link", name="Add Picture").click()
    page.get_by_label("Picture").set_input_files(shot)
    page.get_by_role("button", name="Use this picture").click()
    picture = page.get_by_role("img", name="Your picture")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete") is not None
    page.get_by_role("link", name="Change Picture").click()
    page.get_by_role("button", name="Remove the picture").click()
    expect(page.get_by_role("img", name="Your picture")).to_have_count(0)


def test_password_and_address_are_changed(page: Page, service: Service, person: str) -> None:
    """EML-01, EML-03, TOK-13."""
    account(page, service, person)
    page.get_by_role("link", name="Security").click()
    page.get_by_role("link", name="Change Password").click()
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password").fill(NEXT)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("Your password is changed.")).to_be_visible()
    page.get_by_role("link", name="Change Email").click()
    page.get_by_label("New email").fill(f"new.{person}")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Send a code there").click()
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    expect(page.get_by_label("New email")).to_have_value(f"new.{person}")
    page.get_by_label("Password", exact=True).fill(NEXT)
    page.get_by_role("button", name="Send a code there").click()
    page.get_by_label("Code").fill("00000000")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert")).to_contain_text("You have 4 tries left")
    page.get_by_label("Code").fill(service.code_for(f"new.{person}"))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Your email address is changed.")).to_be_visible()
    page.goto(service.url + link(letter(service, person, "was changed"), "/email/undo/"))
    page.get_by_role("button", name="Undo the change").click()
    expect(page.get_by_text("Your old address is back")).to_be_visible()
    page.goto(f"{service.url}/account/")
    assert page.url.endswith("/login/")


def test_devices_and_activity(browser: Browser, page: Page, service: Service, person: str) -> None:
    account(page, service, person)
    for other in watched(browser, service, {}):
        sign_in(other, service, person)
        expect(other.get_by_role("heading", name="Profile")).to_be_visible()
        page.get_by_role("link", name="Devices").click()
        rows = page.get_by_role("list").filter(has_text="this device").get_by_role("listitem")
        expect(rows).to_have_count(2)
        rows.filter(has_not_text="this device").get_by_role("button", name="Sign out").click()
        expect(rows.get_by_role("button", name="Sign out")).to_have_count(1)
        other.reload()
        assert other.url.endswith("/login/")
    page.get_by_role("link", name="Change").first.click()
    page.get_by_role("button", name="Trust").click()
    expect(page.get_by_text("trusted")).to_be_visible()
    page.get_by_role("link", name="Activity").click()
    expect(page.get_by_text("You changed a device")).to_be_visible()
    expect(page.get_by_text("Your account was created")).to_be_visible()


def test_the_account_is_closed_and_kept(page: Page, service: Service, person: str) -> None:
    account(page, service, person)
    page.get_by_role("link", name="Security").click()
    page.get_by_role("link", name="Close Account").click()
    page.get_by_role("button", name="Close my account").click()
    expect(page.get_by_role("heading", name="Your account is closed")).to_be_visible()
    sign_in(page, service, person)
    expect(page.get_by_role("alert")).to_contain_text("This account can't sign in.")
    page.goto(service.url + link(letter(service, person, "will be erased"), "/account/undo/"))
    page.get_by_role("button", name="Keep my account").click()
    sign_in(page, service, person)
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()


@pytest.mark.parametrize("width", [320, 1280])
def test_every_page_of_it_fits(browser: Browser, service: Service, person: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 760}, color_scheme="dark")
    page = context.new_page()
    page.goto(f"{service.url}/register/")
    account(page, service, person)
    own = ("", "picture/", "export/", "security/", "sessions/", "applications/", "activity/", "confirm/", "keys/")
    rows = ("password", "email", "phone", "codes", "close", "app", "passkeys", "passkey")
    paths = [*(f"/account/{path}" for path in own), *(f"/account/security/{row}/" for row in rows)]
    for path in [*paths, "/login/", "/logout/", "/password/reset/", "/not-me/?token=x"]:
        page.goto(service.url + path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    context.close()
