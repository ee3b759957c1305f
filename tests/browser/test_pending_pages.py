"""The pending sign-up in Chromium: the link, on this device and on another; and elsewhere instead."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import sign_up, type_code, watched
from tests.letters import LINK
from tests.service import Service
from tests.world import PASSWORD


@pytest.fixture(scope="module")
def pending(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service, with the pages' sign-up by link or code."""
    with Service(tmp_path_factory.mktemp("pending"), REGISTRATION_MODE="pending", SIGNUP_FIELDS="phone_number") as it:
        yield it


@pytest.fixture(params=[{}, {"java_script_enabled": False}], ids=["script", "no script"])
def page(request: pytest.FixtureRequest, browser: Browser, pending: Service) -> Iterator[Page]:
    """A page at the sign-up, in a browser of its own."""
    yield from watched(browser, pending, request.param)


def link(service: Service, address: str) -> str:
    """The path of the link in the newest mail to that address."""
    service.code_for(address)
    _, mailbox = service.get(f"/dev/mailbox/?to={address}")
    found = LINK.search(mailbox["messages"][0]["text"])
    assert found
    return f"/verify-email/?token={found[1]}"


def begin(page: Page, address: str, number: str = "+14155550100") -> None:
    """Sign up, number included."""
    page.get_by_label("Phone number").fill(number)
    sign_up(page, address)
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()


def test_the_link_in_the_same_browser_asks_for_nothing(page: Page, pending: Service, person: str) -> None:
    begin(page, person)
    page.goto(pending.url + link(pending, person))
    expect(page.get_by_text(f"confirm {person}")).to_be_visible()
    expect(page.get_by_label("Password")).to_have_count(0)
    page.get_by_role("button", name="Confirm my address").click()
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()


def test_hol_32_the_token_leaves_the_address_bar_and_the_history(page: Page, pending: Service, person: str) -> None:
    """OTP-13: with JavaScript and without; a reload and the way back find the page again."""
    begin(page, person)
    page.goto(f"{pending.url}/login/")
    page.goto(pending.url + link(pending, person))
    expect(page).to_have_url(f"{pending.url}/verify-email/")
    page.reload()
    expect(page.get_by_text(f"confirm {person}")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(f"{pending.url}/login/")  # there is no entry in between
    page.go_forward()
    expect(page).to_have_url(f"{pending.url}/verify-email/")
    page.get_by_role("button", name="Confirm my address").click()
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()


def test_the_link_on_another_device_asks_for_the_password_and_the_first_tab_goes_on(
    browser: Browser, page: Page, pending: Service, person: str
) -> None:
    begin(page, person)
    for other in watched(browser, pending, {}):
        other.goto(pending.url + link(pending, person))
        other.get_by_label("Password", exact=True).fill("not the right one at all")
        other.get_by_role("button", name="Confirm my address").click()
        expect(other.get_by_role("alert")).to_contain_text("You have 4 tries left")
        other.get_by_label("Password", exact=True).fill(PASSWORD)
        other.get_by_role("button", name="Confirm my address").click()
        expect(other.get_by_role("heading", name="Welcome")).to_be_visible()
    if page.get_by_role("link", name="Continue").is_visible():  # without JavaScript
        page.get_by_role("link", name="Continue").click()
    page.wait_for_url("**/welcome/")


def test_this_was_not_me(browser: Browser, page: Page, pending: Service, person: str) -> None:
    begin(page, person)
    path = link(pending, person)
    for owner in watched(browser, pending, {}):
        owner.goto(pending.url + path)
        owner.get_by_role("link", name="This wasn't me").click()
        owner.get_by_role("button", name="End this sign-up").click()
        expect(owner.get_by_role("heading", name="The sign-up has ended")).to_be_visible()
        owner.goto(pending.url + path)
        expect(owner.get_by_role("heading", name="The sign-up has ended")).to_be_visible()
    page.goto(f"{pending.url}/verify-otp/")
    expect(page.get_by_role("heading", name="Start again")).to_be_visible()


def test_a_page_that_was_left_is_found_again(page: Page, pending: Service, person: str) -> None:
    begin(page, person)
    page.goto(f"{pending.url}/register/")
    page.goto(f"{pending.url}/verify-otp/")
    type_code(page, pending.code_for(person))
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    page.goto(f"{pending.url}/verify-otp/")
    expect(page.get_by_role("heading", name="No sign-up here")).to_be_visible()


def test_a_mistyped_address_is_corrected(page: Page, pending: Service, person: str) -> None:
    begin(page, f"mistyped.{person}")
    page.get_by_text("Wrong address? Correct it").click()
    page.get_by_label("Email").fill(person)
    page.get_by_role("button", name="Send the code there").click()
    expect(page.get_by_text(f"a code to {person}")).to_be_visible()
    type_code(page, pending.code_for(person))
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()


def test_the_code_comes_by_sms_instead(page: Page, pending: Service, person: str) -> None:
    number = f"+1415555{int(person.removeprefix('person').partition('@')[0]) + 1000:04d}"
    begin(page, person, number)
    page.get_by_role("button", name="Send the code by SMS instead").click()
    expect(page.get_by_role("heading", name="Check your phone")).to_be_visible()
    type_code(page, pending.code_for(number))
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()


def test_the_page_says_when_resends_are_used_up(browser: Browser, tmp_path: Path, person: str) -> None:
    with Service(tmp_path, REGISTRATION_MODE="pending", OTP_COOLDOWNS="0") as service:
        for page in watched(browser, service, {}):
            sign_up(page, person)
            expect(page.get_by_text(re.compile(r"valid for \d+:\d\d"))).to_be_visible()  # the script has begun
            for left in (4, 3, 2, 1, 0):
                page.get_by_role("button", name="Send a new code").click()
                last = " This is the last code" if left == 0 else "no longer works."
                expect(page.get_by_role("status")).to_contain_text(last)
            page.reload()
            expect(page.get_by_text("No more codes can be sent")).to_be_visible()


@pytest.mark.parametrize("width", [320, 1280])
def test_every_page_of_it_fits(browser: Browser, pending: Service, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 760}, color_scheme="dark")
    page = context.new_page()
    page.goto(f"{pending.url}/register/")
    address = f"a-very-long-address-of-somebody-{width}@a-very-long-domain-name.example.com"
    begin(page, address)
    page.get_by_text("Wrong address? Correct it").click()
    paths = ["", link(pending, address), f"{link(pending, address)}&reject=1", "/verify-email/resend/"]
    for path in paths:
        if path:
            page.goto(pending.url + path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    context.close()
