"""PKCE (RFC 7636), held by a provider that is not ours: it gives no code without a challenge, and no token for another
verifier."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.utils import timezone

from tests.configured import configured
from tests.federation import STATE, VISIT
from tests.toolkit_provider import ToolkitProvider
from vestibule.identities import protocol
from vestibule.identities.provider_http import ProviderConnection
from vestibule.identities.providers import find_provider
from vestibule.kernel.errors import TokenInvalid


@pytest.fixture(scope="module")
def real() -> Iterator[ToolkitProvider]:
    """It, which knows our callback address."""
    made = ToolkitProvider("http://testserver/social/toolkit/callback/")
    yield made
    made.stop()


def without(url: str, *names: str) -> str:
    """The same request without these parameters."""
    parts = urlsplit(url)
    return parts._replace(query=urlencode([each for each in parse_qsl(parts.query) if each[0] not in names])).geturl()


def test_a_code_is_good_with_the_verifier_of_its_challenge_alone(real: ToolkitProvider) -> None:
    with configured(SOCIAL={"toolkit": real.settings()}):
        provider, now = find_provider("toolkit"), timezone.now()
        url = protocol.authorization_url(provider, state=STATE, **VISIT)
        for wrong in ("another-verifier-of-forty-three-characters-at-least", ""):
            connection = ProviderConnection(provider)
            brought = protocol.read_callback(connection, real.authorize(url))
            with pytest.raises(TokenInvalid):
                protocol.fetch_answer(connection, brought, now=now, **{**VISIT, "code_verifier": wrong})
        connection = ProviderConnection(provider)
        brought = protocol.read_callback(connection, real.authorize(url))
        found = protocol.fetch_answer(connection, brought, now=now, **VISIT)
        assert (found.issuer, found.subject, str(found.email)) == (real.issuer, "248289761001", "ada@example.com")
        refused = real.authorize(without(url, "code_challenge", "code_challenge_method"))
        assert (refused["error"], "code" in refused) == ("invalid_request", False)
