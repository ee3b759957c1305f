"""HOL-15, ENUM-05: nobody is told where a sign-up waits, nor what its password is."""

from collections import Counter
from functools import partial
from typing import Any

import pytest
from django.contrib.auth import hashers
from time_machine import travel

from tests.attacks.work import work
from tests.interleaving import VERIFIED, interleaved, transaction
from tests.world import PASSWORD, Api, Inbox, Reply
from vestibule.accounts import passwords
from vestibule.courier.models import Message

WAITS, KNOWN, NOBODY = "waits@example.com", "known@example.com", "nobody@example.com"
NOON = "2026-03-01T12:00:00Z"
WRONG_CODE = "000000"
# A secret that is replaced is an UPDATE, one that nobody is told an INSERT; the rest is the same.
ASKED = ("SQL SELECT", 'SQL INSERT INTO "courier', 'SQL INSERT INTO "audit', "SQL INSERT INTO guard", "Redis")


@pytest.fixture
def sign_ups(api: Api, inbox: Inbox) -> None:
    """A sign-up that waits, and an account."""
    with travel("2026-03-01T11:00:00Z", tick=False):
        api.account(inbox, KNOWN)
        api.register(email=WAITS, password=PASSWORD)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often a password was hashed or compared."""
    counted: Counter[str] = Counter()
    verify = passwords.Argon2.verify

    def count(self: Any, password: str, encoded: str) -> bool:
        counted["hashes"] += 1
        return bool(verify(self, password, encoded))

    monkeypatch.setattr(passwords.Argon2, "verify", count)
    return counted


def confirm(api: Api, email: str, password: str, otp: str = WRONG_CODE) -> Reply:
    """The code and the password, from another device."""
    return api.post("verify-email", {"email": email, "otp": otp, "password": password})


def test_hol_15_every_address_costs_the_same_hashes(api: Api, sign_ups: None, hashed: Counter[str]) -> None:
    hashers.make_password("warm")
    confirm(api, "warm@example.com", "warm")
    costs = set()
    with travel(NOON, tick=False):
        for email in (WAITS, KNOWN, NOBODY):
            hashed.clear()
            assert confirm(api, email, "the wrong password").code == "otp_invalid"
            costs.add(hashed["hashes"])
    assert len(costs) == 1


@pytest.mark.parametrize("state", ["fresh", "expired", "used", "exhausted", "shut"])
def test_hol_15_a_right_password_with_a_wrong_code_says_what_a_wrong_one_says(
    api: Api, inbox: Inbox, state: str
) -> None:
    """BF-09: whatever became of the sign-up meanwhile; there is nothing to guess by."""
    with travel(NOON, tick=False) as clock:
        handle = api.register(email=WAITS, password=PASSWORD).registration
        code = inbox.newest(WAITS).code
        if state == "used":
            assert confirm(api, WAITS, PASSWORD, code).status == 200
        if state in ("exhausted", "shut"):
            for _ in range(5):
                api.confirm(handle, WRONG_CODE)
        if state == "shut":  # the budget of wrong codes too
            for n in range(2):
                other = api.register(email=WAITS, password=f"{PASSWORD} {n}").registration
                for _ in range(5):
                    api.confirm(other, WRONG_CODE)
        if state == "expired":
            clock.shift(700)
        told = [
            [(reply.status, reply.code, reply.body.get("attempts_left")) for reply in tries]
            for tries in (
                [confirm(api, email, password) for _ in range(7)]
                for email, password in ((WAITS, PASSWORD), (NOBODY, PASSWORD))
            )
        ]
        clock.shift(601)
        told.append(
            [
                (reply.status, reply.code, reply.body.get("attempts_left"))
                for reply in [confirm(api, WAITS, "a guess") for _ in range(7)]
            ]
        )
    assert told[0] == told[1] == told[2]
    assert [code for _, code, _ in told[0]] == ["otp_invalid"] * 4 + ["otp_exhausted"] * 3


def test_hol_15_whoever_has_both_is_told_what_became_of_it(api: Api, inbox: Inbox) -> None:
    """BF-11: and gets in, however often strangers guessed."""
    with travel(NOON, tick=False) as clock:
        api.register(email=WAITS, password=PASSWORD)
        code = inbox.newest(WAITS).code
        for _ in range(8):
            confirm(api, WAITS, "a guess")
        clock.shift(601)
        assert confirm(api, WAITS, PASSWORD, code).code == "otp_expired"
        api.post("verify-email/resend", {"email": WAITS})
        code = inbox.newest(WAITS).code
        assert confirm(api, WAITS, PASSWORD, code).status == 200
        assert confirm(api, WAITS, PASSWORD, code).code == "token_used"


def test_enum_05_a_resend_is_the_same_work_for_every_address(api: Api, sign_ups: None, inbox: Inbox) -> None:
    """Asked once, and again within the cooldown: the same rows are written, and only who waits gets a message."""
    inbox.empty()
    with travel(NOON, tick=False):
        for _ in range(2):
            written = []
            for email in (WAITS, KNOWN, NOBODY):
                before = Message.objects.count()
                reply = api.post("verify-email/resend", {"email": email})
                written.append((reply.status, str(reply.body), Message.objects.count() - before))
            assert len(set(written)) == 1
            assert written[0][2] == 1
        assert [post.to for post in inbox.all()] == [WAITS]


def test_enum_05_a_resend_of_a_sign_up_that_another_request_holds_says_the_same(api: Api, inbox: Inbox) -> None:
    """Somebody is about to be verified: whoever asks meanwhile hears what is told of nobody's address."""
    with travel(NOON, tick=False) as clock:
        api.register(email=WAITS, password=PASSWORD)
        code = inbox.newest(WAITS).code
        clock.shift(61)
        done, replies = interleaved(
            partial(confirm, Api(), WAITS, PASSWORD, code),
            transaction(after="", nth=VERIFIED),
            lambda: [api.post("verify-email/resend", {"email": email}) for email in (WAITS, NOBODY)],
        )
    assert done.status == 200
    assert [(reply.status, reply.body) for reply in replies] == [(202, replies[1].body)] * 2
    assert len(inbox.all(WAITS)) == 1  # the held one got no other code


def test_enum_05_a_resend_after_the_cooldown_is_the_same_work_for_nobody(api: Api, sign_ups: None) -> None:
    """What who waits costs more would be told by time: the same statements, and the same commands of Redis."""
    with travel(NOON, tick=False):
        api.post("verify-email/resend", {"email": "first@example.com"})  # what is made once is made
        done = {}
        for email in (NOBODY, WAITS):
            with work() as counted:
                api.post("verify-email/resend", {"email": email})
            done[email] = {what: n for what, n in counted.items() if n and what.startswith(ASKED)}
        assert done[NOBODY] == done[WAITS]
