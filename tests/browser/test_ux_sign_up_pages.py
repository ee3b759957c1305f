"""What the pages of a sign-up do by themselves, in Chromium (UX 9, 13, 17, 18, 19)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import sign_up, watched
from tests.service import Service


@pytest.fixture
def page(browser: Browser, service: Service) -> Iterator[Page]:
    """A page at the sign-up."""
    yield from watched(browser, service, {})


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_ux_13_a_complete_code_is_sent_by_itself_once(page: Page, service: Service, person: str) -> None:
    """Not after an error: then the person looks at what they typed, and presses the button."""
    sign_up(page, person)
    code, field = service.code_for(person), page.get_by_label("Verification code")
    field.press_sequentially(wrong(code)[:5])
    field.press("Backspace")
    field.press_sequentially(wrong(code)[4:])
    expect(page.get_by_role("alert")).to_contain_text("You have 4 tries left")
    expect(page).to_have_title("Error · Check your email · Vestibule")
    expect(field).to_be_focused()
    field.fill(code)
    expect(page.get_by_role("alert")).to_have_count(0)  # what was wrong is not said of what is typed now
    page.wait_for_timeout(1_500)  # longer than the pause before a code is sent by itself
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()


def test_ux_13_a_pasted_code_is_sent_by_itself(page: Page, service: Service, person: str) -> None:
    sign_up(page, person)
    code = service.code_for(person)
    page.get_by_label("Verification code").fill(f"{code[:3]} {code[3:]}")
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()


def test_ux_13_the_mail_of_a_large_provider_is_a_press_away(page: Page, person: str) -> None:
    sign_up(page, person.replace("example.com", "gmail.com"))
    link = page.get_by_role("link", name="Open Gmail")
    expect(link).to_have_attribute("href", "https://mail.google.com/mail/")
    expect(link).to_have_attribute("target", "_blank")
    expect(link).to_have_attribute("rel", "noopener noreferrer")


def test_ux_09_when_its_time_is_up_the_page_starts_again_by_itself(
    browser: Browser, tmp_path: Path, person: str
) -> None:
    with Service(tmp_path, OTP_TTL="5") as service:
        for page in watched(browser, service, {}):
            sign_up(page, person)
            expect(page.get_by_role("heading", name="Start again")).to_be_visible()
            expect(page.get_by_role("alert")).to_have_text("The code has expired.")
            expect(page.get_by_label("Email")).to_have_value(person)
            expect(page.get_by_label("Password", exact=True)).to_be_focused()


def test_ux_17_the_focus_stays_on_the_button_that_asks_for_a_new_code(
    browser: Browser, tmp_path: Path, person: str
) -> None:
    with Service(tmp_path, OTP_COOLDOWNS="1,120") as service:
        for page in watched(browser, service, {}):
            sign_up(page, person)
            again = page.get_by_role("button", name="Send a new code")
            expect(again).to_have_attribute("aria-disabled", "false")
            again.focus()
            page.keyboard.press("Enter")
            expect(page.get_by_role("status")).to_contain_text("A new code is on its way")
            expect(again).to_have_attribute("aria-disabled", "true")
            expect(again).to_be_focused()
            page.keyboard.press("Enter")
            expect(page.get_by_role("status")).to_contain_text("You can ask for it in")
            expect(again).to_be_focused()


def test_ux_18_an_error_goes_when_its_field_is_typed_into_anew(page: Page, person: str) -> None:
    sign_up(page, "nobody", "short")
    expect(page).to_have_title("Error · Create your account · Vestibule")
    expect(page.get_by_role("alert")).to_have_text("2 fields need attention.")
    page.get_by_label("Email").fill(person)
    expect(page.get_by_text("Enter a valid email address.")).to_be_hidden()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password", exact=True).fill("correct horse battery staple")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator(".wrong")).to_have_count(0)
