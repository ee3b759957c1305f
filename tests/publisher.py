"""Whoever publishes an application as a document at its client id, on a host of the internet."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from socket import socket
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from tests.browsing import Browser
from tests.oauth import RelyingParty, go_on, place

HOST, BACK = "client.example.com", "http://127.0.0.1:9/callback"
GOOD = {"client_name": "Robot", "redirect_uris": [BACK]}
SIGNER = ec.generate_private_key(ec.SECP256R1())
KEY = {**json.loads(ECAlgorithm.to_jwk(SIGNER.public_key())), "kid": "k"}


@dataclass
class Publisher:
    """Whoever has the host, and the document there. `says`, if set, is answered in its place."""

    port: int = 0
    declared: dict[str, Any] = field(default_factory=dict)
    says: Callable[[socket], None] | None = None
    asked: int = 0

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.port}/client.json"

    def answer(self, client: socket) -> None:
        self.asked += 1
        if self.says:
            return self.says(client)
        document = {"client_id": self.url, **GOOD, **self.declared}
        return client.sendall(as_json({name: each for name, each in document.items() if each is not None}))

    def party(self, redirect_uri: str = BACK) -> RelyingParty:
        return RelyingParty(self.url, redirect_uri)

    def asks(self, browser: Browser, **more: Any) -> Browser:
        """A person is sent here."""
        return go_on(browser.open(self.party().authorize_url(**more)))


def as_json(document: object, content_type: str = "application/json", status: str = "200 OK") -> bytes:
    body = json.dumps(document).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def is_refused(browser: Browser) -> bool:
    """Whether a page said so, and nobody was redirected."""
    return place(browser) == "/oauth/authorize" and browser.answer.status_code == 400
