"""The admin in Chromium, from the command line's invitation on: nothing foreign is asked for, and nothing breaks the
Content-Security-Policy."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import axe
from tests.browser.people import watched
from tests.browser.test_account_pages import letter, link
from tests.service import Service
from tests.world import PASSWORD


@pytest.fixture
def page(browser: Browser, service: Service) -> Iterator[Page]:
    """A page at the sign-up."""
    options = {"color_scheme": "dark", "reduced_motion": "reduce", "viewport": {"width": 1280, "height": 800}}
    for page in watched(browser, service, options):
        axe.bring_along(page.context)
        yield page


def test_from_the_invitation_to_the_last_admin(page: Page, service: Service, person: str) -> None:
    service.run("create-admin", person)
    page.goto(service.url + link(letter(service, person, "invited to administer"), "/password/reset/confirm/"))
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_text("Your password is changed.")).to_be_visible()
    page.goto(f"{service.url}/admin/")
    page.get_by_label("Email, username or phone number").fill(person)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Sign-ups")).to_be_visible()
    expect(page.get_by_text("Median time to verify")).to_be_visible()
    expect(page.get_by_role("img", name="Email: sign-ups by day")).to_be_visible()
    assert page.evaluate("document.documentElement.className") == "dark"
    page.get_by_text(person).first.click()  # the menu of who is signed in
    page.get_by_text("Light", exact=True).click()
    assert page.evaluate("document.documentElement.className") == "light"
    page.get_by_role("link", name="People").click()
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("link", name="Admin", exact=True).click()
    page.get_by_role("textbox").fill(person)
    page.keyboard.press("Enter")
    page.get_by_role("link", name=person).click()
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    of_person = page.url.partition("/admin/")[2]
    page.get_by_role("link", name="Suspend").click()
    page.get_by_label("Reason").fill("To see who says no")
    page.get_by_role("button", name="Suspend").click()
    expect(page.get_by_role("alert")).to_have_text("Somebody has to be admin: name another first.")
    page.get_by_role("link", name="Applications").click()
    page.get_by_role("link", name="New application").click()
    page.get_by_label("Name").fill("Shop")
    page.get_by_label("Redirect addresses").fill("http://shop.example/back")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text("Use https addresses without a fragment")).to_be_visible()
    page.get_by_label("Redirect addresses").fill("https://shop.example/back")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text("the only time that the secret is shown")).to_be_visible()
    page.get_by_role("link", name="I have kept it").click()
    expect(page.get_by_role("heading", name="Secrets")).to_be_visible()
    of_shop = page.url.partition("/admin/")[2]
    application = ("applications/application/", "applications/application/add/", of_shop, f"{of_shop}change/")
    found: dict[str, list[str]] = {}
    for path in ("", "accounts/user/", of_person, "courier/message/", "audit/auditevent/", "export/", *application):
        page.goto(f"{service.url}/admin/{path}")
        found[path] = axe.find_violations(page)
        page.evaluate("document.documentElement.className = 'dark'")
        found[f"{path} (dark)"] = axe.find_faint_text(page)
        page.set_viewport_size({"width": 360, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        page.set_viewport_size({"width": 1280, "height": 800})
    assert not {path: each for path, each in found.items() if each}
