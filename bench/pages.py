"""What a page weighs in a browser that has nothing of ours yet: requests, and bytes as they come over the wire.

`make page-weight` prints it for the pages that people meet first. The bytes are Chromium's own count
(`Network.loadingFinished`), headers and compression included.
"""

import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.service import Service

ADA, PASSWORD = "ada@example.com", "correct horse battery staple"
SETTLED = 2000  # milliseconds after which a script has asked for what it wants: reading Swagger UI's takes one
PATHS = (
    *("/register/", "/login/", "/verify-otp/", "/account/", "/account/security/", "/account/sessions/"),
    *("/account/activity/", "/dev/mailbox/", "/api/docs", "/admin/"),
)


@dataclass
class Weight:
    """Of one page."""

    by_id: dict[str, float] = field(default_factory=dict)

    @property
    def requests(self) -> int:
        """How many were made."""
        return len(self.by_id)

    @property
    def bytes(self) -> int:
        """Of all its requests."""
        return round(sum(self.by_id.values()))


def weigh(browser: Browser, service: Service, path: str, state: Any, *, types: bool = False) -> Weight:
    """Open the page with an empty cache, and type a password if `types`."""
    weight = Weight()
    context = browser.new_context(storage_state=state)
    page = context.new_page()
    line = context.new_cdp_session(page)
    line.send("Network.enable")

    def begin(event: dict[str, Any]) -> None:
        if event["request"]["url"].startswith("http"):  # not data: in a style sheet
            weight.by_id[event["requestId"]] = 0

    def end(event: dict[str, Any]) -> None:
        if event["requestId"] in weight.by_id:
            weight.by_id[event["requestId"]] = event["encodedDataLength"]

    line.on("Network.requestWillBeSent", begin)
    line.on("Network.loadingFinished", end)
    page.goto(service.url + path, wait_until="networkidle")
    if types:
        page.locator("input[type=password]").first.press_sequentially("correct horse")
    page.wait_for_timeout(SETTLED)
    page.wait_for_load_state("networkidle")
    context.close()
    return weight


def main() -> None:
    """Print a row for each page."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium-headless-shell") or shutil.which("chromium")
    with TemporaryDirectory() as folder, _service(folder) as service, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        waiting, inside = _sign_up(browser.new_page(), service)
        for path in PATHS:
            state = {"/verify-otp/": waiting}.get(path, inside if path.startswith(("/account", "/admin")) else None)
            _print_row(path, weigh(browser, service, path, state))
        _print_row("/register/, and a password typed", weigh(browser, service, "/register/", None, types=True))
        browser.close()


def _service(folder: str) -> Service:
    """One whose admins need no second factor."""
    return Service(Path(folder), "localhost", MFA_REQUIRED_ROLES="none")


def _sign_up(page: Page, service: Service) -> tuple[Any, Any]:
    """The cookies of a browser that waits for its code, and of one that is signed in as an admin."""
    service.run("create-admin", ADA)
    page.goto(f"{service.url}/register/")
    page.get_by_label("Email").fill("grace@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    page.locator("input[autocomplete=one-time-code]").first.wait_for()
    waiting = page.context.storage_state()
    _, mailbox = service.get(f"/dev/mailbox/?to={ADA}")
    page.goto(next(word for word in mailbox["messages"][0]["text"].split() if "?token=" in word))
    page.locator("input[type=password]").first.fill(PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    page.get_by_label("Email, username or phone number").fill(ADA)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/account/**")
    return waiting, page.context.storage_state()


def _print_row(label: str, weight: Weight) -> None:
    sys.stdout.write(f"{label:36} {weight.requests:3} requests {weight.bytes:9,} bytes\n")


if __name__ == "__main__":
    main()
