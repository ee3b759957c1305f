"""The captcha as a person meets it: ALTCHA solved by Chromium on the real pages, under the policy that they have."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.people import sign_up, type_code, watched
from tests.browser.test_sign_up_pages import contrast
from tests.servers import until
from tests.service import Service
from tests.world import PASSWORD

CHECKED = "Checked: you are a person"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service with a captcha at every door, of a fifth of the work that it is for people."""
    words = {"CAPTCHA_REGISTER": "always", "CAPTCHA_LOGIN": "suspicious", "CAPTCHA_PASSWORD_RESET": "always"}
    words["CAPTCHA_COST"] = "2000"
    with Service(tmp_path_factory.mktemp("guarded"), **words) as running:
        yield running


@pytest.fixture
def page(browser: Browser, guarded: Service) -> Iterator[Page]:
    """A page at the sign-up, on which no error is printed (no policy violated) and that asks nobody else."""
    yield from watched(browser, guarded, {})


def test_a_person_signs_up_and_hardly_sees_it(page: Page, guarded: Service, person: str) -> None:
    page.get_by_label("Email").fill(person)  # the work begins
    expect(page.get_by_text(CHECKED)).to_be_visible()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    type_code(page, guarded.code_for(person))
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()


def test_who_is_quicker_than_the_work_waits_for_it(page: Page, guarded: Service, person: str) -> None:
    sign_up(page, person)
    expect(page.get_by_label("Verification code")).to_be_visible()
    page.goto(f"{guarded.url}/password/reset/")
    page.get_by_label("Email").fill(person)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Choose a new password")).to_be_visible()


def test_hol_17_who_corrects_the_address_is_asked_once_more(page: Page, guarded: Service, person: str) -> None:
    sign_up(page, f"wrong-{person}")
    page.get_by_text("Wrong address? Correct it").click()
    page.get_by_label("Email").fill(person)
    page.get_by_role("button", name="Send the code there").click()
    expect(page.get_by_text(person, exact=True).first).to_be_visible()
    type_code(page, guarded.code_for(person))
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()


def test_what_is_typed_before_the_widget_is_here_counts(page: Page, person: str) -> None:
    late: list[Route] = []
    page.route("**/vendor/altcha*.js", lambda route: late.append(route))
    page.reload(wait_until="commit")
    page.get_by_label("Email").fill(person)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    until(lambda: bool(page.title() and late), "the page asks for the widget")
    for each in late:
        each.continue_()
    page.unroute_all()
    expect(page.get_by_label("Verification code")).to_be_visible()


def test_a_widget_that_never_comes_leaves_the_slower_way(page: Page, person: str) -> None:
    page.route("**/vendor/altcha*.js", lambda _: None)
    page.clock.install()
    page.reload(wait_until="commit")
    sign_up(page, person)  # pressed, and it waits for the widget
    hint = page.get_by_text("If the check does not load: wait 30 seconds")
    expect(hint).to_be_hidden()
    page.clock.run_for(10_000)
    expect(hint).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("Try again in")


def test_fields_that_are_filled_at_once_begin_it_once(page: Page) -> None:
    expect(page.get_by_text("Check that I am a person")).to_be_visible()  # the widget is here
    page.evaluate("""document.querySelectorAll("input[type=email], input[type=password]").forEach((input) => {
        input.value = "a@example.com";
        input.dispatchEvent(new Event("input", { bubbles: true }));
    })""")  # as some password managers do
    expect(page.get_by_text(CHECKED)).to_be_visible()


def test_a_form_that_comes_back_has_a_new_one(page: Page, person: str) -> None:
    sign_up(page, person, "short")
    expect(page.get_by_text("Use at least 12 characters.")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("Verification code")).to_be_visible()


def test_where_the_check_can_not_load_the_form_says_what_to_do(page: Page, person: str) -> None:
    page.route("**/api/auth/captcha?*", lambda route: route.fulfill(status=403, json={}))
    page.get_by_label("Email").fill(person)
    expect(page.get_by_text("If the check does not load: wait 30 seconds")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("Try again in")
    expect(page.get_by_label("Email")).to_have_value(person)


def test_without_javascript_it_says_so_and_takes_longer(browser: Browser, guarded: Service, person: str) -> None:
    for page in watched(browser, guarded, {"java_script_enabled": False}):
        expect(page.locator("noscript")).to_be_visible()
        sign_up(page, person)
        expect(page.get_by_role("alert")).to_contain_text("Try again in")
        expect(page.get_by_text("If the check does not load")).to_be_hidden()


def test_after_several_failures_a_sign_in_asks(page: Page, guarded: Service, person: str) -> None:
    page.goto(f"{guarded.url}/login/")
    page.get_by_label("Email, username").fill(person)
    for _ in range(4):
        page.get_by_label("Password", exact=True).fill("the wrong password")
        page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("Show that you are not a robot.")).to_be_visible()
    page.get_by_label("Password", exact=True).fill("the wrong password")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("Wrong email or password.")).to_be_visible()


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_keeps_its_contrast(browser: Browser, guarded: Service, width: int, scheme: Any) -> None:
    for page in watched(browser, guarded, {"viewport": {"width": width, "height": 760}, "color_scheme": scheme}):
        label = page.get_by_text("Check that I am a person")
        expect(label).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        text = label.evaluate("label => getComputedStyle(label).color")
        ground = page.evaluate("getComputedStyle(document.querySelector('.altcha-main')).backgroundColor")
        assert contrast(text, ground) >= 7  # WCAG 1.4.6
        page.get_by_role("checkbox").press("Space")  # by keyboard as well
        expect(page.get_by_text(CHECKED)).to_be_visible()
