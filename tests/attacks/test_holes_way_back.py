"""HOL-03, HOL-05: what a session does to what guards an account is told with a way back that no stranger can hold."""

from collections.abc import Iterator

import pytest
from time_machine import Traveller, travel

from tests.attacks.allowances import defaults, spend
from tests.attacks.takeover import CHOSEN, Takeover
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


@pytest.mark.parametrize("act", ["change_password", "prove_number"])
def test_hol_05b_an_owner_who_is_known_nowhere_takes_the_account_back_though_strangers_spent_the_resets(
    game: Takeover, act: str
) -> None:
    """The thief's change forgot the owner's browser and network, and no captcha is configured."""
    with defaults():
        spend(game.home)
        game.read(game.home)
        getattr(game, act)()
        game.api.http.defaults["REMOTE_ADDR"] = "203.0.113.200"
        assert game.owner_resets().status == 404  # none arrived
        [told] = game.posts(game.home, "not-me")
        assert game.api.post("sessions/disown", {"token": told.token}).status == 204
        [reset] = game.posts(game.home, "password/reset/confirm")
        chosen = game.api.post("password/reset/confirm", {"token": reset.token, "password": CHOSEN})
        assert chosen.status == 204
    game.owner_is_alone_inside()
