"""The authenticator app and the recovery codes by page, in Chromium: with and without script, and by keyboard."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import account, code, set_up_app, sign_in, watched
from tests.service import Service


@pytest.fixture(params=[{}, {"java_script_enabled": False}], ids=["script", "no script"])
def page(request: pytest.FixtureRequest, browser: Browser, service: Service) -> Iterator[Page]:
    """A page at the sign-up."""
    yield from watched(browser, service, request.param)


def test_an_app_and_its_codes_from_the_first_to_the_last(page: Page, service: Service, person: str) -> None:
    account(page, service, person)
    page.goto(f"{service.url}/account/security/")
    page.get_by_role("button", name="Set up an authenticator app").click()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    page.get_by_label("Code from the app").fill("000000")
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_label("Code from the app")).to_have_accessible_description(re.compile("That code is not right."))
    seed = set_up_app(page, service)
    codes = page.locator(".codes code").all_inner_texts()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "recovery-codes.txt"
    assert [line for line in Path(download.value.path()).read_text().splitlines() if line in codes] == codes
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("10 of 10 left")).to_be_visible()
    page.context.clear_cookies()

    sign_in(page, service, person)
    expect(page.get_by_label("Code from the app")).to_be_focused()
    page.get_by_label("Code from the app").fill("000000")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("You have 4 tries left.")
    page.get_by_role("button", name="Use a recovery code").click()
    page.get_by_label("Recovery code").fill(codes[0].upper().replace("-", " "))
    page.get_by_label("Do not ask again").check()
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()
    page.get_by_role("link", name="Sign out").click()
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, service, person)  # the device is remembered
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()

    page.goto(f"{service.url}/account/security/")
    page.get_by_role("link", name="Manage Authenticator app").click()
    page.get_by_role("button", name="Turn it off").click()  # the session has proved the password alone
    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    page.get_by_label("Code from the app").fill(code(seed, 1))
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Turn it off").click()
    expect(page.get_by_text("Your authenticator app is turned off.")).to_be_visible()


def test_codes_are_copied_and_printed_alone(browser: Browser, service: Service, person: str) -> None:
    for page in watched(browser, service, {"permissions": ["clipboard-read", "clipboard-write"]}):
        account(page, service, person)
        set_up_app(page, service)
        codes = page.locator(".codes code").all_inner_texts()
        page.get_by_role("button", name="Copy").click()
        expect(page.get_by_text("Copied.")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == "\n".join(codes)
        page.emulate_media(media="print", color_scheme="dark")
        expect(page.get_by_text(codes[0])).to_be_visible()
        expect(page.locator(".only-print")).to_contain_text(person)
        expect(page.get_by_role("link", name="Security")).to_be_hidden()
        expect(page.get_by_role("button", name="Copy")).to_be_hidden()


# What the keyboard must reach on a page, and what a screen reader calls it.
REACHABLE = """() => [...document.querySelectorAll("a[href], button, input, summary, textarea, select")]
  .filter((each) => each.checkVisibility({ visibilityProperty: true }) && each.type !== "hidden" && !each.disabled)
  .forEach((each) => { each.dataset.seen = ""; })"""
FOCUSED = """() => {
  const each = document.activeElement;
  if (each === document.body) return null;
  each.dataset.seen = "yes";
  const name = document.getElementById(each.getAttribute("aria-labelledby")?.split(" ")[0])?.textContent ||
    each.getAttribute("aria-label") || each.labels?.[0]?.textContent || each.textContent || each.title;
  const style = getComputedStyle(each);
  return { name: name.trim(), outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 };
}"""


def tabbed(page: Page) -> None:
    """Press Tab until the page is left: all of it is reached, has a name, and shows the focus."""
    page.evaluate(REACHABLE)
    page.evaluate("document.querySelector('[data-seen]').focus({ focusVisible: true })")
    while focused := page.evaluate(FOCUSED):
        assert focused["name"], page.evaluate("document.activeElement.outerHTML")
        assert focused["outlined"], focused["name"]
        page.keyboard.press("Tab")
    assert page.evaluate("[...document.querySelectorAll('[data-seen=\"\"]')].map((each) => each.outerHTML)") == []


def test_every_page_by_keyboard(browser: Browser, service: Service, person: str) -> None:
    for page in watched(browser, service, {}):
        account(page, service, person)
        page.goto(f"{service.url}/account/security/")
        tabbed(page)
        page.get_by_role("button", name="Set up an authenticator app").press("Enter")
        expect(page.get_by_label("Code from the app")).to_be_visible()
        tabbed(page)
        seed = set_up_app(page, service)
        tabbed(page)
        page.goto(f"{service.url}/account/security/")
        tabbed(page)
        for path in ("/account/security/passkey/", "/account/security/app/", "/account/confirm/", "/login/"):
            page.goto(service.url + path)
            tabbed(page)
        page.context.clear_cookies()
        sign_in(page, service, person)
        expect(page.get_by_label("Code from the app")).to_be_focused()
        tabbed(page)
        page.get_by_label("Code from the app").fill(code(seed, 1))
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Profile")).to_be_visible()
