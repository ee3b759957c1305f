"""What scripts say and do while a page is open (UX 5, 12, 14, 17, 18), on the states of the gallery."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.service import Service
from vestibule.accounts import passwords
from vestibule.accounts.models import User

LOCKED = "/dev/gallery/sign-in/login-locked/"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A reader in Tokyo, whose page may complain of nothing."""
    context = browser.new_context(timezone_id="Asia/Tokyo")
    page, errors = context.new_page(), list[str]()
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors


def test_ux_05_a_wait_counts_down_and_the_button_works_when_it_is_over(page: Page, service: Service) -> None:
    page.clock.install()
    page.goto(service.url + LOCKED)
    alert, button = page.get_by_role("alert"), page.get_by_role("button", name="Sign in", exact=True)
    expect(alert).to_have_text(re.compile(r"Try again in 15 minutes\."))
    expect(button).to_be_disabled()
    page.clock.run_for(810_000)
    expect(page.get_by_role("timer")).to_have_text("90 seconds")
    page.clock.run_for(89_000)
    expect(page.get_by_role("timer")).to_have_text("1 second")
    page.clock.run_for(2_000)
    expect(page.get_by_text("You can try again now.")).to_be_visible()
    expect(page.get_by_role("timer")).to_be_hidden()
    expect(button).to_be_enabled()


def test_ux_05_another_account_need_not_wait(page: Page, service: Service) -> None:
    page.goto(service.url + LOCKED)
    button = page.get_by_role("button", name="Sign in", exact=True)
    page.get_by_label("Password", exact=True).fill("the same account")
    expect(button).to_be_disabled()
    page.get_by_label("Email, username or phone number").fill("somebody.else@example.com")
    expect(button).to_be_enabled()


def test_ux_05_it_counts_in_the_language_of_the_page(page: Page, service: Service) -> None:
    def speak_polish(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace('lang="en"', 'lang="pl"', 1))

    page.route("**/login-locked/", speak_polish)
    page.goto(service.url + LOCKED)
    expect(page.get_by_role("timer")).to_have_text("15 minut")


def test_ux_14_moments_are_in_the_zone_of_the_reader(page: Page, service: Service) -> None:
    page.goto(f"{service.url}/dev/gallery/account/sessions/")
    moment = page.locator("time[datetime*=T]:not([data-day])").first
    expect(moment).to_have_attribute("title", re.compile("UTC$"))
    expect(moment).to_have_text(re.compile(r"^March \d+, 2026 at 6:26.PM$"))


def test_ux_12_one_line_goes_from_the_error_to_what_becomes_of_the_password(page: Page, service: Service) -> None:
    page.goto(f"{service.url}/dev/gallery/sign-in/reset-link-weak-password/")
    line, password = page.locator("#password-rule"), page.get_by_label("New password")
    expect(line).to_have_text("Use at least 12 characters.")
    expect(password).to_be_focused()
    for typed, said in (
        ("short", "At least 12 characters. Use a few words, or a password manager."),
        ("ada@example.com", "This password is little more than your own name, address or number."),
        ("P4ssw0rd!!!!", "This password is too common."),
        ("qwertyuiop[]", "This password is too common."),
        ("aaaaaaaaaaaaaaaa", "This password is too common."),
        ("password8264917355", "Strong: it is long."),
        ("twelve trees", "Good. A longer one is stronger."),
        ("twelve trees in the park", "Strong: it is long."),
        ("🌳🌴🌲🌵🎄🎋", "At least 12 characters. Use a few words, or a password manager."),
    ):
        password.fill(typed)
        expect(line).to_have_text(said)
        refused = bool(passwords.find_policy_violations(typed, User(email="ada@example.com")))
        assert refused == (not said.startswith(("Good", "Strong")))  # as the server sees it
    expect(password).not_to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Show").click()
    expect(password).to_have_attribute("type", "text")
    expect(password).to_be_focused()


def test_ux_18_an_error_goes_when_its_field_is_typed_in(page: Page, service: Service) -> None:
    page.goto(f"{service.url}/dev/gallery/sign-in/login-invalid_credentials/")
    name = page.get_by_label("Email, username or phone number")
    expect(name).to_have_attribute("aria-invalid", "true")
    name.fill("ada@example.com")
    expect(name).not_to_have_attribute("aria-invalid", "true")
    expect(page.locator(".field.wrong")).to_have_count(1)  # the password, which has the focus


def test_ux_15_no_page_loads_more_for_a_typed_password(page: Page, service: Service) -> None:
    sizes: list[int] = []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    page.goto(f"{service.url}/register/")
    page.get_by_label("Password", exact=True).fill("correct horse battery staple")
    page.wait_for_load_state("networkidle")
    assert len(sizes) <= 7
    assert sum(sizes) < 40_000
