"""`vestibule demo` in Chromium: an app beside the service that uses it by the API, by the pages, and by its tokens."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import type_code
from tests.servers import free_port, until
from tests.service import Service
from tests.world import PASSWORD

ADA, BOB, EVE = "ada@example.com", "bob@example.com", "eve@example.com"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, str]]:
    """The service that the command started, and the address of the app."""
    service, port = Service(tmp_path_factory.mktemp("demo"), "localhost"), free_port()
    command = service.start("demo", "--port", str(port))
    until(service.answers, "the service of the demo")
    yield service, f"http://localhost:{port}"
    service.ask_to_stop("demo")
    command.wait(timeout=20)
    assert not service.answers()  # it ends with the command


@pytest.fixture
def page(browser: Browser, demo: tuple[Service, str]) -> Iterator[Page]:
    """The app, whose console stays clean."""
    context = browser.new_context()
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(demo[1])
    yield page
    context.close()
    assert errors == []


def test_by_the_api_and_in_a_service_of_its_own(page: Page, demo: tuple[Service, str]) -> None:
    page.get_by_label("Email").fill(ADA)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    page.get_by_label("Code").fill(demo[0].code_for(ADA))
    page.get_by_role("button", name="Confirm").click()
    person = page.locator("#person")
    expect(person).to_contain_text(ADA)
    page.get_by_role("button", name="Ask it who I am").click()
    expect(page.locator("#answer")).to_contain_text('"sub"')
    told = json.loads(page.locator("#answer").inner_text())
    assert told["sub"] in person.inner_text()


def test_by_openid_connect(page: Page, demo: tuple[Service, str]) -> None:
    service, app = demo
    _, begun = service.post("/api/auth/register/start", {"email": EVE, "password": PASSWORD})
    proof = {"registration": begun["registration"], "otp": service.code_for(EVE)}
    assert service.post("/api/auth/register/confirm", proof)[0] == 201
    page.get_by_role("button", name="Sign in by OpenID Connect").click()
    page.get_by_label("Email, username or phone number").fill(EVE)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Orchard wants to sign you in")).to_be_visible()
    page.get_by_role("button", name="Allow").click()
    expect(page.locator("#openid-person")).to_contain_text(EVE)
    assert page.url == f"{app}/"
    page.get_by_role("button", name="Sign in by OpenID Connect").click()  # now it is a matter of two redirects
    expect(page.locator("#openid-person")).to_contain_text(EVE)


def test_a_refusal_of_the_person_is_told(page: Page, demo: tuple[Service, str]) -> None:
    page.goto(f"{demo[1]}/?error=access_denied&state=another&iss={demo[0].url}")
    expect(page.locator("#openid-trouble")).to_have_text("This answer is not for us.")


def test_by_the_pages_and_back(page: Page, demo: tuple[Service, str]) -> None:
    service, app = demo
    expect(page.get_by_text("You are back from the pages.")).to_be_hidden()
    page.get_by_role("link", name="Sign up").click()
    page.get_by_label("Email").fill(BOB)
    page.locator("input[type=password]").first.fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    type_code(page, service.code_for(BOB))
    page.wait_for_url(f"{app}/**", wait_until="commit")
    expect(page.get_by_text("You are back from the pages.")).to_be_visible()


def test_a_refusal_is_said_in_the_words_of_the_answer(demo: tuple[Service, str], browser: Browser) -> None:
    page = browser.new_page()
    page.goto(demo[1])
    page.get_by_label("Email").fill("nobody@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("#trouble")).not_to_be_empty()
    page.close()


def test_it_runs_only_beside_the_mailbox(tmp_path: Path) -> None:
    mail = {"EMAIL_HOST": "smtp.example.com", "DEFAULT_FROM_EMAIL": "no-reply@example.com"}
    told = Service(tmp_path).told("demo", **mail)
    assert told.returncode == 1
    assert "with the mailbox" in told.stderr
