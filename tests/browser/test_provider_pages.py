"""Other providers by page, in Chromium: through a real OpenID provider, and the fakes of GitHub and Apple. They are at
another site than the service, so that what a browser keeps from other sites is kept from them."""

from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from itertools import count
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import account, code, set_up_app, type_code, watched
from tests.providers import AppleFake, GitHubFake, Person, providing
from tests.real_provider import RealProvider
from tests.service import Service
from tests.vendors import listening
from tests.world import PASSWORD

NUMBERS = count(583_231)  # who somebody is at GitHub
PICO = "https://cdn.jsdelivr.net/"  # a stylesheet of the real provider's pages


@pytest.fixture(scope="module")
def acme() -> Iterator[RealProvider]:
    """The real one."""
    running = RealProvider()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def github() -> GitHubFake:
    """Served with the service."""
    return GitHubFake()


@pytest.fixture(scope="module")
def apple() -> AppleFake:
    """Served with the service."""
    return AppleFake()


class App(BaseHTTPRequestHandler):
    """A single-page client at FRONTEND_URL."""

    page = ""

    def do_GET(self) -> None:
        """The same page at every path."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self.page.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def app() -> Iterator[str]:
    """Where the client is."""
    with listening(App) as url:
        yield url


@pytest.fixture(scope="module")
def service(
    acme: RealProvider, github: GitHubFake, apple: AppleFake, app: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """One with the three of them, and with the client."""
    with ExitStack() as stack:
        for fake in (github, apple):
            stack.enter_context(providing(fake))
        settings = {"acme": acme.settings(), "github": github.settings(), "apple": apple.settings()}
        variables = {
            f"SOCIAL_{id}_{name}".upper(): value for id, said in settings.items() for name, value in said.items()
        }
        folder = tmp_path_factory.mktemp("providers")
        variables |= {"MAGIC_LINK": "off", "FRONTEND_URL": app, "CORS_ALLOWED_ORIGINS": app}
        running = stack.enter_context(Service(folder, host="localhost", **variables))
        App.page = (Path(__file__).parent / "single_page_client.html").read_text().replace("API", running.url, 1)
        yield running


@pytest.fixture(params=[{}, {"java_script_enabled": False}], ids=["script", "no script"])
def page(request: pytest.FixtureRequest, browser: Browser, service: Service) -> Iterator[Page]:
    """A page at the sign-up."""
    for opened in watched(browser, service, request.param, others=("http://127.0.0.1:", PICO)):
        opened.route(f"{PICO}**", lambda route: route.fulfill(content_type="text/css", body=""))
        yield opened


def come_from(page: Page, acme: RealProvider, somebody: Person) -> None:
    """The button, and the provider's page."""
    acme.know(somebody)
    page.get_by_role("button", name="Continue with Acme").click()
    agree(page, somebody)


def agree(page: Page, somebody: Person) -> None:
    """The provider's page."""
    page.get_by_placeholder("sub").fill(somebody.sub)
    page.get_by_role("button", name="Authorize", exact=True).click()


def test_signed_up_signed_in_linked_and_taken_off(
    page: Page, acme: RealProvider, service: Service, github: GitHubFake, person: str
) -> None:
    somebody = Person(sub=person, email=person)
    come_from(page, acme, somebody)
    page.get_by_role("link", name="Go to your account").click()
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()
    page.context.clear_cookies()
    page.goto(f"{service.url}/login/")
    come_from(page, acme, somebody)
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()

    page.get_by_role("link", name="Security").click()
    page.get_by_role("link", name=f"Manage Acme ({person})").click()
    page.get_by_role("button", name=f"Remove Acme ({person})").click()
    expect(page.get_by_role("alert")).to_have_text(
        "Without this you could not get into your account. Add another way first."
    )
    page.get_by_role("link", name="Security").click()
    github.person = Person(sub=str(next(NUMBERS)), email="ada@elsewhere.example")
    page.get_by_role("button", name="Connect GitHub").click()
    expect(page.get_by_text("From then on, ada@elsewhere.example at GitHub signs in to this account.")).to_be_visible()
    page.get_by_role("button", name="Link GitHub").click()
    expect(page.get_by_role("status")).to_have_text("It is linked. From now on you can sign in with it.")
    page.get_by_role("link", name=f"Manage Acme ({person})").click()
    page.get_by_role("button", name=f"Remove Acme ({person})").click()  # it has opened this very session
    page.goto(f"{service.url}/login/")
    page.get_by_role("button", name="Continue with GitHub").click()
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()
    page.get_by_role("link", name="Security").click()
    expect(page.get_by_role("button", name="Connect Acme")).to_be_visible()
    expect(page.get_by_role("button", name="Connect GitHub")).to_have_count(0)


def test_an_account_with_the_address_is_entered_first(
    page: Page, acme: RealProvider, service: Service, person: str
) -> None:
    account(page, service, person)
    page.context.clear_cookies()
    page.goto(f"{service.url}/login/")
    somebody = Person(sub=person, email=person)
    come_from(page, acme, somebody)
    told = f"{person} has an account here already. Sign in to it, then link Acme."
    told += " Ways to sign in to it: with its password."
    expect(page.get_by_role("alert")).to_have_text(told)
    expect(page.get_by_role("button", name="Continue with Acme")).to_have_count(0)
    page.get_by_label("Password", exact=True).fill("not the password")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_label("Email, username or phone number")).to_have_value(person)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text(f"From then on, {person} at Acme signs in to this account.")).to_be_visible()
    page.get_by_role("button", name="Link Acme").click()
    expect(page.get_by_role("status")).to_have_text("It is linked. From now on you can sign in with it.")
    page.context.clear_cookies()
    page.goto(f"{service.url}/login/")
    come_from(page, acme, somebody)
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()


def test_apple_answers_by_a_form_of_its_own_site_and_a_second_factor_is_asked_for(
    page: Page, service: Service, apple: AppleFake, person: str
) -> None:
    apple.person = Person(sub=person, email=person)
    page.get_by_role("button", name="Continue with Apple").click()
    page.get_by_role("button", name="Continue").click()  # at Apple
    page.get_by_role("link", name="Go to your account").click()
    expect(page.get_by_role("listitem").filter(has_text="Full name")).to_contain_text("Ada Lovelace")
    seed = set_up_app(page, service)
    page.context.clear_cookies()
    page.goto(f"{service.url}/login/")
    page.get_by_role("button", name="Continue with Apple").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Code from the app").fill(code(seed, 1))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()


def test_an_address_that_the_provider_has_not_proved_is_proved_here(
    page: Page, service: Service, github: GitHubFake, person: str
) -> None:
    github.person = Person(sub=str(next(NUMBERS)), email="x@example.com", verified=False)
    page.get_by_role("button", name="Continue with GitHub").click()
    expect(page.get_by_text("GitHub did not confirm an email address of yours.")).to_be_visible()
    page.get_by_label("Email").fill(person)
    page.get_by_role("button", name="Continue").click()
    type_code(page, service.code_for(person))
    page.get_by_role("link", name="Go to your account").click()
    page.get_by_role("link", name="Security").click()
    expect(page.get_by_text("GitHub x@example.com")).to_be_visible()


def test_what_goes_wrong_is_said_in_words(page: Page, service: Service, github: GitHubFake) -> None:
    page.get_by_role("button", name="Continue with Acme").click()
    [state] = parse_qs(urlsplit(page.url).query)["state"]  # which this provider forgets when somebody denies
    page.goto(f"{service.url}/social/acme/callback/?error=access_denied&state={quote(state)}")
    alert = page.get_by_role("alert")
    expect(alert).to_have_text("Acme did not sign you in: you cancelled it there, or it refused.")
    page.get_by_role("link", name="Sign in").click()
    github.answers["/token"] = lambda: (500, {}, "down")
    page.get_by_role("button", name="Continue with GitHub").click()
    expect(alert).to_have_text("GitHub did not answer, or we can't take its answer right now.")
    github.answers.clear()
    page.reload()
    expect(alert).to_have_text(
        "What came back from GitHub does not belong to a sign-in of this browser, or was used before."
    )


def test_a_single_page_client_signs_up_and_in_by_the_api(
    browser: Browser, service: Service, acme: RealProvider, app: str, person: str
) -> None:
    somebody = Person(sub=person, email=person)
    acme.know(somebody)
    page = browser.new_context().new_page()
    page.set_default_timeout(20_000)
    page.route(f"{PICO}**", lambda route: route.fulfill(content_type="text/css", body=""))
    for status in (201, 200):
        page.goto(app)
        page.get_by_role("button", name="Sign in with Acme").click()
        agree(page, somebody)
        expect(page.get_by_role("status")).to_have_text(f"{status} {person} token_used")
        assert page.url.startswith(f"{app}/back?tab=1&social_code=")
    page.context.close()
