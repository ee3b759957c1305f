"""A person who comes from another provider, below the pages and the API."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils import timezone

from tests.configured import configured
from tests.providers import OpenIdFake, providing
from vestibule.identities import protocol
from vestibule.identities.answers import Callback, ProviderAnswer
from vestibule.identities.provider_http import ProviderConnection
from vestibule.identities.providers import Provider, find_provider

STATE, NONCE, VERIFIER = "the state", "the nonce", "the-verifier-of-forty-three-characters-at-least"
VISIT: dict[str, Any] = {"nonce": NONCE, "code_verifier": VERIFIER}


@contextmanager
def configured_provider(id: str, fake: OpenIdFake, **more: str) -> Iterator[Provider]:
    """The fake under this id."""
    with providing(fake), configured(SOCIAL={id: {**fake.settings(), **more}}):
        yield find_provider(id)


def come_back(fake: OpenIdFake, provider: Provider) -> Callback:
    """What the browser brings back from a person who agreed."""
    _, given = fake.authorize(protocol.authorization_url(provider, state=STATE, **VISIT))
    assert given["state"] == STATE
    return protocol.read_callback(ProviderConnection(provider), given)


def sign_in(fake: OpenIdFake, provider: Provider) -> ProviderAnswer:
    """The whole way."""
    return protocol.fetch_answer(ProviderConnection(provider), come_back(fake, provider), now=timezone.now(), **VISIT)
