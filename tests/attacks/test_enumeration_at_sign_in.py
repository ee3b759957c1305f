"""ENUM-08, ENUM-11, HOL-09, HOL-12: the sign-in does the same work, and says the same, for every kind of account."""

from collections import Counter
from typing import Any

import pytest
from django.contrib.auth import hashers
from django.utils import timezone
from time_machine import travel

from tests.configured import configured
from tests.stories import test_sign_in
from tests.world import PASSWORD, Api, Inbox, Reply
from vestibule.accounts import hash_schemes, lifecycle, passwords
from vestibule.accounts.models import User
from vestibule.kernel import cached

ADA, NUMBER = "ada@example.com", "+14155550100"
HOME, AWAY = "127.0.0.1", "198.51.100.7"  # where the accounts were made, and elsewhere
NOON = "2026-03-01T12:00:00Z"
WRONG = "the wrong password"
HASHERS = [hashers.get_hasher(name) for name in ("argon2", "pbkdf2_sha256", "bcrypt_sha256", "bcrypt", "scrypt")]


def argon2_as_django_makes_it() -> str:
    """A hash under the parameters of Django's own hasher, which costs more than ours."""
    hasher = hashers.Argon2PasswordHasher()
    return str(hasher.encode(PASSWORD, hasher.salt()))


HASHES = {
    "pbkdf2": lambda: hashers.make_password(PASSWORD, hasher="pbkdf2_sha256"),
    "bcrypt": lambda: hashers.make_password(PASSWORD, hasher="bcrypt"),
    "scrypt": lambda: hashers.make_password(PASSWORD, hasher="scrypt"),
    "other argon2": argon2_as_django_makes_it,
}


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """The schemes of the hashes that were computed."""
    counted: Counter[str] = Counter()
    for kind in {type(hasher) for hasher in HASHERS}:
        encode = kind.encode

        def count(self: Any, *given: Any, __encode: Any = encode, **more: Any) -> str:
            made = str(__encode(self, *given, **more))
            counted[hash_schemes.scheme_of(made)] += 1
            return made

        monkeypatch.setattr(kind, "encode", count)
    verify = passwords.Argon2.verify

    def count_verified(self: Any, password: str, encoded: str) -> bool:
        counted[hash_schemes.scheme_of(encoded)] += 1
        return bool(verify(self, password, encoded))

    monkeypatch.setattr(passwords.Argon2, "verify", count_verified)
    return counted


@pytest.fixture
def everybody(api: Api, inbox: Inbox) -> dict[str, dict[str, str]]:
    """A name of each kind of account."""
    for name in ("known", "suspended", "passwordless", "imported"):
        api.account(inbox, f"{name}@example.com")
    User.objects.filter(email="known@example.com").update(
        username="known", phone_number=NUMBER, phone_verified_at=timezone.now()
    )
    lifecycle.suspend_user(User.objects.get(email="suspended@example.com").pk)
    User.objects.filter(email="passwordless@example.com").update(password="!")
    api.register(email="pending@example.com", password=PASSWORD)
    api.register(email="known@example.com", password="the password of a stranger")
    people = ("known", "suspended", "passwordless", "imported", "pending", "unknown")
    return {name: {"email": f"{name}@example.com"} for name in people} | {"number": {"phone_number": NUMBER}}


def login(api: Api, password: str = WRONG, *, network: str = AWAY, **name: str) -> Reply:
    """POST login from a network, which is a stranger's unless it is said."""
    return test_sign_in.login(api, password, network=network, **name)


@pytest.mark.parametrize("imported", HASHES)
def test_enum_08_every_kind_of_account_costs_the_same_hashes(
    api: Api, everybody: dict[str, dict[str, str]], computed: Counter[str], imported: str
) -> None:
    """HOL-09: an imported hash costs its own algorithm, and a sign-up that waits is compared too."""
    User.objects.filter(email="imported@example.com").update(password=HASHES[imported]())
    cached.reset_all()
    login(api, email="nobody@example.com")  # whatever is made once is made
    work = {}
    for who, name in everybody.items():
        computed.clear()
        assert login(api, **name).code == "invalid_credentials"
        work[who] = dict(computed)
    assert work["unknown"] != {}
    assert len(work["unknown"]) == 2  # today's scheme, and the imported one
    assert all(done == work["unknown"] for done in work.values()), work


def test_enum_08_an_import_that_nobody_has_read_yet_counts_at_once(api: Api, inbox: Inbox) -> None:
    """A process that knows of no imported hash meets one; from then on each sign-in does its work."""
    api.account(inbox, ADA)
    login(api, email="nobody@example.com")
    User.objects.update(password=hashers.make_password(PASSWORD, hasher="bcrypt"))
    assert login(api, PASSWORD, email=ADA).status == 200
    assert User.objects.get().password.startswith("argon2$")


@pytest.mark.parametrize("algorithm", ["bcrypt", "bcrypt_sha256"])
def test_pwd_06_a_long_password_against_an_imported_bcrypt_hash(api: Api, inbox: Inbox, algorithm: str) -> None:
    """bcrypt 5 refuses more than 72 bytes, where the system that made the hash left the rest away."""
    api.account(inbox, ADA)
    long = "p" * 72
    User.objects.update(password=hashers.make_password(long, hasher=algorithm))
    assert login(api, "x" * 100, email=ADA).code == "invalid_credentials"
    assert login(api, "ü" * 100, email="nobody@example.com").code == "invalid_credentials"
    assert login(api, long, email=ADA).status == 200


@pytest.mark.parametrize("names", [("username", "email"), ("email", "phone_number"), ("phone_number", "username")])
def test_hol_12_no_name_tells_which_other_name_is_of_the_same_account(
    api: Api, everybody: dict[str, dict[str, str]], names: tuple[str, str]
) -> None:
    typed = {"email": "known@example.com", "username": "known", "phone_number": NUMBER}
    nobodys = {"email": "no@example.com", "username": "no", "phone_number": "+14155550111"}
    first, second = names
    with travel(NOON, tick=False):
        for _ in range(6):
            login(api, **{first: typed[first]})
        assert login(api, **{first: typed[first]}).code == "locked"
        answers = [
            [(reply.status, reply.code, reply.body.get("retry_after")) for reply in tries]
            for tries in (
                [login(api, password, **{second: name[second]}) for password in (PASSWORD, *[WRONG] * 6)]
                for name in (typed, nobodys)
            )
        ]
        assert answers[0] == answers[1]
        assert answers[0][0] == (401, "invalid_credentials", None)  # the right one, while the account must wait
        assert answers[0][5] == (429, "locked", 60)


def test_enum_11_the_network_of_its_owner_does_not_tell_an_account(
    api: Api, everybody: dict[str, dict[str, str]]
) -> None:
    """Whoever shares a network with the owner sees what is seen anywhere; but the right password opens the account."""
    with travel(NOON, tick=False):
        told = [
            [(reply.status, reply.code, reply.body.get("retry_after")) for reply in tries]
            for tries in (
                [login(api, network=HOME, **everybody[who]) for _ in range(30)] for who in ("known", "unknown")
            )
        ]
        assert told[0] == told[1]
        assert told[0][29] == (429, "locked", 60)
        assert login(api, PASSWORD, email="known@example.com").code == "locked"
        with travel("2026-03-01T12:01:00Z", tick=False):
            assert login(api, PASSWORD, network=HOME, email="known@example.com").status == 200


def test_hol_12_work_of_an_account_that_must_wait(
    api: Api, everybody: dict[str, dict[str, str]], computed: Counter[str]
) -> None:
    for _ in range(5):
        login(api, username="known")
    computed.clear()
    login(api, PASSWORD, email="known@example.com")
    waited = dict(computed)
    computed.clear()
    login(api, PASSWORD, email="unknown@example.com")
    assert waited == dict(computed)


def test_hol_12_a_captcha_is_asked_for_by_the_name_as_it_was_typed(
    api: Api, everybody: dict[str, dict[str, str]]
) -> None:
    with configured(CAPTCHA_LOGIN="suspicious"):
        for _ in range(3):
            assert login(api, username="known").code == "invalid_credentials"
        assert login(api, username="known").code == "captcha_required"
        assert login(api, email="known@example.com").code == "invalid_credentials"


def test_hol_12_a_reset_forgives_every_name(api: Api, inbox: Inbox, everybody: dict[str, dict[str, str]]) -> None:
    """BF-11. A number that was proved before the address stays (docs/decisions/0040)."""
    with travel(NOON, tick=False):
        User.objects.filter(username="known").update(phone_verified_at="2026-01-01T12:00:00Z")
        for name in ({"username": "known"}, {"email": "known@example.com"}, {"phone_number": NUMBER}):
            for _ in range(5):
                login(api, **name)
            assert login(api, **name).code == "locked"
        assert inbox.all()  # of the same moment as the next, which one goes first is not said
        inbox.empty()
        assert api.post("password/reset", {"email": "known@example.com"}).status == 202
        reset = {"token": inbox.newest("known@example.com").token, "password": "another horse battery staple"}
        assert api.post("password/reset/confirm", reset).status == 204
        for name in ({"username": "known"}, {"email": "known@example.com"}, {"phone_number": NUMBER}):
            assert login(api, reset["password"], **name).status == 200
