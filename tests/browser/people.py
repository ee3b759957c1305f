"""A person at a browser: how a page is opened and watched, and how they sign up."""

from collections.abc import Iterator
from typing import Any

from django.utils import timezone
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

from tests.factors import rfc_6238
from tests.service import Service
from tests.world import PASSWORD


def watched(
    browser: Browser, service: Service, options: dict[str, Any], others: tuple[str, ...] = ()
) -> Iterator[Page]:
    """Open the sign-up and hold everything against it that should not happen. `others` are what it may ask besides."""
    context = browser.new_context(**options)
    context.set_default_timeout(20_000)
    page = context.new_page()
    foreign: list[str] = []
    errors: list[str] = []

    def on_request(request: Request) -> None:
        if not request.url.startswith((service.url, "data:", *others)):
            foreign.append(request.url)

    def on_console(message: ConsoleMessage) -> None:
        provoked = (400, 401, 403, 409, 410, 429, 503)
        refused = any(f"status of {status}" in message.text for status in provoked)
        if message.type == "error" and not refused and not message.location["url"].startswith(others or "-"):
            errors.append(message.text)

    page.on("request", on_request)
    page.on("console", on_console)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{service.url}/register/")
    yield page
    context.close()
    assert foreign == []
    assert errors == []


def sign_up(page: Page, address: str, password: str = PASSWORD) -> None:
    """Fill in the form and send it."""
    page.get_by_label("Email").fill(address)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Continue", exact=True).click()


def type_code(page: Page, code: str) -> None:
    """Type it, and press Enter wherever the focus is by then: the page may have sent it by itself, and a click would
    wait for a button that is gone."""
    page.get_by_label("Verification code").fill(code)
    page.keyboard.press("Enter")


def account(page: Page, service: Service, person: str) -> None:
    """Sign up, which signs in."""
    sign_up(page, person)
    type_code(page, service.code_for(person))
    page.get_by_role("link", name="Go to your account").click()
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()


def sign_in(page: Page, service: Service, person: str, password: str = PASSWORD) -> None:
    """Through the form."""
    page.goto(f"{service.url}/login/")
    page.get_by_label("Email, username or phone number").fill(person)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def code(seed: str, steps: int = 0) -> str:
    """The code that the app shows so many steps from now."""
    return rfc_6238(seed, timezone.now().timestamp() + 30 * steps)


def set_up_app(page: Page, service: Service) -> str:
    """Set up an authenticator app, and return its seed; the recovery codes are shown."""
    page.goto(f"{service.url}/account/security/")
    page.get_by_role("button", name="Set up an authenticator app").click()
    seed = page.locator(".key code").inner_text().replace(" ", "")
    page.get_by_label("Code from the app").fill(code(seed))
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_role("heading", name="Keep your recovery codes")).to_be_visible()
    return seed
