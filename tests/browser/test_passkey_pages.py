"""Passkeys by page, in Chromium with a virtual authenticator (CDP, WebAuthn domain)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.browser.people import account, set_up_app, sign_in, watched
from tests.servers import until
from tests.service import Service

TELLS = """
window.signalled = [];
for (const method of ["signalAllAcceptedCredentials", "signalCurrentUserDetails", "signalUnknownCredential"]) {
  const signal = PublicKeyCredential[method];
  PublicKeyCredential[method] = (told) => {
    window.signalled.push([method, told]);
    return signal.call(PublicKeyCredential, told);
  };
}
"""


@dataclass
class Authenticator:
    """A device of the browser, and the events that Chromium told of it."""

    cdp: CDPSession
    id: str = ""
    events: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cdp.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        self.id = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
        for name in ("credentialAdded", "credentialAsserted", "credentialDeleted", "credentialUpdated"):
            self.cdp.on(f"WebAuthn.{name}", lambda _, name=name: self.events.append(name))

    def is_touched(self, touched: bool) -> None:
        """Whether it is touched whenever it waits for that."""
        self.cdp.send("WebAuthn.setAutomaticPresenceSimulation", {"authenticatorId": self.id, "enabled": touched})

    def knows_its_user(self, known: bool) -> None:
        """Whether the fingerprint is the right one."""
        self.cdp.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": known})

    def credentials(self) -> list[dict[str, Any]]:
        """The passkeys that it holds."""
        held: list[dict[str, Any]] = self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.id})[
            "credentials"
        ]
        return held


@pytest.fixture
def page(browser: Browser, service: Service) -> Iterator[Page]:
    """A page at the sign-up."""
    yield from watched(browser, service, {})


@pytest.fixture
def authenticator(page: Page) -> Authenticator:
    """The authenticator of its browser."""
    return Authenticator(page.context.new_cdp_session(page))


def add_passkey(page: Page, service: Service, name: str = "") -> None:
    """Make a passkey on the security page."""
    page.goto(f"{service.url}/account/security/")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Create the passkey").click()
    expect(page.get_by_text("Your passkey is saved.")).to_be_visible()


def test_made_and_signed_in_with_by_button(
    page: Page, authenticator: Authenticator, service: Service, person: str
) -> None:
    account(page, service, person)
    add_passkey(page, service, "Blue key")
    assert page.locator(".codes code").count() == 10
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Passkeys 1 passkey")).to_be_visible()
    page.context.clear_cookies()
    authenticator.is_touched(False)
    page.goto(f"{service.url}/login/")
    page.get_by_label("Stay signed in").check()
    authenticator.is_touched(True)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()
    [cookie] = [cookie for cookie in page.context.cookies() if cookie["name"] == "session"]
    month = 28 * 86_400
    assert cookie["expires"] > page.evaluate("Date.now() / 1000") + month
    page.goto(f"{service.url}/account/sessions/")
    expect(page.get_by_text("by passkey", exact=False).first).to_be_visible()


def test_signed_in_by_autofill(page: Page, authenticator: Authenticator, service: Service, person: str) -> None:
    account(page, service, person)
    add_passkey(page, service)
    page.context.clear_cookies()
    page.goto(f"{service.url}/login/")
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()
    assert "credentialAsserted" in authenticator.events


def test_a_second_factor_and_a_step_up(page: Page, authenticator: Authenticator, service: Service, person: str) -> None:
    account(page, service, person)
    add_passkey(page, service)
    page.context.clear_cookies()
    authenticator.is_touched(False)  # not by autofill
    sign_in(page, service, person)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    expect(page.get_by_role("button", name="Use a passkey")).to_be_focused()
    authenticator.knows_its_user(False)
    authenticator.is_touched(True)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text(
        "That was cancelled, or took too long. Nothing has changed. You can try again."
    )
    authenticator.knows_its_user(True)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()
    page.goto(f"{service.url}/account/confirm/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Security")).to_be_visible()


def test_the_same_device_twice_and_a_removal_that_the_browser_hears_of(
    page: Page, authenticator: Authenticator, service: Service, person: str
) -> None:
    page.add_init_script(TELLS)
    account(page, service, person)
    add_passkey(page, service, "Blue key")
    page.goto(f"{service.url}/account/security/passkey/")
    page.get_by_role("button", name="Create the passkey").click()
    expect(page.get_by_role("alert")).to_have_text("This device already has a passkey for your account.")
    page.goto(f"{service.url}/account/security/")
    page.get_by_role("link", name="Manage Passkeys").click()
    page.get_by_role("link", name="Change Blue key").click()
    page.get_by_role("button", name="Remove Blue key").click()
    expect(page.get_by_text("Your passkey is removed.")).to_be_visible()
    told = dict(page.evaluate("window.signalled"))
    assert told["signalAllAcceptedCredentials"]["allAcceptedCredentialIds"] == []
    assert told["signalCurrentUserDetails"]["name"] == person
    until(lambda: not authenticator.credentials(), "the passkey to go")
    assert "credentialDeleted" in authenticator.events


def test_a_passkey_that_we_do_not_know_is_told_to_the_browser(
    page: Page, authenticator: Authenticator, service: Service, person: str
) -> None:
    page.add_init_script(TELLS)
    account(page, service, person)
    add_passkey(page, service, "Blue key")
    [kept] = authenticator.credentials()
    page.goto(f"{service.url}/account/security/")
    page.get_by_role("link", name="Manage Passkeys").click()
    page.get_by_role("link", name="Change Blue key").click()
    page.get_by_role("button", name="Remove Blue key").click()
    expect(page.get_by_text("Your passkey is removed.")).to_be_visible()
    until(lambda: not authenticator.credentials(), "the passkey to go")
    authenticator.is_touched(False)
    page.context.clear_cookies()
    page.goto(f"{service.url}/login/")
    authenticator.cdp.send("WebAuthn.addCredential", {"authenticatorId": authenticator.id, "credential": kept})
    authenticator.is_touched(True)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert").first).to_contain_text("No account here has this passkey.")
    assert [method for method, _ in page.evaluate("window.signalled")] == ["signalUnknownCredential"]


def test_a_browser_of_level_2_makes_and_uses_them(
    page: Page, authenticator: Authenticator, service: Service, person: str
) -> None:
    page.add_init_script(
        "for (const name of ['parseCreationOptionsFromJSON', 'parseRequestOptionsFromJSON',"
        " 'isConditionalMediationAvailable']) PublicKeyCredential[name] = undefined;"
        "PublicKeyCredential.prototype.toJSON = undefined;"
    )
    account(page, service, person)
    add_passkey(page, service)
    page.context.clear_cookies()
    page.goto(f"{service.url}/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()


def test_without_script_or_passkeys_the_page_says_so(browser: Browser, service: Service, person: str) -> None:
    for page in watched(browser, service, {"java_script_enabled": False}):
        account(page, service, person)
        page.goto(f"{service.url}/account/security/passkey/")
        expect(page.locator("noscript p")).to_be_visible()  # texts in it are not found by text
        expect(page.get_by_role("button", name="Create the passkey")).to_be_hidden()
        page.context.clear_cookies()
        page.goto(f"{service.url}/login/")
        expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    for page in watched(browser, service, {}):
        page.add_init_script("delete window.PublicKeyCredential")
        account(page, service, f"old.{person}")
        page.goto(f"{service.url}/account/security/passkey/")
        expect(page.get_by_role("alert")).to_have_text("This browser can't use passkeys here.")
        expect(page.get_by_role("button", name="Create the passkey")).to_be_hidden()


def test_a_browser_makes_one_by_itself_only_where_a_second_factor_was_proved(
    page: Page, authenticator: Authenticator, service: Service, person: str
) -> None:
    page.add_init_script(  # headless Chromium has no password manager that would make it
        "PublicKeyCredential.getClientCapabilities = async () => ({ conditionalCreate: true });"
        "const create = CredentialsContainer.prototype.create;"
        "CredentialsContainer.prototype.create = function ({ publicKey }) { return create.call(this, { publicKey }); };"
    )
    account(page, service, person)
    assert page.locator("form[data-upgrade]").count() == 0
    set_up_app(page, service)
    page.goto(f"{service.url}/account/")
    expect(page.get_by_text("Your browser made a passkey for you.")).to_be_visible()
    assert len(authenticator.credentials()) == 1
    page.goto(f"{service.url}/account/")
    assert page.locator("form[data-upgrade]").count() == 1  # asked once in this tab
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()
