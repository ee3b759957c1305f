"""M30: a place that an account knows is that account's alone, also where two share a network."""

from time_machine import travel

from tests.world import Api, Inbox


def test_bf_11_wrong_passwords_next_door_close_nobody_elses_place(api: Api, inbox: Inbox) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        for email in ("ada@example.com", "bob@example.com"):
            api.account(inbox, email)
        for _ in range(21):
            clock.shift(7)
            last = api.login("ada@example.com", "not this password")
        assert last.code == "locked"  # her own place, and she would wait herself
        assert api.login("bob@example.com").status == 200
