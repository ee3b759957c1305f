"""An application that signs people in with us, as its developer writes one: PKCE, the browser's way, and the exchange
of what comes back (RFC 6749, 7636; OpenID Connect Core)."""

import re
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit

from django.http import HttpResponse
from django.utils import timezone

from tests.browsing import Browser
from tests.world import Http
from vestibule.applications.client_secrets import digest_secret
from vestibule.applications.models import Application, ApplicationSecret

CALLBACK = "https://shop.example.com/callback"
SECRET = "a secret of 256 bits, or so the tests say"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
SCOPE = "openid profile email phone offline_access"
NONCE, STATE = "a nonce", "a state"


def create_application(client_id: str = "shop", **more: Any) -> Application:
    """A web application with SECRET that may do everything a person's application may."""
    given: dict[str, Any] = {
        "name": "The Shop",
        "type": "web",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": SCOPE,
        "token_endpoint_auth_method": "client_secret_basic",
        "created_at": timezone.now(),
        **more,
    }
    made = Application.objects.create(client_id=client_id, **given)
    if made.token_endpoint_auth_method.startswith("client_secret"):
        ApplicationSecret.objects.create(
            application=made, digest=digest_secret(SECRET + client_id), hint="", created_at=timezone.now()
        )
    return made


def challenge_of(verifier: str) -> str:
    """S256 (RFC 7636, 4.2)."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass
class RelyingParty:
    """The application with this client id, and what its server sends."""

    client_id: str = "shop"
    redirect_uri: str = CALLBACK
    secret: str | None = None
    http: Http = field(default_factory=lambda: Http(raise_request_exception=False))

    def request(self, **more: Any) -> dict[str, Any]:
        """What it asks for; None among `more` leaves a parameter out."""
        asked = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": "openid email",
            "state": STATE,
            "nonce": NONCE,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **more,
        }
        return {name: value for name, value in asked.items() if value is not None}

    def authorize_url(self, **more: Any) -> str:
        """Where it sends the browser."""
        return f"/oauth/authorize?{urlencode(self.request(**more), doseq=True)}"

    def push(self, headers: dict[str, str] | None = None, **more: Any) -> Any:
        """Send the request by itself (RFC 9126)."""
        return self.post("/oauth/par", headers, **self.request(**more))

    def post(self, path: str, headers: dict[str, str] | None = None, **sent: Any) -> Any:
        """Send a form to an endpoint, with the application's credentials."""
        sent = {name: value for name, value in sent.items() if value is not None}
        return self.http.post(
            path,
            urlencode(sent, doseq=True),
            content_type="application/x-www-form-urlencoded",
            headers=self.credentials if headers is None else headers,
        )

    @property
    def credentials(self) -> dict[str, str]:
        """HTTP Basic (RFC 6749, 2.3.1)."""
        secret = SECRET + self.client_id if self.secret is None else self.secret
        pair = f"{quote_plus(self.client_id)}:{quote_plus(secret)}"
        return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}

    def exchange(self, code: str, **more: Any) -> Any:
        """Redeem a code."""
        sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri}
        return self.post("/oauth/token", **{**sent, "code_verifier": VERIFIER, **more})

    def refresh(self, refresh_token: str, **more: Any) -> Any:
        """Refresh."""
        return self.post("/oauth/token", **{"grant_type": "refresh_token", "refresh_token": refresh_token, **more})

    def introspect(self, token: str, **more: Any) -> Any:
        """Ask about a token."""
        return self.post("/oauth/introspect", token=token, **more).json()

    def userinfo(self, access_token: str) -> Any:
        """Ask who it is."""
        return self.http.get("/oauth/userinfo", headers={"Authorization": f"Bearer {access_token}"})

    def sign_in(self, browser: Browser, **more: Any) -> dict[str, Any]:
        """Tokens of the person who is signed in in this browser, and allows what is asked for."""
        answer = self.exchange(code_of(allow(browser.open(self.authorize_url(**more)))))
        assert answer.status_code == 200, answer.content
        tokens: dict[str, Any] = answer.json()
        return tokens


def go_on(browser: Browser) -> Browser:
    """Follow every redirect on our host, to a page or to where the browser leaves."""
    while browser.went_to.startswith("/"):
        browser.follow()
    return browser


def place(browser: Browser) -> str:
    """The path of the page that the browser shows."""
    return str(browser.answer.request["PATH_INFO"])


def allow(browser: Browser, answer: str = "allow") -> Browser:
    """Press a button of the page that asks for consent, if the browser is there."""
    if place(go_on(browser)) == "/oauth/consent/" and browser.answer.status_code == 200:
        go_on(browser.submit("/oauth/consent/", answer=answer))
    return browser


def brought_back(browser: Browser) -> dict[str, str]:
    """The parameters with which the browser came to the application."""
    return dict(parse_qsl(urlsplit(browser.went_to).query))


def code_of(browser: Browser) -> str:
    """The code with which it came."""
    found = brought_back(browser)
    assert "code" in found, (browser.went_to, text_of(browser.answer))
    return found["code"]


def text_of(response: HttpResponse) -> str:
    """The words of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))
