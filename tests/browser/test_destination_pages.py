"""From an application to the pages and back, in Chromium, which holds also the redirect after a form to the policy of
its page."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import code, set_up_app, sign_up, type_code, watched
from tests.letters import LINK
from tests.servers import until
from tests.service import Service
from tests.vendors import listening
from tests.world import PASSWORD

REFERRERS: list[str] = []  # what the application was told of where its visitors came from
NEW_PASSWORD = "another long enough password"


class App(BaseHTTPRequestHandler):
    """A static site at another origin."""

    def do_GET(self) -> None:
        """The same page at every path."""
        REFERRERS.append(self.headers.get("Referer", ""))
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>App</title><link rel=icon href=data:,><h1>The application</h1>")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def app() -> Iterator[str]:
    """Where the application is."""
    with listening(App) as url:
        yield url


@pytest.fixture(scope="module")
def service(app: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service, which knows the application."""
    folder = tmp_path_factory.mktemp("destination")
    with Service(folder, host="localhost", REGISTRATION_MODE="pending", RETURN_URLS=app) as running:
        yield running


@pytest.fixture(params=[{}, {"java_script_enabled": False}], ids=["script", "no script"])
def page(request: pytest.FixtureRequest, browser: Browser, service: Service, app: str) -> Iterator[Page]:
    """A browser of its own."""
    REFERRERS.clear()
    yield from watched(browser, service, request.param, others=(app,))
    assert not any("?" in each or each.count("/") > 3 for each in REFERRERS)  # an origin at most


def come_from(page: Page, service: Service, app: str, path: str) -> str:
    """The application sends the person to that page; where it wants them back."""
    back = f"{app}/done?of={quote(path, safe='')}&step=2"
    page.goto(f"{service.url}{path}?return_to={quote(back, safe='')}")
    in_whose_name(page, app)
    return back


def in_whose_name(page: Page, app: str) -> None:
    """The page says whom it serves."""
    expect(page.get_by_role("banner")).to_contain_text(f"to continue to {app.removeprefix('http://')}")


def ended_there(page: Page, service: Service, back: str) -> None:
    """The person is back, and signed in with us."""
    expect(page.get_by_role("heading", name="The application")).to_be_visible()
    assert page.url == back
    page.goto(f"{service.url}/account/")
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()


def log_in(page: Page, person: str, password: str = PASSWORD) -> None:
    """Fill in the form."""
    page.get_by_label("Email, username or phone number").fill(person)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def mailed_path(service: Service, person: str, page: str) -> str:
    """The newest link to that page that was mailed, waited for: other mails of the person are on their way, too."""
    found: list[str] = []

    def arrived() -> bool:
        _, mailbox = service.get(f"/dev/mailbox/?to={person}")
        links = [match[0] for message in mailbox["messages"] for match in LINK.finditer(message["text"])]
        found[:] = [link for link in links if link.startswith(f"{page}?")]
        return bool(found)

    until(arrived, f"a link to {page} for {person}")
    return found[0]


def test_register_log_in_second_factor_and_reset(page: Page, service: Service, app: str, person: str) -> None:
    back = come_from(page, service, app, "/register/")
    sign_up(page, person)
    in_whose_name(page, app)
    type_code(page, service.code_for(person))
    ended_there(page, service, back)

    back = f"{app}/again"
    page.goto(f"{service.url}/login/?return_to={quote(back, safe='')}")  # signed in: nobody is asked
    ended_there(page, service, back)
    seed = set_up_app(page, service)
    recovery_code = page.locator("#codes code").first.inner_text()
    page.context.clear_cookies()

    back = come_from(page, service, app, "/login/")
    log_in(page, person, "not the right password")
    in_whose_name(page, app)
    log_in(page, person)
    in_whose_name(page, app)
    page.get_by_label("Code from the app").fill(code(seed, 1))
    page.get_by_role("button", name="Sign in").click()
    ended_there(page, service, back)
    page.context.clear_cookies()

    back = come_from(page, service, app, "/login/")
    page.get_by_role("link", name="Forgot your password?").click()
    in_whose_name(page, app)
    page.get_by_label("Email").fill(person)
    page.get_by_role("button", name="Send").click()
    in_whose_name(page, app)
    page.goto(service.url + mailed_path(service, person, "/password/reset/confirm/"))
    in_whose_name(page, app)
    page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("link", name="Continue to")).to_have_attribute("href", back)
    log_in(page, person, NEW_PASSWORD)
    page.get_by_role("button", name="Use a recovery code").click()
    page.get_by_label("Recovery code").fill(recovery_code)
    page.get_by_role("button", name="Sign in").click()
    ended_there(page, service, back)


def test_the_link_of_the_mail_and_a_reload_of_the_page_that_waits(
    page: Page, service: Service, app: str, person: str
) -> None:
    back = come_from(page, service, app, "/register/")
    sign_up(page, person)
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    page.goto(f"{service.url}/verify-otp/")
    in_whose_name(page, app)
    page.goto(service.url + mailed_path(service, person, "/verify-email/"))
    in_whose_name(page, app)
    page.get_by_role("button", name="Confirm my address").click()
    ended_there(page, service, back)


def test_the_first_tab_goes_on_by_itself(browser: Browser, service: Service, app: str, person: str) -> None:
    """It is asked to sign in, since another device proved the address."""
    for page in watched(browser, service, {}, others=(app,)):
        back = come_from(page, service, app, "/register/")
        sign_up(page, person)
        expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
        for other in watched(browser, service, {}):
            other.goto(service.url + mailed_path(service, person, "/verify-email/"))
            other.get_by_label("Password", exact=True).fill(PASSWORD)
            other.get_by_role("button", name="Confirm my address").click()
            expect(other.get_by_role("heading", name="Welcome")).to_be_visible()
        page.wait_for_url("**/login/?**")
        log_in(page, person)
        ended_there(page, service, back)


@pytest.mark.parametrize("width", [375, 1280])
def test_every_page_that_says_so_fits(browser: Browser, service: Service, app: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 760})
    page = context.new_page()
    for path in ("/login/", "/register/", "/password/reset/", "/login/magic/", "/verify-email/resend/", "/verify-otp/"):
        come_from(page, service, app, path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    context.close()
