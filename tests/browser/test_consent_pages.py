"""A person signs up, signs in and signs in once more at an application, in Chromium, which holds each redirect after a
form to the policy of its page; and looks at what they let in."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import sign_up, type_code, watched
from tests.oauth import CHALLENGE
from tests.service import Service
from tests.vendors import listening

DECLARED = """
[applications.shop]
name = "The Shop"
type = "spa"
redirect_uris = ["{app}/callback"]
post_logout_redirect_uris = ["{app}/bye"]
"""


class App(BaseHTTPRequestHandler):
    """The application: a page at every path."""

    def do_GET(self) -> None:
        """The same page everywhere."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Shop</title><link rel=icon href=data:,><h1>The Shop</h1>")

    do_POST = do_GET  # noqa: N815 - the answer by a form

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def app() -> Iterator[str]:
    """Where the application is."""
    with listening(App) as url:
        yield url


@pytest.fixture(scope="module")
def service(app: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service, to which the application is declared."""
    folder: Path = tmp_path_factory.mktemp("consent")
    declared = folder / "applications.toml"
    declared.write_text(DECLARED.format(app=app))
    with Service(folder, host="localhost", APPLICATIONS_FILE=str(declared)) as running:
        yield running


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def has_script(request: pytest.FixtureRequest) -> bool:
    """Whether scripts run in the browser."""
    return bool(request.param)


@pytest.fixture
def page(has_script: bool, browser: Browser, service: Service, app: str) -> Iterator[Page]:
    """A browser of its own."""
    yield from watched(browser, service, {"java_script_enabled": has_script}, others=(app,))


def send(page: Page, service: Service, app: str, **more: str) -> None:
    """The application sends the browser to us."""
    asked = {
        "client_id": "shop",
        "redirect_uri": f"{app}/callback",
        "response_type": "code",
        "scope": "openid email offline_access",
        "state": "a state",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **more,
    }
    page.goto(f"{service.url}/oauth/authorize?{urlencode(asked)}")


def test_signing_up_inside_the_flow_and_once_more(
    page: Page, has_script: bool, service: Service, app: str, person: str
) -> None:
    send(page, service, app, prompt="create")
    expect(page.get_by_text("to continue to The Shop")).to_be_visible()
    sign_up(page, person)
    type_code(page, service.code_for(person))
    expect(page.get_by_role("heading", name="The Shop wants to sign you in")).to_be_visible()
    expect(page.get_by_text("Stay signed in, also while you are away")).to_be_visible()
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url(f"{app}/callback?code=*")
    assert parse_qs(urlsplit(page.url).query)["state"] == ["a state"]
    send(page, service, app, response_mode="form_post")
    if not has_script:
        page.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"{app}/callback")
    page.goto(f"{service.url}/account/applications/")
    expect(page.get_by_text("The Shop")).to_be_visible()
    page.get_by_role("button", name="Remove access of The Shop").click()
    expect(page.get_by_text("can no longer use your account")).to_be_visible()
    send(page, service, app)
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_url(f"{app}/callback?*error=access_denied*")


POST = """([action, fields]) => {
  const form = Object.assign(document.createElement("form"), {method: "post", action})
  for (const [name, value] of Object.entries(fields))
    form.append(Object.assign(document.createElement("input"), {name, value}))
  document.body.append(form)
  form.submit()
}"""


def test_signing_out_from_the_application(
    page: Page, has_script: bool, service: Service, app: str, person: str
) -> None:
    page.goto(f"{service.url}/register/")
    sign_up(page, person)
    type_code(page, service.code_for(person))
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    asked = {"client_id": "shop", "post_logout_redirect_uri": f"{app}/bye", "state": "a b"}
    page.goto(f"{service.url}/oauth/logout?{urlencode(asked)}")
    expect(page.get_by_role("heading", name="Sign out?")).to_be_visible()
    expect(page.get_by_text(person)).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="You are still signed in")).to_be_visible()
    page.get_by_role("link", name="Continue to The Shop").click()
    page.wait_for_url(f"{app}/bye")
    if has_script:  # a form that is posted from there brings no cookie of ours along
        page.evaluate(POST, [f"{service.url}/oauth/logout", asked])
    else:
        page.goto(f"{service.url}/oauth/logout?{urlencode(asked)}")
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url(f"{app}/bye?state=a+b")
    page.goto(f"{service.url}/account/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto(f"{service.url}/oauth/logout")
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
