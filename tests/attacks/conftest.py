"""What several chapters begin with: a clock that the test moves, and a thief in a session."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from time_machine import Traveller, travel

from tests.attacks.takeover import Takeover
from tests.configured import configured
from tests.foreign_hosts import PUBLIC, answer_names, answering, record_connections, trusting
from tests.publisher import HOST, Publisher
from tests.world import Api, Inbox


@pytest.fixture
def clock(api: Api) -> Iterator[Traveller]:
    """A clock that the test moves."""
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        yield clock


@pytest.fixture
def game(api: Api, inbox: Inbox, clock: Traveller) -> Takeover:
    """The account, its owner, and a thief in a session of it."""
    return Takeover.begin(api, inbox, clock)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the DNS says next; else an address of the internet."""
    return answer_names(monkeypatch, PUBLIC)


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that we connected to; each is the publisher's."""
    return record_connections(monkeypatch)


@pytest.fixture
def certified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """A certificate of the publisher's host."""
    with trusting(HOST, tmp_path, monkeypatch) as context:
        yield context


@pytest.fixture
def publisher(
    house: None, names: list[list[str]], connected: list[str], certified: ssl.SSLContext
) -> Iterator[Publisher]:
    """A host with a document, and documents are read here."""
    found = Publisher()
    with configured(OAUTH_CLIENT_DOCUMENTS=True), answering(found.answer, certified) as port:
        found.port = port
        yield found
