"""Requests to a provider: JSON, without redirects, all of one sign-in within ten seconds."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from time import monotonic
from typing import Any
from urllib.parse import urlencode, urlsplit

import structlog

from vestibule.identities.providers import Provider, is_provider_url
from vestibule.kernel import hosts
from vestibule.kernel.deadline_reader import seconds_until
from vestibule.kernel.errors import Unavailable
from vestibule.kernel.http_client import fetch_configured, fetch_foreign

TIMEOUT = 10.0  # seconds, for all requests of one sign-in
MAX_BYTES = 262_144

log = structlog.get_logger("vestibule.identities")


@dataclass(frozen=True, slots=True)
class ProviderConnection:
    """The requests of one sign-in to one provider."""

    provider: Provider
    deadline: float = field(default_factory=lambda: monotonic() + TIMEOUT)

    def get(self, url: str, token: str = "") -> Any:
        """Return the JSON at an address; None if the provider has nothing for this token there.

        Raises:
            Unavailable: the provider does not answer in time, or not with JSON and a status of success.
        """
        status, found = self._fetch(url, headers={"Authorization": f"Bearer {token}"} if token else {})
        if token and status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
            return None
        if status != HTTPStatus.OK or found is None:
            raise self.unavailable(f"status {status}")
        return found

    def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, Any]:
        """Return the status and the JSON that a form is answered with.

        Raises:
            Unavailable: the provider does not answer in time, or not with JSON.
        """
        return self._fetch(url, data=urlencode(form).encode(), headers=headers)

    def is_own(self, url: str) -> bool:
        """Return whether the provider's operator answers at this address: its own origin, or a host that the table
        names."""
        parts = urlsplit(url)
        own = hosts.url_origin(urlsplit(self.provider.discovery_base))
        named = parts.scheme == "https" and parts.port is None and parts.hostname in self.provider.facts.trusted_hosts
        return named or hosts.url_origin(parts) == own or url.startswith(f"{self.provider.api_url}/")

    def unavailable(self, reason: str) -> Unavailable:
        """Log why the provider cannot be used, without anything secret, and return the refusal."""
        log.warning("provider.unavailable", provider=self.provider.id, reason=reason)
        return Unavailable()

    def _fetch(self, url: str, *, headers: Mapping[str, str], data: bytes | None = None) -> tuple[int, Any]:
        try:
            if not is_provider_url(url):
                raise ConnectionError("no https address")
            fetch = fetch_configured if self.is_own(url) else fetch_foreign
            answer = fetch(
                url,
                timeout=seconds_until(self.deadline),
                max_bytes=MAX_BYTES,
                data=data,
                headers={"Accept": "application/json", **headers},
            )
            if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                raise ConnectionError(f"status {answer.status}")
            return answer.status, json.loads(answer.body)
        except (OSError, ValueError, RecursionError) as error:
            raise self.unavailable(f"no answer: {type(error).__name__}") from error
