"""Every order of the moves of a thief who sits in a session, and of the owner, who has the mailbox alone: whoever
recovers the account as its mails say is alone inside afterwards (HOL-01, HOL-02, HOL-04, PRE-03, PRE-04, OTP-18)."""

from collections.abc import Callable, Iterator
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from time_machine import Traveller, travel

from tests.attacks.takeover import Takeover
from tests.world import Api, Inbox

Move = Callable[[Takeover], object]

STRONG: dict[str, Move] = {
    "move to B": Takeover.move_to_b,
    "move to C": Takeover.move_to_c,
    "prove a number": Takeover.prove_number,
    "close": Takeover.close,
    "reset": Takeover.reset,
    "press links": Takeover.press_all,
}
WEAK: dict[str, Move] = {
    "ask for B": lambda game: game.ask_email(game.b),
    "ask for the number": Takeover.ask_number,
    "type codes": Takeover.type_codes,
    "remove the number": Takeover.remove_number,
    "change the password": Takeover.change_password,
    "ask for resets": Takeover.ask_resets,
    "use resets": Takeover.use_resets,
    "sign in": Takeover.sign_in,
}
OWNER: dict[str, Move] = {
    "owner undoes": lambda game: game.owner_presses("email/undo"),
    "owner says not me": lambda game: game.owner_presses("not-me"),
    "owner keeps": lambda game: game.owner_presses("account/undo"),
    "owner resets": Takeover.owner_resets,
}
MOVES = {**STRONG, **WEAK, **OWNER}


@pytest.fixture
def clock(api: Api) -> Iterator[Traveller]:
    """Moves cost a second each."""
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        yield clock


def play(api: Api, inbox: Inbox, clock: Traveller, moves: list[str]) -> None:
    """The moves, the recovery, and what must hold then."""
    inbox.empty()
    game = Takeover.begin(api, inbox, clock)
    for move in moves:
        MOVES[move](game)
    game.owner_recovers()
    game.owner_is_alone_inside()


def test_every_order_of_the_strong_moves(api: Api, inbox: Inbox, clock: Traveller) -> None:
    """Each three of them, in each order that begins with an address or a number."""
    orders = [list(order) for order in permutations(STRONG, 3) if order[0] in ("move to B", "prove a number")]
    lost = []
    for order in orders:
        try:
            play(api, inbox, clock, order)
        except AssertionError as error:
            lost.append((order, str(error).partition("\n")[0]))
    assert not lost, f"{len(lost)} of {len(orders)}: {lost[:5]}"


def test_any_order_of_any_moves(api: Api, inbox: Inbox, clock: Traveller) -> None:
    """Longer games, found by looking for them."""

    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.sampled_from(sorted(MOVES)), min_size=3, max_size=8))
    def games(moves: list[str]) -> None:
        play(api, inbox, clock, moves)

    games()
