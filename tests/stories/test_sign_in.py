"""Signing in with a password: names, answers that tell nothing, tries that are counted, and a stranger who hammers."""

from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from time_machine import travel

from tests import hashes
from tests.world import PASSWORD, Api, Inbox, Reply
from vestibule.accounts import lifecycle, passwords
from vestibule.accounts.models import User
from vestibule.limits.models import Tally
from vestibule.sessions.models import Session

ADA, NUMBER = "ada@example.com", "+14155550100"
NOON = "2026-03-01T12:00:00Z"
HOME, AWAY = "192.0.2.1", "198.51.100.7"


def login(api: Api, password: str = PASSWORD, *, network: str = AWAY, **typed: Any) -> Reply:
    """POST login, from a network (through the trusted proxy of the tests)."""
    name = typed if {"email", "username", "phone_number"} & typed.keys() else {"email": ADA, **typed}
    answer = api.http.post(
        "/api/auth/login",
        {**name, "password": password},
        content_type="application/json",
        headers={"X-Forwarded-For": network},
        REMOTE_ADDR="10.0.0.1",
    )
    body = answer.json()
    return Reply(status=answer.status_code, code=body.get("code", ""), body=body, headers=dict(answer.headers))


@pytest.fixture
def ada(api: Api, inbox: Inbox) -> User:
    """An account with every name."""
    registration = api.start(email=ADA, password=PASSWORD, username="Ada").registration
    api.confirm(registration, inbox.newest(ADA).code)
    User.objects.update(phone_number=NUMBER, phone_verified_at=User.objects.get().created_at)
    Session.objects.all().delete()
    inbox.empty()
    return User.objects.get()


@pytest.mark.parametrize(
    "name", [{"email": " ADA@Example.com"}, {"username": "aDa"}, {"phone_number": "+1 415 555 0100"}]
)
def test_by_any_name(api: Api, ada: User, name: dict[str, str]) -> None:
    reply = login(api, **name)
    assert reply.status == 200
    assert reply.body["user"]["id"] == str(ada.pk)
    assert (reply.body["token_type"], reply.body["expires_in"], len(reply.body["refresh"])) == ("Bearer", 600, 43)
    me = api.http.get("/api/auth/me", headers={"Authorization": f"Bearer {reply.body['access']}"})
    assert me.json()["email"] == ADA


@pytest.mark.parametrize(
    "typed", [{"email": ADA, "password": ""}, {"password": PASSWORD}, {"email": "", "password": "x"}]
)
def test_what_is_missing_is_said(api: Api, typed: dict[str, str]) -> None:
    assert api.post("login", typed).code == "invalid"


def test_an_oversized_password_is_not_hashed(api: Api, ada: User) -> None:
    assert login(api, "x" * 1025).body["codes"] == {"password": ["password_too_long"]}
    assert not Tally.objects.filter(scope="passwords", streak__gt=0).exists()


def test_every_wrong_answer_is_one_answer(api: Api, ada: User, inbox: Inbox) -> None:
    """ENUM-01: a wrong password, nobody's name, a suspended account, one without a password, one that waits."""
    for email in ("suspended@example.com", "none@example.com"):
        handle = api.start(email=email, password=PASSWORD).registration
        api.confirm(handle, inbox.newest(email).code)
    lifecycle.suspend_user(User.objects.get(email="suspended@example.com").pk)
    User.objects.filter(email="none@example.com").update(password="!")
    api.register(email="waits@example.com", password=PASSWORD)
    names = [{"email": each} for each in (ADA, "nobody@example.com", "suspended@example.com", "none@example.com")]
    names += [{"email": "waits@example.com"}, {"email": "no address"}, {"username": "nobody"}, {"phone_number": "1"}]
    replies = [login(api, "the wrong password", **name) for name in names]
    assert {(reply.status, reply.code) for reply in replies} == {(401, "invalid_credentials")}
    assert len({str({**reply.body, "request_id": ""}) for reply in replies}) == 1
    assert len({tuple(sorted(reply.headers)) for reply in replies}) == 1
    for password in ("", "!", PASSWORD):
        assert login(api, password, email="none@example.com").status in (400, 401)
    assert login(api, email="suspended@example.com").code == "account_suspended"
    assert login(api, email="waits@example.com").code == "account_unverified"


def test_a_sign_up_on_a_known_address_is_not_told_apart_at_the_login(api: Api, ada: User) -> None:
    """A stranger signs up with an address, and signs in with the password of that sign-up: one answer, known or not."""
    for email in (ADA, "fresh@example.com"):
        api.register(email=email, password="the password of a stranger")
    told = [login(api, "the password of a stranger", email=email) for email in (ADA, "fresh@example.com")]
    assert {(reply.status, reply.code) for reply in told} == {(403, "account_unverified")}
    assert login(api).status == 200  # the owner


@pytest.mark.parametrize("algorithm", ["pbkdf2_sha256", "bcrypt_sha256", "scrypt", "argon2 as it was"])
def test_an_older_hash_is_made_anew_at_the_sign_in(api: Api, ada: User, algorithm: str) -> None:
    """PWD-09."""
    old = make_password(PASSWORD, hasher=algorithm) if " " not in algorithm else argon2_as_it_was()
    User.objects.update(password=old)
    with hashes.as_in_the_product():
        assert login(api, "the wrong password").status == 401
        assert User.objects.get().password == old
        assert login(api).status == 200
        assert User.objects.get().password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
        assert login(api).status == 200


def argon2_as_it_was() -> str:
    """A hash of weaker parameters."""
    hasher = passwords.Argon2()
    hasher.memory_cost = 8192
    return str(hasher.encode(PASSWORD, hasher.salt()))


def test_nobodys_name_waits_like_an_accounts(api: Api, ada: User) -> None:
    """ENUM-11."""
    with travel(NOON, tick=False):
        told = [
            [(reply.status, reply.code, reply.body.get("retry_after")) for reply in tries]
            for tries in ([login(api, "wrong", email=email) for _ in range(8)] for email in (ADA, "no@example.com"))
        ]
    assert told[0] == told[1]
    assert told[0][5] == (429, "locked", 60)


def test_how_many_guesses_a_day_the_rules_allow(api: Api, ada: User) -> None:
    """Computed: 5 at once, then after 1, 2, 4, 8, 16, 32 minutes, then each hour: 33 on the first day, 24 on others."""
    minutes = [0] * 5 + [1, 2, 4, 8, 16, 32]
    computed, at = len(minutes), sum(minutes)
    while at + 60 < 24 * 60:
        computed, at = computed + 1, at + 60
    assert computed == 33
    with travel(NOON, tick=False) as clock:
        compared, passed = [0, 0], 0
        while passed < 2 * 86400:
            reply = login(api, "wrong")
            if reply.code == "invalid_credentials":
                compared[passed // 86400] += 1
            else:
                clock.shift(reply.body["retry_after"])
                passed += reply.body["retry_after"]
        assert compared == [computed, 24]


def test_a_new_sign_in_is_told_with_a_way_to_say_no(api: Api, ada: User, inbox: Inbox) -> None:
    login(api, network=HOME)
    assert inbox.all(ADA) == []  # the first ever
    login(api, network=HOME)
    assert inbox.all(ADA) == []
    login(api, network=AWAY)
    mail = inbox.newest(ADA)
    assert "New sign-in" in mail.subject
    assert AWAY in mail.text
    assert "/not-me/?token=" in mail.text


def test_reauthenticate(api: Api, ada: User) -> None:
    with travel(NOON, tick=False) as clock:
        access = login(api).body["access"]
        bearer = {"Authorization": f"Bearer {access}"}
        clock.shift(300)
        assert api.post("reauthenticate", {"password": "wrong"}, **bearer).code == "invalid_credentials"
        fresh = api.post("reauthenticate", {"password": PASSWORD}, **bearer).body
        claims = [api.post("token/verify", {"token": token}).body for token in (access, fresh["access"])]
        assert claims[1]["auth_time"] - claims[0]["auth_time"] == 300
        assert claims[1]["sid"] == claims[0]["sid"]
        assert api.post("reauthenticate", {"password": PASSWORD}).code == "not_authenticated"
