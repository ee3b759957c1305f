"""A mail that came back: the provider's webhook through anymail, and what the waiting page makes of it."""

import json
import re
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.people import sign_up, type_code, watched
from tests.servers import until
from tests.service import Service
from tests.vendors import Postmark, serving
from tests.world import PASSWORD

SECRET = "provider:a secret of the webhook"


@pytest.fixture(scope="module")
def postmark() -> Iterator[Postmark]:
    """The provider."""
    with serving(vendor := Postmark()) as vendor.url:
        yield vendor


@pytest.fixture(scope="module")
def house(postmark: Postmark, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service that mails through it."""
    with Service(
        tmp_path_factory.mktemp("bounce"),
        REGISTRATION_MODE="pending",
        EMAIL_BACKEND="anymail.backends.postmark.EmailBackend",
        ANYMAIL_POSTMARK_SERVER_TOKEN=Postmark.TOKEN,
        ANYMAIL_POSTMARK_API_URL=postmark.url,
        ANYMAIL_WEBHOOK_SECRET=SECRET,
        BIND="127.0.0.1",
        DEFAULT_FROM_EMAIL="no-reply@example.com",
    ) as service:
        yield service


def mail_to(postmark: Postmark, address: str) -> dict[str, Any]:
    """The mail that went to that address, waited for."""
    until(lambda: any(mail["To"] == address for mail in postmark.sent), f"a mail to {address}")
    return next(mail for mail in postmark.sent if mail["To"] == address)


def knock(service: Service, event: dict[str, Any], secret: str = SECRET) -> int:
    """POST the event as the provider does; the status of the answer."""
    headers = {
        "Content-Type": "application/json",
        "Authorization": "Basic " + b64encode(secret.encode()).decode(),
    }
    request = urllib.request.Request(f"{service.url}/webhooks/mail", json.dumps(event).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def status(service: Service, registration: str) -> str:
    """What register/status says."""
    return str(service.post("/api/auth/register/status", {"registration": registration})[1]["status"])


def test_the_page_says_that_the_mail_came_back(
    browser: Browser, house: Service, postmark: Postmark, person: str
) -> None:
    for page in watched(browser, house, {}):
        sign_up(page, person)
        expect(page.get_by_text("came back")).to_be_hidden()
        assert knock(house, postmark.bounce(mail_to(postmark, person))) == 200
        expect(page.get_by_text("came back")).to_be_visible(timeout=30_000)
        page.get_by_label("Email").fill(f"right.{person}")
        page.get_by_role("button", name="Send the code there").click()
        expect(page.get_by_text("came back")).to_be_hidden()
        code = re.search(r"^ {4}(\d{6})$", mail_to(postmark, f"right.{person}")["TextBody"], re.MULTILINE)
        assert code
        type_code(page, code[1])
        expect(page.get_by_role("heading", name="Welcome")).to_be_visible()


def test_a_bounced_address_gets_no_second_mail(house: Service, postmark: Postmark, person: str) -> None:
    first = house.post("/api/auth/register", {"email": person, "password": PASSWORD})[1]["registration"]
    mail = mail_to(postmark, person)
    knock(house, postmark.bounce(mail))
    knock(house, postmark.delivery(mail))  # told late: what came back stays so
    assert status(house, first) == "bounced"
    again = house.post("/api/auth/register", {"email": person, "password": PASSWORD})
    assert (again[0], status(house, again[1]["registration"])) == (201, "bounced")
    other = house.post("/api/auth/register", {"email": f"other.{person}", "password": PASSWORD})[1]
    mail_to(postmark, f"other.{person}")  # the worker has seen to what was before it
    assert [each["To"] for each in postmark.sent].count(person) == 1
    assert status(house, other["registration"]) == "waiting"


def test_a_complaint_ends_the_mails_too_and_a_delivery_does_not(
    house: Service, postmark: Postmark, person: str
) -> None:
    registration = house.post("/api/auth/register", {"email": person, "password": PASSWORD})[1]["registration"]
    mail = mail_to(postmark, person)
    assert knock(house, postmark.delivery(mail)) == 200
    assert status(house, registration) == "waiting"
    knock(house, postmark.complaint(mail))
    again = house.post("/api/auth/register", {"email": person, "password": PASSWORD})[1]["registration"]
    assert status(house, again) == "bounced"


def test_a_stranger_is_not_the_provider(house: Service, postmark: Postmark, person: str) -> None:
    registration = house.post("/api/auth/register", {"email": person, "password": PASSWORD})[1]["registration"]
    event = postmark.bounce(mail_to(postmark, person))
    assert knock(house, event, "provider:guessed") == 400
    assert status(house, registration) == "waiting"
    strange: dict[str, Any]
    for strange in ({"Metadata": {}}, {"Metadata": {"message": "x"}}, {"Metadata": {"message": SECRET}}):
        assert knock(house, {**event, **strange}) == 200
    assert status(house, registration) == "waiting"
