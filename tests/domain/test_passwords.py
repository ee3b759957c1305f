"""Passwords: the policy, the stored form, and the admission of hashing work."""

from contextlib import suppress
from threading import Event, Thread

import pytest
from django.contrib.auth import hashers
from prometheus_client import REGISTRY

from tests.contracts.stores import at_once
from tests.domain.engines import Broken
from vestibule.accounts import passwords
from vestibule.accounts.passwords import Admission
from vestibule.kernel.errors import Unavailable

GOOD = "correct horse battery staple"


def codes(password: str, **own: str) -> list[str]:
    return [problem.code for problem in passwords.problems(passwords.normalised(password), **own)]


# The policy.


@pytest.mark.parametrize(
    ("password", "wrong"),
    [
        (GOOD, []),
        ("twelve chars", []),
        ("eleven char", ["password_too_short"]),
        ("e\u0301" * 12, []),
        ("e\u0301" * 11, ["password_too_short"]),  # eleven code points in NFC
        pytest.param("x" * 1021 + "yz!", [], id="1,024 bytes"),
        pytest.param("x" * 1025, ["password_too_long"], id="1,025 bytes"),
        pytest.param("é" * 512, [], id="1,024 bytes in 512 characters"),
        pytest.param(
            "é" * 512 + "x", ["password_too_long"], id="1,025 bytes in 513 characters"
        ),  # bytes, not characters
        ("🦉" * 12, []),
        ("            ", []),
        ("\x00 any character \x07", []),
        ("password1234", ["password_too_common"]),
        ("PASSWORD1234", ["password_too_common"]),
        ("", ["password_too_short"]),
    ],
)
def test_the_policy(password: str, wrong: list[str]) -> None:
    assert codes(password) == wrong


@pytest.mark.parametrize(
    "own", [{"email": "ada.lovelace@example.com"}, {"username": "ada.lovelace"}, {"full_name": "Ada.Lovelace"}]
)
def test_nobodys_password_is_their_own_name(own: dict[str, str]) -> None:
    assert codes("ada.lovelace1", **own) == ["password_too_similar"]
    assert codes(GOOD, **own) == []


# The stored form.


def test_it_is_argon2id_as_owasp_wants_it_with_a_salt_of_its_own() -> None:
    one, two = passwords.hashed(GOOD), passwords.hashed(GOOD)
    for stored in (one, two):
        assert stored.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
        salt, digest = stored.split("$")[-2:]
        assert (len(salt) >= 22, len(digest)) == (True, 43)  # 16 bytes at least, and 32
    assert one != two
    assert one.split("$")[-2] != two.split("$")[-2]
    assert GOOD not in one


def test_the_spellings_of_one_character_are_one_password() -> None:
    stored = passwords.hashed(passwords.normalised("Zoe\u0308 und die Ångströme"))
    assert hashers.check_password(passwords.normalised("Zo\u00eb und die A\u030angstro\u0308me"), stored)
    assert not hashers.check_password(passwords.normalised("Zoe und die Angstrome"), stored)


def test_nothing_is_trimmed_or_folded() -> None:
    stored = passwords.hashed(GOOD)
    for near in (f" {GOOD}", f"{GOOD} ", GOOD.upper(), GOOD[:-1], f"{GOOD}\x00", GOOD.replace("o", "\uff4f")):
        assert not hashers.check_password(passwords.normalised(near), stored)


def test_every_byte_of_the_longest_counts() -> None:
    longest = "x" * passwords.MAX_BYTES
    assert not hashers.check_password(longest[:-1] + "y", passwords.hashed(longest))


# Admission.


class Held:
    """Somebody who holds a slot until told to let go."""

    def __init__(self, admission: Admission) -> None:
        self.inside, self.done = Event(), Event()
        self._thread = Thread(target=self._hold, args=(admission,))
        self._thread.start()
        assert self.inside.wait(timeout=10)

    def _hold(self, admission: Admission) -> None:
        with admission():
            self.inside.set()
            self.done.wait(timeout=10)

    def let_go(self) -> None:
        self.done.set()
        self._thread.join(timeout=10)


def test_a_slot_is_freed_after_work_and_after_failure() -> None:
    admission = Admission(slots=1, queue=0, wait=0)
    for _ in range(3):
        with admission():
            pass
        with suppress(Broken), admission():
            raise Broken
    with admission():
        pass


def test_beyond_slots_and_queue_it_is_unavailable_at_once() -> None:
    admission = Admission(slots=1, queue=0, wait=3600)
    held = Held(admission)
    with pytest.raises(Unavailable) as refused, admission():
        raise AssertionError("admitted")
    assert refused.value.retry_after == 1
    held.let_go()
    with admission():
        pass


def test_a_wait_that_is_over_is_unavailable_and_frees_its_place() -> None:
    admission = Admission(slots=1, queue=1, wait=0.01)
    held = Held(admission)
    for _ in range(3):  # were the place kept, the second would be refused at once; then nobody could ever wait
        with pytest.raises(Unavailable), admission():
            raise AssertionError("admitted")
    held.let_go()
    with admission():
        pass


def test_who_waits_gets_the_slot() -> None:
    admission = Admission(slots=1, queue=1, wait=10)
    held, got = Held(admission), Event()

    def wait() -> None:
        with admission():
            got.set()

    waiting = Thread(target=wait)
    waiting.start()
    held.let_go()
    assert got.wait(timeout=10)
    waiting.join(timeout=10)


def test_no_more_work_at_once_than_slots() -> None:
    admission, at_work, most = Admission(slots=2, queue=32, wait=30), [], []

    def work(number: int) -> None:
        with admission():
            at_work.append(number)
            most.append(len(at_work))
            passwords.normalised("e\u0301" * 1000)
            at_work.remove(number)

    at_once(work)
    assert len(most) == 32
    assert max(most) <= 2


def test_a_storm_leaves_nobody_counted_as_waiting() -> None:
    admission = Admission(slots=1, queue=1, wait=0.01)
    held = Held(admission)

    def knock(_: int) -> bool:
        try:
            with admission():
                return True
        except Unavailable:
            return False

    assert not any(at_once(knock, 16))
    held.let_go()
    assert REGISTRY.get_sample_value("vestibule_hashing_waiting") == 0
    assert knock(0)


def test_hashing_itself_is_admitted(monkeypatch: pytest.MonkeyPatch) -> None:
    admission = Admission(slots=1, queue=0, wait=0)
    monkeypatch.setattr(passwords, "admission", admission)
    with admission(), pytest.raises(Unavailable):
        passwords.hashed(GOOD)
    assert passwords.hashed(GOOD)
