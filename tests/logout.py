"""An application that is told of sign-ins that ended: the server behind its `backchannel_logout_uri`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import jwt
from django.utils import timezone

from tests.configured import configured
from tests.vendors import Answer, serving
from tests.world import Http
from vestibule.applications.delivery import deliver_due_messages
from vestibule.conf import conf

EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass
class Receiver:
    """What came, each checked as OpenID Connect Back-Channel Logout 1.0, 2.6 says; `statuses` are its next answers, and
    then 200."""

    url: str = ""
    told: list[dict[str, Any]] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def answer(self, path: str, headers: Mapping[str, str], body: str) -> Answer:
        """The status for one POST."""
        assert headers["Content-Type"] == "application/x-www-form-urlencoded"
        [token] = parse_qs(body, strict_parsing=True)["logout_token"]
        self.raw.append(token)
        self.told.append(verified(token))
        return self.statuses.pop(0) if self.statuses else 200, ""

    @property
    def sids(self) -> list[str]:
        """Which sign-ins ended, as far as it was told."""
        return [each["sid"] for each in self.told]


def verified(token: str, algorithm: str = "ES256") -> dict[str, Any]:
    """The claims of a logout token, checked with the published keys."""
    header = jwt.get_unverified_header(token)
    assert header["typ"] == "logout+jwt"
    key = jwt.PyJWKSet.from_dict(Http().get("/.well-known/jwks.json").json())[header["kid"]]
    algorithm = key.algorithm_name if key.algorithm_name in ("ES256", "RS256") else algorithm
    found: dict[str, Any] = jwt.decode(
        token, key.key, algorithms=[algorithm], issuer=conf.base_url, options={"verify_aud": False}
    )
    assert found["events"] == {EVENT: {}}
    assert found["exp"] - found["iat"] == 120
    assert found.keys() == {"iss", "aud", "sub", "sid", "iat", "exp", "jti", "events"}
    return found


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on loopback, beside a service that is on loopback itself."""
    receiver = Receiver()
    with serving(receiver) as url, configured(BASE_URL="http://localhost"):
        receiver.url = f"{url}/told"
        yield receiver


def work() -> int:
    """One pass of the worker; how many messages it took."""
    return deliver_due_messages(timezone.now(), batch=100)
