"""The examples, as somebody follows their README: a Django project and a single-page app, each with a library of the
field, sign a person up and in here, and out everywhere."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.people import sign_up, type_code
from tests.servers import free_port, until
from tests.service import Service
from tests.vendors import listening

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service, on this machine alone."""
    with Service(tmp_path_factory.mktemp("examples"), host="localhost") as running:
        yield running


def create_application(service: Service, name: str, *words: str) -> dict[str, Any]:
    """`vestibule create-application`."""
    made: dict[str, Any] = json.loads(service.told("create-application", name, *words).stdout)
    return made


class Files(SimpleHTTPRequestHandler):
    """Files of `folder`."""

    folder = ""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args, directory=self.folder)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def single_page(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the single-page app is served."""
    folder = tmp_path_factory.mktemp("single") / "page"
    shutil.copytree(EXAMPLES / "single_page", folder)
    with listening(type("Page", (Files,), {"folder": str(folder)})) as url:
        address = ["--redirect-uri", f"{url}/", "--post-logout-redirect-uri", f"{url}/"]
        made = create_application(service, "A single-page app", "--type", "spa", *address)
        (folder / "settings.json").write_text(json.dumps({"issuer": service.url, "clientId": made["client_id"]}))
        yield f"{url}/"


@pytest.fixture(scope="module")
def shop(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the Django project runs."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    address = ["--redirect-uri", f"{url}/oidc/callback/", "--post-logout-redirect-uri", f"{url}/"]
    address += ["--backchannel-logout-uri", f"{url}/oidc/backchannel/"]
    made = create_application(service, "A Django project", "--type", "web", *address)
    environment = {
        "PATH": os.environ["PATH"],
        "OIDC_ISSUER": service.url,
        "OIDC_CLIENT_ID": made["client_id"],
        "OIDC_CLIENT_SECRET": made["client_secret"],
        "SHOP_DATABASE": str(tmp_path_factory.mktemp("shop") / "shop.sqlite3"),
    }
    run = partial(subprocess.Popen, cwd=EXAMPLES / "django_project", env=environment)
    assert run([sys.executable, "manage.py", "migrate", "--verbosity", "0"]).wait() == 0
    with run([sys.executable, "manage.py", "runserver", "--noreload", str(port)], stderr=subprocess.DEVNULL) as running:
        until(partial(answers, url), "the Django project")
        yield url
        running.kill()


def answers(url: str) -> bool:
    """Whether something is there."""
    try:
        with urlopen(url, timeout=5):
            return True
    except (URLError, ConnectionError):
        return False


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A browser of its own."""
    context = browser.new_context()
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


def go_through(page: Page, service: Service, person: str) -> None:
    """Sign up on the way, and allow what is asked for."""
    sign_up(page, person)
    type_code(page, service.code_for(person))
    page.get_by_role("button", name="Allow").click()


def test_a_button_is_there_only_when_it_does_something(page: Page, single_page: str) -> None:
    held: list[Route] = []
    discovery = "**/.well-known/openid-configuration"
    page.route(discovery, lambda route: held.append(route))
    with page.expect_request(discovery):
        page.goto(single_page)
    expect(page.get_by_text("Loading")).to_be_visible()
    assert [button.is_visible() for button in page.get_by_role("button", include_hidden=True).all()] == [False] * 4
    held[0].continue_()
    expect(page.get_by_role("button", name="Sign up")).to_be_visible()


def test_a_django_project_and_a_single_page_app(
    page: Page, service: Service, single_page: str, shop: str, person: str
) -> None:
    page.goto(single_page)
    page.get_by_role("button", name="Sign up").click()
    go_through(page, service, person)
    expect(page.get_by_text(f"Signed in as {person}")).to_be_visible()
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_text("Refreshed")).to_be_visible()

    at_shop = page.context.new_page()
    at_shop.goto(shop)
    at_shop.get_by_role("link", name="Sign in").click()  # signed in here already: the person is only asked
    at_shop.get_by_role("button", name="Allow").click()
    expect(at_shop.get_by_text(f"Signed in as {person}")).to_be_visible()
    page.get_by_role("button", name="Sign out everywhere").click()
    expect(page.get_by_text("Nobody is signed in")).to_be_visible()
    told = partial(lambda: at_shop.goto(shop) is not None and at_shop.get_by_text("Nobody is signed in").count() == 1)
    until(told, "the Django project to hear of it")
