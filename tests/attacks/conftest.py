"""What several chapters begin with: a clock that the test moves, and a thief in a session."""

from collections.abc import Iterator

import pytest
from time_machine import Traveller, travel

from tests.attacks.takeover import Takeover
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
