"""How passwords are compared, kept and changed (PWD-*)."""

import unicodedata

import pytest
from django.contrib.auth import hashers

from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts import passwords
from vestibule.accounts.models import User

ADA, ODD = "ada@example.com", " P\u00e4ssw\u00f6rter Sind Lang "


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lengths of what was hashed or compared."""
    seen: list[int] = []
    for name in ("check_password", "make_password"):
        original = getattr(hashers, name)

        def watched(password: str, *args: object, _original: object = original, **more: object) -> object:
            seen.append(len(password))
            return _original(password, *args, **more)  # type: ignore[operator]

        monkeypatch.setattr(hashers, name, watched)
    return seen


def test_pwd_04_one_password_and_no_other(api: Api, inbox: Inbox) -> None:
    registration = api.start(email=ADA, password=ODD).registration
    assert api.confirm(registration, inbox.newest(ADA).code).status == 201
    near = [ODD.strip(), ODD.lower(), ODD[:-1], ODD.replace("\u00e4", "a")]  # after a fifth, strangers wait
    for typed in near:
        assert api.login(ADA, typed).code == "invalid_credentials"
    for form in ("NFC", "NFD"):
        assert api.login(ADA, unicodedata.normalize(form, ODD)).status == 200
    assert api.login(ADA, f"{ODD}\x00").code == "invalid"


def test_pwd_04_what_stands_behind_the_72nd_byte_counts(api: Api, inbox: Inbox) -> None:
    long = "correct horse battery staple " * 4
    registration = api.start(email=ADA, password=long).registration
    api.confirm(registration, inbox.newest(ADA).code)
    assert api.login(ADA, long[:-1] + "x").code == "invalid_credentials"
    assert api.login(ADA, long).status == 200


@pytest.mark.parametrize("size", [1025, 4096, 5000, 60_000])
def test_pwd_06_nothing_too_long_is_hashed_at_any_door(api: Api, inbox: Inbox, hashed: list[int], size: int) -> None:
    access, long = api.account(inbox, ADA), "x" * size
    pages = Http()
    pages.post("/login/", {"name": ADA, "password": PASSWORD})
    api.post("password/reset", {"email": ADA})
    token = inbox.newest(ADA).token
    hashed.clear()
    for path, body in {
        "login": {"email": ADA, "password": long},
        "register/start": {"email": "new@example.com", "password": long},
        "register": {"email": "new@example.com", "password": long},
        "password/reset/confirm": {"token": token, "password": long},
    }.items():
        assert api.post(path, body).status == 400, path
    for path, body in {
        "reauthenticate": {"password": long},
        "password/change": {"current_password": PASSWORD, "password": long},
        "email/change": {"email": "new@example.com", "password": long},
    }.items():
        assert api.send("POST", path, access, body).status == 400, path
    for path, form in {
        "/register/": {"email": "new@example.com", "password": long},
        "/account/confirm/": {"password": long},
        "/account/security/": {"act": "password", "current_password": long, "password": long, "password2": long},
        "/login/": {"name": ADA, "password": long},
    }.items():
        assert 400 <= pages.post(path, form).status_code < 500, path
    assert all(length <= passwords.MAX_BYTES for length in hashed)


@pytest.mark.usefixtures("product_hashes")
def test_pwd_08_two_people_one_password_two_hashes(api: Api, inbox: Inbox) -> None:
    for email in (ADA, "bob@example.com"):
        api.account(inbox, email)
    kept = list(User.objects.values_list("password", flat=True))
    assert len(set(kept)) == 2
    assert len({each.split("$")[-2] for each in kept}) == 2
    assert all(each.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$") for each in kept)


def test_pwd_10_a_change_wants_the_current_password_and_counts_it(api: Api, inbox: Inbox) -> None:
    access = api.account(inbox, ADA)
    change = {"current_password": "not the one of ada", "password": "another password entirely"}
    assert api.send("POST", "password/change", access, change).code == "invalid_credentials"
    for _ in range(19):
        api.send("POST", "password/change", access, change)
    assert api.send("POST", "password/change", access, {**change, "current_password": PASSWORD}).code == "locked"


@pytest.mark.parametrize("unusable", ["!", "", f"!{'x' * hashers.UNUSABLE_PASSWORD_SUFFIX_LENGTH}"])
@pytest.mark.parametrize("typed", ["", "!", " ", "None", "null"])
def test_pwd_12_who_has_no_password_signs_in_with_none(api: Api, inbox: Inbox, unusable: str, typed: str) -> None:
    api.account(inbox, ADA)
    User.objects.update(password=unusable)
    for reply in (api.login(ADA, typed), api.login(ADA, unusable), api.post("login", {"email": ADA, "password": None})):
        assert reply.status in (400, 401)
    assert Http().post("/login/", {"name": ADA, "password": typed}).status_code == 401
