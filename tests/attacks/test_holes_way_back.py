"""HOL-03, HOL-05: what a session does to what guards an account is told with a way back that no stranger can hold."""

import pytest

from tests.attacks.allowances import defaults, spend
from tests.attacks.takeover import CHOSEN, Takeover


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
