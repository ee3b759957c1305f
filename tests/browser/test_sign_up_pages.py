"""The pages in Chromium, as a person sees them: with and without JavaScript, light and dark, wide and narrow."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import sign_up, type_code, watched
from tests.servers import until
from tests.service import Service
from tests.world import PASSWORD


@pytest.fixture(params=[{}, {"java_script_enabled": False}], ids=["script", "no script"])
def page(request: pytest.FixtureRequest, browser: Browser, service: Service) -> Iterator[Page]:
    """A page at the sign-up, on which no error is printed and from which no request goes elsewhere."""
    yield from watched(browser, service, request.param)


@pytest.fixture
def scripted(browser: Browser, service: Service) -> Iterator[Page]:
    """The same, with JavaScript only."""
    yield from watched(browser, service, {})


def test_a_person_signs_up(page: Page, service: Service, person: str) -> None:
    sign_up(page, person)
    code = service.code_for(person)
    type_code(page, f" {code[:3]} {code[3:]} ")
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    assert page.url == f"{service.url}/welcome/"


def test_errors_stand_by_their_field_and_the_first_has_the_focus(page: Page) -> None:
    sign_up(page, "nobody", "short")
    email, password = page.get_by_label("Email"), page.get_by_label("Password", exact=True)
    expect(email).to_have_attribute("aria-invalid", "true")
    expect(email).to_be_focused()
    expect(email).to_have_value("nobody")
    expect(email).to_have_accessible_description("Enter a valid email address.")
    expect(password).to_have_value("")
    expect(page.get_by_text("Use at least 12 characters.")).to_be_visible()


def test_a_wrong_code_says_how_many_tries_are_left(page: Page, service: Service, person: str) -> None:
    sign_up(page, person)
    code = service.code_for(person)
    for left in (4, 3, 2, 1):
        type_code(page, f"{(int(code) + left) % 1_000_000:06d}")
        expect(page.get_by_role("alert")).to_contain_text(f"You have {left} tr")
        expect(page.get_by_label("Verification code")).to_be_focused()
    type_code(page, f"{(int(code) + 9) % 1_000_000:06d}")
    expect(page.get_by_role("heading", name="Start again")).to_be_visible()
    expect(page.get_by_label("Email")).to_have_value(person)


def test_expiry_and_cooldown_count_down(scripted: Page, person: str) -> None:
    scripted.clock.install()
    sign_up(scripted, person)
    again = scripted.get_by_role("button", name="Send a new code")
    expect(again).to_have_attribute("aria-disabled", "true")
    scripted.clock.run_for(10_000)
    expect(scripted.get_by_text("The code is valid for 9:50.")).to_be_visible()
    expect(scripted.get_by_text("You can ask for it in 0:50.")).to_be_visible()
    scripted.clock.run_for(51_000)
    expect(again).to_have_attribute("aria-disabled", "false")
    again.click()  # the page's clock is ahead of the server's, which says how long to wait
    expect(scripted.get_by_role("status")).to_contain_text("A code was sent a moment ago. Try again in")
    expect(again).to_have_attribute("aria-disabled", "true")
    expect(again).to_be_focused()
    assert scripted.url.endswith("/verify-otp/")


def test_a_new_code_comes_in_place(browser: Browser, tmp_path: Path, person: str) -> None:
    with Service(tmp_path, OTP_COOLDOWNS="1,120") as service:
        for page in watched(browser, service, {}):
            sign_up(page, person)
            old = service.code_for(person)
            again = page.get_by_role("button", name="Send a new code")
            expect(again).to_have_attribute("aria-disabled", "false")
            again.click()
            expect(page.get_by_role("status")).to_contain_text("A new code is on its way")
            until(lambda old=old: service.code_for(person) != old, "the new code")  # type: ignore[misc]  # bool all the same
            type_code(page, old)
            expect(page.get_by_role("alert")).to_contain_text("You have 4 tries left")
            expect(page.get_by_text(re.compile(r"in 1:\d\d\."))).to_be_visible()  # it goes on counting
            type_code(page, service.code_for(person))
            expect(page.get_by_role("heading", name="Welcome")).to_be_visible()


def test_without_script_the_server_says_how_long_to_wait(browser: Browser, service: Service, person: str) -> None:
    for page in watched(browser, service, {"java_script_enabled": False}):
        sign_up(page, person)
        page.get_by_role("button", name="Send a new code").click()
        expect(page.get_by_role("alert")).to_contain_text("Try again in")


def test_the_password_can_be_shown_and_pasted(scripted: Page) -> None:
    password = scripted.get_by_label("Password", exact=True)
    expect(password).to_have_attribute("autocomplete", "new-password")
    scripted.get_by_role("button", name="Show").click()
    expect(password).to_have_attribute("type", "text")
    scripted.get_by_role("button", name="Hide").click()
    expect(password).to_have_attribute("type", "password")
    assert scripted.evaluate("document.querySelectorAll('[onpaste]').length") == 0


def test_a_new_password_tells_its_strength(scripted: Page) -> None:
    password = scripted.get_by_label("Password", exact=True)
    line = scripted.locator("#password-rule")
    rule = "At least 12 characters. Use a few words, or a password manager."
    for typed, said in (
        ("", rule),
        ("password", rule),
        ("password1234", "This password is too common."),
        ("abcdefghijkl", "This password is too common."),
        ("fourteen sheep", "Good. A longer one is stronger."),
        (PASSWORD, "Strong: it is long."),
    ):
        password.fill(typed)
        expect(line).to_have_text(said)


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_and_keeps_its_contrast(browser: Browser, service: Service, width: int, scheme: Any) -> None:
    context = browser.new_context(viewport={"width": width, "height": 760}, color_scheme=scheme)
    page = context.new_page()
    for path in ("/register/", "/verify-otp/", "/resend-otp/", "/welcome/", "/dev/mailbox/", "/nowhere/"):
        page.goto(service.url + path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.goto(f"{service.url}/register/")
    text, ground = (
        page.evaluate(f"getComputedStyle(document.querySelector('{of}')).{what}")
        for of, what in (("h1", "color"), ("main", "backgroundColor"))
    )
    assert contrast(text, ground) >= 7  # WCAG 1.4.6
    button = page.evaluate("getComputedStyle(document.querySelector('button[type=submit]')).backgroundColor")
    assert contrast("rgb(255, 255, 255)", button) >= 4.5  # WCAG 1.4.3
    context.close()


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two CSS `rgb()` colours (WCAG 2.2)."""

    def luminance(color: str) -> float:
        channels = [int(part) / 255 for part in color.removeprefix("rgb(").removesuffix(")").split(",")[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_docs_and_the_mailbox_open(browser: Browser, service: Service, person: str) -> None:
    service.post("/api/auth/register/start", {"email": person, "password": PASSWORD})
    service.code_for(person)
    page = browser.new_page()
    violations: list[str] = []
    page.on("console", lambda message: violations.append(message.text) if "Content Security" in message.text else None)
    page.goto(f"{service.url}/api/docs")
    expect(page.get_by_text("/api/auth/register/start").first).to_be_visible()
    page.goto(f"{service.url}/dev/mailbox/")
    page.get_by_text(person).click()
    page.get_by_role("link", name="View as HTML").click()
    expect(page.get_by_role("heading", name="Your verification code")).to_be_visible()
    assert violations == []
    page.close()
