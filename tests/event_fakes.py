"""What Google and Apple push when something happens to a person's account there, as their documents have it."""

import json
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from tests.providers import CLIENT_ID, AppleFake, OpenIdFake, Person, Reply, public, rsa_key
from tests.world import Api

RISC = "https://schemas.openid.net/secevent/risc/event-type/"
OAUTH = "https://schemas.openid.net/secevent/oauth/event-type/"


class PushingFake(OpenIdFake):
    """A provider that tells. A test bends `event_claims` as it does the claims of an ID token."""

    def __init__(self) -> None:
        super().__init__()
        self.event_claims: dict[str, Any] = {}

    def settings(self) -> dict[str, str]:
        """Its events are wanted."""
        return {**super().settings(), "events": "on"}

    def event_token(self, kind: str, sub: str | None = None, **facts: Any) -> str:
        """A token that tells of this."""
        now = int(time.time())
        right = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "jti": uuid4().hex}
        told = {**right, **self.describe(kind, sub or self.person.sub, facts), **self.event_claims}
        header = {name: value for name, value in self.header.items() if value is not None}
        return self.sign({name: value for name, value in told.items() if value is not None}, header)

    def describe(self, kind: str, sub: str, facts: Mapping[str, Any]) -> dict[str, Any]:
        """The claims that only this provider's tokens have."""
        raise NotImplementedError

    def push(self, api: Api, token: str) -> Any:
        """The request that it makes."""
        raise NotImplementedError


class GoogleFake(PushingFake):
    """developers.google.com/identity/protocols/risc: RFC 8417 pushed by RFC 8935. Its document names other keys than
    those of ID tokens, and an issuer that ends in a slash; a token has no `exp`."""

    ID = "google"

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: str) -> Reply:
        """Its RISC document and the keys that it names."""
        if path in self.answers:
            return super().answer(method, path, headers, body)
        if path == "/.well-known/risc-configuration":
            self.requests.append(path)
            return 200, {}, {"issuer": f"{self.issuer}/", "jwks_uri": f"{self.url}/certs"}
        if path == "/certs":
            self.requests.append(path)
            return 200, {}, {"keys": [public(rsa_key(), "r1")]}
        return super().answer(method, path, headers, body)

    def describe(self, kind: str, sub: str, facts: Mapping[str, Any]) -> dict[str, Any]:
        """A SET."""
        subject = {"subject_type": "iss-sub", "iss": f"{self.issuer}/", "sub": sub}
        return {"iss": f"{self.issuer}/", "events": {kind: {"subject": subject, **facts}}}

    def push(self, api: Api, token: str) -> Any:
        """RFC 8935, 2.1."""
        return api.http.generic(
            "POST", "/api/auth/social/google/events", token, content_type="application/secevent+jwt"
        )


class PushingAppleFake(PushingFake, AppleFake):
    """developer.apple.com: processing changes for Sign in with Apple accounts. The event stands as text in the token,
    which is signed with the keys of ID tokens."""

    def describe(self, kind: str, sub: str, facts: Mapping[str, Any]) -> dict[str, Any]:
        """A token for a day, with one event."""
        now = int(time.time())
        event = {"type": kind, "sub": sub, "event_time": now * 1000, **facts}
        return {"exp": now + 86_400, "events": json.dumps(event)}

    def push(self, api: Api, token: str) -> Any:
        """A POST of JSON."""
        return api.http.post(
            "/api/auth/social/apple/events", json.dumps({"payload": token}), content_type="application/json"
        )


def newcomer(fake: PushingFake) -> PushingFake:
    """The same with somebody who has just signed in there: after what was told before."""
    fake.claims = {"iat": lambda: int(time.time()) + 5}
    return fake


GOOGLE_ENDS = tuple(
    [f"{RISC}{each}" for each in ("sessions-revoked", "account-disabled", "account-credential-change-required")]
    + [f"{OAUTH}tokens-revoked"]
)
ELSEWHERE = Person(sub="nobody-here", email="nobody@example.com")
