"""The terminal program of examples/ signs its person in, who uses Chromium on a telephone meanwhile."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import account, watched
from tests.devices import DEVICE_CODE
from tests.service import Service

PROGRAM = Path(__file__).parents[2] / "examples/device_sign_in.py"
NAME = "Terminal of a shop with a long name"
TELEPHONE = {"viewport": {"width": 375, "height": 760}}


@pytest.fixture(params=[{}, {"java_script_enabled": False}], ids=["script", "no script"])
def page(request: pytest.FixtureRequest, browser: Browser, service: Service) -> Iterator[Page]:
    """A browser on a telephone."""
    yield from watched(browser, service, {**TELEPHONE, **request.param})


@pytest.fixture
def terminal(service: Service) -> Iterator[subprocess.Popen[str]]:
    """The program, which waits for its person."""
    kind = ("--type", "native", "--grant-type", DEVICE_CODE, "--token-endpoint-auth-method", "none")
    made = json.loads(service.told("create-application", NAME, *kind).stdout)
    argv = [sys.executable, str(PROGRAM), service.url, made["client_id"]]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        yield program
        program.kill()


def fits(page: Page) -> bool:
    """Whether nothing stands beyond the edge."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def printed_link(terminal: subprocess.Popen[str]) -> str:
    """What the program shows: the code, and the link that fills it in."""
    assert terminal.stdout
    code, link = terminal.stdout.readline(), terminal.stdout.readline()
    assert re.search(r"/device/ and type [A-Z]{4}-[A-Z]{4}$", code)
    return str(link.split()[-1])


def test_a_terminal_signs_in(page: Page, service: Service, terminal: subprocess.Popen[str]) -> None:
    person = f"device{service.port}-{terminal.pid}@example.com"
    account(page, service, person)
    page.goto(printed_link(terminal))
    assert re.fullmatch(r"[A-Z]{4}-[A-Z]{4}", page.get_by_label("Code").input_value())
    assert fits(page)
    page.get_by_role("button", name="Continue").click()
    expect(
        page.get_by_role("heading", name="Sign in to Terminal of a shop with a long name on a device?")
    ).to_be_visible()
    expect(page.get_by_text("only if you began this yourself")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_in_viewport()
    assert fits(page)
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_role("heading", name="Your device is connected")).to_be_visible()
    assert fits(page)
    out, errors = terminal.communicate(timeout=60)
    assert errors == ""
    assert out == f"Signed in as {person}\n"
