"""HOL-08, HOL-21, HOL-22: dear work is bounded, and no network, account or kind of work takes all of it."""

import re
from collections import Counter
from pathlib import Path

import pytest

import vestibule
from tests.pictures import picture, upload
from tests.storms import Crowd, at, held
from tests.world import PASSWORD, Api, Inbox, Reply
from vestibule.accounts.passwords import Argon2
from vestibule.conf import conf
from vestibule.limits import admission as admissions
from vestibule.limits.admission import PICTURE, admission

ADA, EVE = "ada@example.com", "eve@example.com"
HALF = (conf.places + 1) // 2
NEW = "another good password of hers"


def counted(replies: list[Reply]) -> Counter[tuple[int, str]]:
    return Counter((reply.status, reply.code) for reply in replies)


def refused_well(replies: list[Reply]) -> bool:
    """Whether each refusal is a 503 that says when to come again."""
    refused = [reply for reply in replies if reply.status == 503]
    return all(reply.code == "unavailable" and reply.headers["Retry-After"] == "1" for reply in refused)


@pytest.mark.parametrize("wide", ["2001:db8:1:{:x}::1", "192.0.2.{}"])
def test_hol_21_a_wide_network_leaves_places_to_the_others(
    api: Api, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, wide: str
) -> None:
    api.account(inbox, ADA)
    storm, honest = Crowd(), None
    with held(monkeypatch) as let_go:
        refused = storm.send(lambda n: at(wide.format(n + 1)).login(f"nobody{n}@example.com", "wrong"), 16)
        assert set(counted(refused)) == {(503, "unavailable")}
        assert 16 - len(refused) <= HALF
        honest = Crowd()
        assert honest.send(lambda n: at(f"2001:db8:f{n}::1").login(ADA), 4) == []  # none is refused
        let_go()
        answers = honest.end()
    assert counted(answers) == {(200, ""): 4}
    assert refused_well(storm.end())


ASKED = [
    ("reauthenticate", {"password": "wrong"}),
    ("password/change", {"current_password": "wrong", "password": NEW}),
    ("email/change", {"email": "a@example.org", "password": "wrong"}),
    ("phone/change", {"phone_number": "+14155550100", "password": "wrong"}),
]


@pytest.mark.parametrize(("path", "body"), ASKED)
def test_hol_22_an_account_leaves_places_to_the_others(
    api: Api, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, path: str, body: dict[str, str]
) -> None:
    api.account(inbox, ADA)
    access = api.account(inbox, EVE)
    storm = Crowd()
    with held(monkeypatch) as let_go:  # the token is used from everywhere at once
        refused = storm.send(lambda n: at(f"2001:db8:e{n}::1").send("POST", path, access, body), 20)
        assert set(counted(refused)) <= {(503, "unavailable"), (429, "locked")}  # the account's own count of tries
        assert (503, "unavailable") in counted(refused)
        assert 20 - len(refused) <= HALF
        honest = Crowd()
        assert honest.send(lambda n: at(f"2001:db8:f{n}::1").login(ADA), 3) == []
        let_go()
        assert counted(honest.end()) == {(200, ""): 3}
    assert refused_well(storm.end())


def test_hol_21_places_are_kept_for_known_networks_and_browsers(
    api: Api, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_home = "203.0.113.9"
    api.account(inbox, ADA)
    assert at(at_home).login(ADA).status == 200
    storm, stranger = Crowd(), at("198.51.100.7")
    with held(monkeypatch) as let_go:
        storm.send(lambda n: at(f"2001:db8:{n + 1:x}::1").login(f"nobody{n}@example.com", "wrong"), conf.places)
        assert stranger.login(ADA).code == "unavailable"
        known = Crowd()
        assert known.send(lambda _: at(at_home).login(ADA), 1) == []
        let_go()
        assert counted(known.end()) == {(200, ""): 1}
    storm.end()


def test_hol_22_every_hash_is_made_in_a_place(api: Api, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever hashes, by whichever door, holds a place and a slot while it does."""
    seen: list[tuple[int, float]] = []
    made = Argon2.encode

    def encode(self: Argon2, password: str, salt: str) -> str:
        running = admissions.RUNNING.labels(work="hash")._value.get()
        seen.append((admission.places.places_used, running))
        return str(made(self, password, salt))

    monkeypatch.setattr(Argon2, "encode", encode)
    access = api.account(inbox, ADA)
    api.register(email=EVE, password=PASSWORD, username="eve", channel="email")
    api.post("verify-email", {"email": EVE, "otp": "000000", "password": "wrong"})
    api.post("password/reset", {"email": ADA})
    api.post("password/reset/confirm", {"token": inbox.newest(ADA).token, "password": NEW})
    access = str(api.login(ADA, NEW).body["access"])
    api.send("POST", "password/change", access, {"current_password": NEW, "password": PASSWORD})
    assert len(seen) >= 4  # Argon2's own check makes none anew: those that keep
    assert all(places == running == 1 for places, running in seen)
    assert admission.places.places_used == 0


def test_hol_08_pictures_are_decoded_one_at_a_time_and_leave_half_of_the_places(
    api: Api, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = api.account(inbox, ADA)
    storm, content = Crowd(), picture()
    with held(monkeypatch, PICTURE) as let_go:
        refused = storm.send(lambda n: upload(at(f"2001:db8:{n + 1:x}::1"), access, content), 16)
        assert set(counted(refused)) == {(503, "unavailable")}
        assert 16 - len(refused) <= HALF
        assert at("198.51.100.7").login(ADA).status == 200
        assert api.send("GET", "me", access).body["profile"]["picture"] is None  # nothing half-done
        let_go()
        replies = storm.end()
    assert counted(replies)[200, ""] == 16 - len(refused)
    assert admission.places.places_used == 0


@pytest.mark.parametrize(
    ("dear", "homes"),
    [
        (
            r"hashers\.(make|check)_password\b|argon2\.|hash_in_kept_memory|user\.(check|set)_password\(",
            {"accounts/passwords.py", "accounts/hash_schemes.py", "accounts/argon2id.py"},
        ),
        (r"^\s*(from|import) PIL\b|PIL\.Image\b", {"accounts/pictures.py"}),
    ],
)
def test_hol_22_only_what_is_admitted_hashes_or_decodes(dear: str, homes: set[str]) -> None:
    source = Path(vestibule.__file__).parent
    users = {
        str(path.relative_to(source))
        for path in source.rglob("*.py")
        if re.search(dear, path.read_text(), re.MULTILINE) and "doctor" not in path.parts
    }
    assert users == homes
