"""Logout tokens: what an application gets when a sign-in at it ended (OpenID Connect Back-Channel Logout 1.0, 2.4 and
2.5). A token is made when it is sent, so that it is fresh however often that is tried."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.utils import timezone

from vestibule.applications.redirect_uris import is_backchannel_uri
from vestibule.conf import conf
from vestibule.courier.replies import Meaning, TransportRefused
from vestibule.kernel import entropy, http_client
from vestibule.sessions import signing_keys

LOGOUT_TOKEN_TYPE = "logout+jwt"  # noqa: S105 - Back-Channel Logout 1.0, 2.4
EVENT = "http://schemas.openid.net/event/backchannel-logout"
LIFETIME = timedelta(minutes=2)
TIMEOUT = 5.0  # seconds, less than the lease on a message
MAX_ANSWER = 64 * 1024  # bytes; nothing in it is read
FORM = "application/x-www-form-urlencoded"


def issue_logout_token(params: Mapping[str, str | int], now: datetime) -> str:
    """Return the token for a message of `applications.logout_notices`, signed by the algorithm of the application's ID
    tokens."""
    issued_at = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": conf.base_url,
        "aud": params["client_id"],
        "sub": params["sub"],
        "sid": params["sid"],
        "iat": issued_at,
        "exp": issued_at + int(LIFETIME.total_seconds()),
        "jti": str(entropy.random_uuid()),
        "events": {EVENT: {}},
    }
    return signing_keys.sign_claims(claims, now, algorithm=str(params["algorithm"]), kind=LOGOUT_TOKEN_TYPE)


@dataclass(slots=True)
class LogoutTokenSender:
    """Sends the logout tokens of one pass of the worker. A host that does not answer is not asked again in this pass,
    so that one pass waits for it once."""

    _silent: set[str] = field(default_factory=set)

    def __call__(self, url: str, params: Mapping[str, str | int]) -> None:
        """POST one logout token (`courier.delivery.RequestSender`).

        Raises:
            TransportRefused: the address is not allowed any more, the application refuses the token, or it did not
                answer with success.
        """
        if not is_backchannel_uri(url):
            raise TransportRefused("address not allowed", Meaning.MESSAGE)
        host = urlsplit(url).netloc
        if host in self._silent:
            raise TransportRefused("host is silent", Meaning.LATER)
        try:
            status = _post_form(url, {"logout_token": issue_logout_token(params, timezone.now())})
        except OSError as error:  # also a certificate: it is theirs, so that no alarm about our own side is due
            self._silent.add(host)
            raise TransportRefused(type(error).__name__, Meaning.LATER) from error
        if status == 400:  # Back-Channel Logout 1.0, 2.8: the same token would be refused again
            raise TransportRefused("400", Meaning.MESSAGE)
        if not 200 <= status < 300:
            raise TransportRefused(str(status), Meaning.LATER)


def _post_form(url: str, form: Mapping[str, str]) -> int:
    """Return the status of the answer. Only a URL on loopback, which `is_backchannel_uri` admits where we are on
    loopback ourselves, is asked without TLS and at an address that is not public."""
    fetch = http_client.fetch_foreign if urlsplit(url).scheme == "https" else http_client.fetch_configured
    sent = urlencode(form).encode()
    return fetch(url, timeout=TIMEOUT, max_bytes=MAX_ANSWER, data=sent, headers={"Content-Type": FORM}).status
