"""A device that shows a code, as its developer writes it, and the person who types it elsewhere (RFC 8628)."""

from dataclasses import dataclass, field
from typing import Any

from tests.browsing import Browser
from tests.oauth import RelyingParty, create_application, place

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
ALPHABET = set("BCDFGHJKLMNPQRSTVWXZ")


def create_device_application(client_id: str = "tv", **more: Any) -> RelyingParty:
    """An application of devices that may do everything a person's application may."""
    given: dict[str, Any] = {
        "name": "The Set",
        "type": "device",
        "grant_types": [DEVICE_CODE, "refresh_token"],
        "redirect_uris": [],
        **more,
    }
    create_application(client_id, **given)
    return RelyingParty(client_id)


@dataclass
class Device:
    """One that asks, and what it was told."""

    party: RelyingParty
    scope: str = "openid email"
    told: dict[str, Any] = field(default_factory=dict)

    def ask(self, **more: Any) -> "Device":
        """Get its codes."""
        answer = self.party.post("/oauth/device", scope=self.scope, **more)
        assert answer.status_code == 200, answer.content
        self.told = answer.json()
        return self

    @property
    def user_code(self) -> str:
        """What it shows."""
        return str(self.told["user_code"])

    def poll(self, party: RelyingParty | None = None) -> Any:
        """Ask for the answer."""
        return (party or self.party).post("/oauth/token", grant_type=DEVICE_CODE, device_code=self.told["device_code"])

    def refused(self) -> str:
        """The error that it gets."""
        answer = self.poll()
        assert answer.status_code == 400, answer.content
        return str(answer.json()["error"])


def type_code(browser: Browser, code: str) -> Browser:
    """Open the page and type the code."""
    return browser.open("/device/").submit("/device/", user_code=code)


def answer_device(browser: Browser, code: str, answer: str = "allow") -> Browser:
    """Type the code, and press a button of the page that asks."""
    asks = type_code(browser, code)
    assert asks.answer.status_code == 200, asks.text
    assert place(asks) == "/device/"
    return asks.submit("/device/", answer=answer)
