"""From the sign-up to the account by keyboard alone: every stop can be seen, and none is a trap."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import watched
from tests.service import Service
from tests.world import PASSWORD

MOST_STOPS = 60
# What has the focus: its name, and whether a person sees that it has it.
FOCUSED = """() => {
  const at = document.activeElement, {outlineStyle, outlineWidth} = getComputedStyle(at);
  const named = at.labels?.[0]?.innerText ?? at.getAttribute("aria-label") ?? at.innerText;
  const box = at.getBoundingClientRect();
  const onScreen = box.top >= 0 && box.bottom <= innerHeight && box.width > 0;
  const isOutlined = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  return {tag: at.tagName, name: named.trim(), seen: isOutlined && onScreen};
}"""


@pytest.fixture
def page(browser: Browser, service: Service) -> Iterator[Page]:
    """A page at the sign-up."""
    yield from watched(browser, service, {"viewport": {"width": 1280, "height": 800}})


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what is called so has the focus; every stop on the way is seen, and they do not go round."""
    stops: list[str] = []
    while not stops or stops[-1] != name:
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        assert focused["tag"] != "BODY", stops
        assert focused["seen"], focused
        stops.append(focused["name"].splitlines()[0])
        assert len(stops) < MOST_STOPS, stops


def follow(page: Page, name: str, heading: str) -> None:
    """Go to what is called so and press it; the page with this heading comes."""
    tab_to(page, name)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=heading)).to_be_visible()


def test_a_person_signs_up_and_goes_through_the_account_by_keyboard(page: Page, service: Service, person: str) -> None:
    assert page.evaluate(FOCUSED)["name"] == "Email"
    page.keyboard.type(person)
    tab_to(page, "Password")
    page.keyboard.type(PASSWORD)
    tab_to(page, "Continue")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Verification code")).to_be_focused()
    page.keyboard.type(service.code_for(person))  # a complete one is sent by itself, once the script is there
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    follow(page, "Go to your account", "Profile")
    follow(page, "Security", "Security")
    tab_to(page, "Download")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Download my data")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Security")).to_be_visible()
    follow(page, "Sign out", "Sign out?")
    follow(page, "Sign out", "Sign in")
