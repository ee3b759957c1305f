"""MFA: nobody is in before the second factor, and its codes are good once, in their time, for their account."""

import json

import pytest
from django.conf import settings
from django.utils import timezone
from django.utils.http import http_date
from time_machine import Traveller

from tests.attacks.factor_moves import ADA, BOB, SPELLINGS, person, prove, sign_in, step_up, ticket
from tests.factors import Authenticator, rfc_6238
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.factors.models import RecoveryCode, Totp
from vestibule.sessions.models import Device, RefreshToken, Session

NEXT = "another password entirely"


@pytest.fixture
def app(clock: Traveller, api: Api, inbox: Inbox) -> Authenticator:
    """Ada's, in the middle of a step."""
    clock.shift(15)
    return person(api, inbox)


def test_mfa_01_before_the_second_factor_there_is_nothing(api: Api, app: Authenticator) -> None:
    answer = api.login(ADA, device={"fingerprint_hash": "of a phone", "device_name": "A phone"})
    assert answer.body.keys() == {"mfa_required", "mfa", "methods"}
    assert ADA not in answer.text
    assert not api.http.cookies
    mfa = answer.body["mfa"]
    for word in (mfa, mfa.partition(":")[0], mfa.rpartition(".")[2]):
        assert api.send("GET", "me", word).status == 401
        assert api.post("token/refresh", {"refresh": word}).status == 401
        assert api.post("token/verify", {"token": word}).status == 401
    assert not any(model.objects.exists() for model in (Session, RefreshToken, Device))


def test_mfa_01_by_page_no_cookie_lets_anybody_in(app: Authenticator) -> None:
    http = Http()
    asked = http.post("/login/", {"name": ADA, "password": PASSWORD})
    assert asked.status_code == 200
    assert ADA not in asked.content.decode()
    assert set(http.cookies) <= {settings.CSRF_COOKIE_NAME, settings.LANGUAGE_COOKIE_NAME}
    for path in ("/account/", "/account/security/", "/account/sessions/", "/admin/"):
        assert http.get(path)["Location"].startswith("/login/"), path
    assert not Session.objects.exists()


def test_mfa_04_a_reset_keeps_the_factor(api: Api, app: Authenticator, inbox: Inbox) -> None:
    before = [list(model.objects.order_by("pk").values()) for model in (Totp, RecoveryCode)]
    old = ticket(api)
    api.post("password/reset", {"email": ADA})
    shown = {"token": inbox.newest(ADA).token, "password": NEXT}
    reset = api.post("password/reset/confirm", shown)
    assert (reset.status, reset.text) == (204, "")
    assert [list(model.objects.order_by("pk").values()) for model in (Totp, RecoveryCode)] == before
    asked = api.login(ADA, NEXT)
    assert asked.body["methods"] == ["totp", "recovery_code"]
    assert prove(api, old, app.code()).code == "token_used"  # retired: it was of the password of before
    assert not Session.objects.exists()
    assert prove(api, asked.body["mfa"], app.code()).status == 200


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_mfa_05_way_04_a_code_is_good_once_in_every_spelling(api: Api, app: Authenticator, spelling: str) -> None:
    """MFA-05, WAY-04: used as it is, it opens in no other spelling; used so, it does not open as it is."""
    spell, now, following = SPELLINGS[spelling], app.code(), app.code(1)
    assert sign_in(api, now).status == 200
    assert sign_in(api, spell(now)).code == "mfa_invalid"
    access = sign_in(api, spell(following)).body["access"]
    assert sign_in(api, following).code == "mfa_invalid"
    assert step_up(api, access, spell(following)).code == "mfa_invalid"
    assert Session.objects.count() == 2


def test_mfa_05_a_newer_code_ends_the_older_ones(api: Api, app: Authenticator) -> None:
    """They were never used, and their time is not over."""
    assert sign_in(api, app.code(1)).status == 200
    for steps in (0, -1):
        assert sign_in(api, app.code(steps)).code == "mfa_invalid"


@pytest.mark.parametrize("phase", [0, 15, 29])
def test_mfa_06_one_step_of_tolerance_and_no_more(api: Api, app: Authenticator, clock: Traveller, phase: int) -> None:
    """Of an app whose clock is wrong; the time that a client tells counts for nothing."""
    clock.shift(phase - 15)
    for off in (-91, -61, -31, -29, 0, 29, 31, 61, 91):
        clock.shift(600)
        Totp.objects.update(last_step=0)
        now = timezone.now().timestamp()
        code = rfc_6238(app.seed, now + off)
        told = {"Date": http_date(now + off), "X-Time": str(now + off)}
        reply = api.post("login/mfa", {"mfa": ticket(api), "method": "totp", "code": code, "at": now + off}, **told)
        near = abs((now + off) // 30 - now // 30) <= 1
        assert (reply.status, reply.code) == ((200, "") if near else (401, "mfa_invalid")), off


CONFUSED: dict[str, dict[str, object]] = {
    "blank": {"code": ""},
    "null": {"code": None},
    "missing": {},
    "zeros": {"code": "000000"},
    "a list": {"code": []},
    "a list of it": {"code": ["{code}"]},
    "an object": {"code": {"$ne": ""}},
    "a number": {"code": 0},
    "true": {"code": True},
    "a wildcard": {"code": "%"},
    "no method": {"method": None, "code": "{code}"},
    "both methods": {"method": ["totp", "recovery_code"], "code": "{code}"},
    "another method": {"method": "recovery_code", "code": "{code}"},
    "the paper's": {"method": "totp", "code": "{paper}"},
    "both codes": {"code": "", "recovery_code": "{paper}"},
    "no such method": {"method": "email", "code": "{code}"},
    "not switched on": {"method": "sms", "code": "000000"},
    "no passkey": {"method": "passkey", "credential": None, "code": "{code}"},
    "a negative step": {"code": "-00001"},
    "long": {"code": "0" * 201},
}


@pytest.mark.parametrize("kind", CONFUSED)
def test_mfa_16_a_blank_default_or_oddly_shaped_code_opens_nothing(api: Api, app: Authenticator, kind: str) -> None:
    """And costs one try, or none where it is no code at all."""
    made = json.dumps({"method": "totp", **CONFUSED[kind]})
    body = json.loads(made.replace("{code}", app.code()).replace("{paper}", app.recovery_codes[0]))
    mfa = ticket(api)
    reply = api.post("login/mfa", {"mfa": mfa, **body})
    assert (reply.status, reply.code) in {(401, "mfa_invalid"), (400, "invalid")}
    assert not Session.objects.exists()
    again = prove(api, mfa, "000001")
    assert again.body["attempts_left"] == (3 if reply.status == 401 else 4)
    assert prove(api, mfa, app.code()).status == 200  # nothing of it was used up


def test_mfa_16_a_body_that_names_the_code_twice_is_none(api: Api, app: Authenticator) -> None:
    body = f'{{"mfa": "{ticket(api)}", "method": "totp", "code": "000000", "code": "{app.code()}"}}'
    answer = api.http.generic("POST", "/api/auth/login/mfa", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


def test_mfa_08_a_recovery_code_is_good_once_for_its_own_account(api: Api, app: Authenticator, inbox: Inbox) -> None:
    other = person(api, inbox, BOB)
    mine, theirs = app.recovery_codes[0], other.recovery_codes[0]
    assert sign_in(api, theirs, "recovery_code").code == "mfa_invalid"
    access = sign_in(api, mine, "recovery_code").body["access"]
    for spelling in (mine, mine.upper(), mine.replace("-", ""), f" {mine} "):
        assert sign_in(api, spelling, "recovery_code").code == "mfa_invalid"
    assert step_up(api, access, mine, "recovery_code").code in ("mfa_invalid", "locked")
    assert sign_in(api, theirs, "recovery_code", BOB).status == 200
    assert Session.objects.filter(user__email=ADA).count() == 1


def test_mfa_08_a_new_set_ends_the_old(api: Api, app: Authenticator) -> None:
    access = sign_in(api, app.code()).body["access"]
    made = api.send("POST", "mfa/recovery-codes", access).body["recovery_codes"]
    for old in app.recovery_codes[:3]:
        assert sign_in(api, old, "recovery_code").code == "mfa_invalid"
    assert sign_in(api, made[9], "recovery_code").status == 200


def test_mfa_08_wrong_recovery_codes_spend_the_tries_of_all_factors(api: Api, app: Authenticator) -> None:
    replies = [sign_in(api, "aaaa-aaaa-aaaa-aaaa", "recovery_code") for _ in range(10)]
    assert [reply.code for reply in replies] == ["mfa_invalid"] * 5 + ["locked"] * 5
    assert sign_in(api, app.code()).code == "locked"
    assert sign_in(api, app.recovery_codes[0], "recovery_code").code == "locked"


@pytest.mark.parametrize("size", [201, 60_000, 1_000_000])
def test_mfa_08_an_endless_code_costs_nothing(api: Api, app: Authenticator, size: int) -> None:
    mfa = ticket(api)
    for method in ("recovery_code", "totp"):
        reply = prove(api, mfa, "a" * size, method)
        assert (reply.status, reply.code) == ((413, "body_too_large") if size > 65_536 else (400, "invalid"))
    assert prove(api, mfa, app.code()).status == 200
