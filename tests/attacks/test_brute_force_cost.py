"""BF-16, PWD-07: a storm of password guesses costs a bounded number of hashes at once, and nobody else."""

from threading import Lock

import pytest

from tests.attacks.test_holes_admission import counted, refused_well
from tests.storms import Crowd, at, held
from tests.world import Api, Inbox
from vestibule.accounts import passwords
from vestibule.accounts.passwords import Argon2
from vestibule.conf import conf
from vestibule.limits.admission import DOCUMENT, admission

ADA = "ada@example.com"


@pytest.mark.usefixtures("product_hashes")
@pytest.mark.parametrize("many", [64, 200])
def test_bf_16_and_pwd_07_a_storm_is_refused_at_once_and_the_others_are_served(
    api: Api, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    """PWD-07."""
    api.account(inbox, ADA)
    tokens = api.login(ADA).body
    at_work, most, lock = [0], [0], Lock()
    verify = Argon2.verify

    def verified(self: Argon2, password: str, encoded: str) -> bool:
        with lock:
            at_work[0] += 1
            most[0] = max(most[0], at_work[0])
        try:
            return bool(verify(self, password, encoded))
        finally:
            with lock:
                at_work[0] -= 1

    monkeypatch.setattr(Argon2, "verify", verified)
    storm = Crowd()
    with held(monkeypatch) as let_go:
        refused = storm.send(lambda n: at(f"2001:db8:{n + 1:x}::1").login(f"nobody{n}@example.com", "wrong"), many)
        assert set(counted(refused)) == {(503, "unavailable")}  # while the others wait
        assert many - len(refused) <= conf.places
        assert api.http.get("/health/live").status_code == 200
        assert api.send("GET", "me", str(tokens["access"])).status == 200
        assert api.post("token/refresh", {"refresh": tokens["refresh"]}).status == 200
        let_go()
        answers = storm.end()
    assert counted(answers) == {(503, "unavailable"): len(refused), (401, "invalid_credentials"): many - len(refused)}
    assert refused_well(answers)
    assert 1 <= most[0] <= conf.hashing_slots
    assert len(passwords._hashing_threads()._threads) <= conf.hashing_slots  # each keeps its 19 MiB
    assert admission.places.places_used == 0


def test_hol_22_a_document_is_made_in_a_place(api: Api, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    access = api.account(inbox, ADA)
    storm = Crowd()
    with held(monkeypatch, DOCUMENT) as let_go:
        refused = storm.send(lambda n: at(f"2001:db8:{n + 1:x}::1").send("GET", "me/export", access), 20)
        assert set(counted(refused)) == {(503, "unavailable")}
        assert 20 - len(refused) <= (conf.places + 1) // 2
        assert at("198.51.100.7").login(ADA).status == 200
        let_go()
        assert refused_well(storm.end())
