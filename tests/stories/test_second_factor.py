"""The second factor of a sign-in, by API and by page."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from time_machine import travel

from tests.factors import Authenticator, enrol
from tests.world import PASSWORD, Api, Http, Inbox, Reply
from vestibule.accounts.models import User
from vestibule.audit.models import AuditEvent
from vestibule.conf import conf
from vestibule.factors.models import RecoveryCode, Totp
from vestibule.limits.models import Tally
from vestibule.sessions.models import Session

ADA = "ada@example.com"


@pytest.fixture
def app(api: Api, inbox: Inbox) -> Authenticator:
    """Ada, with an authenticator app and recovery codes, signed in nowhere."""
    api.account(inbox, ADA)
    Session.objects.all().delete()
    return enrol(User.objects.get())


def ticket(api: Api) -> str:
    answer = api.login(ADA)
    assert answer.body.keys() == {"mfa_required", "mfa", "methods"}
    return str(answer.body["mfa"])


def prove(api: Api, mfa: str, code: str, method: str = "totp", **more: object) -> Reply:
    return api.post("login/mfa", {"mfa": mfa, "method": method, "code": code, **more})


def test_nobody_is_signed_in_before_the_second_factor(api: Api, app: Authenticator) -> None:
    answer = api.login(ADA)
    assert (answer.status, answer.body["mfa_required"]) == (200, True)
    assert answer.body["methods"] == ["totp", "recovery_code"]
    assert not Session.objects.exists()
    assert not [name for name in answer.headers if name.lower() == "set-cookie"]
    proved = prove(api, answer.body["mfa"], app.code())
    assert proved.status == 200
    assert api.send("GET", "me", proved.body["access"]).status == 200
    assert Session.objects.get().amr == ["pwd", "otp", "mfa"]
    assert AuditEvent.objects.get(name="second_factor.proved").code == "totp"  # counted by it (docs/monitoring.md)


def test_a_code_opens_once_however_it_is_typed(api: Api, app: Authenticator) -> None:
    first, second, code = ticket(api), ticket(api), app.code()
    assert prove(api, first, code).status == 200
    again = prove(api, second, f"{code[:3]} {code[3:]}")
    assert (again.status, again.code, again.body["attempts_left"]) == (401, "mfa_invalid", 4)
    assert prove(api, first, app.code(1)).code == "token_used"


def test_five_wrong_ones_end_the_ticket_and_the_account_s_tries(api: Api, app: Authenticator) -> None:
    mfa = ticket(api)
    answers = [prove(api, mfa, "000000") for _ in range(5)]
    assert [answer.code for answer in answers] == ["mfa_invalid"] * 4 + ["otp_exhausted"]
    locked = prove(api, ticket(api), app.code())
    assert (locked.status, locked.code) == (429, "locked")


def test_a_ticket_lives_five_minutes(api: Api, app: Authenticator) -> None:
    mfa = ticket(api)
    with travel(timezone.now() + timedelta(minutes=5)):
        late = prove(api, mfa, app.code())
    assert (late.status, late.code) == (410, "token_expired")


def test_a_password_that_was_changed_meanwhile_ends_the_ticket(api: Api, app: Authenticator) -> None:
    mfa = ticket(api)
    User.objects.update(password="!another")
    for code in [*["000000"] * 6, app.code()]:  # nor are tries spent by it
        dead = prove(api, mfa, code)
        assert (dead.status, dead.code) == (410, "token_expired")
    for path in ("login/mfa/passkey", "login/mfa/sms"):
        assert api.post(path, {"mfa": mfa}).code == "token_expired"
    assert not Session.objects.exists()
    assert not Tally.objects.filter(scope="second factors").exists()


def test_what_is_missing_is_asked_for_and_costs_no_try(api: Api, app: Authenticator, inbox: Inbox) -> None:
    mfa = ticket(api)
    access = prove(api, ticket(api), app.code()).body["access"]
    for method, field in (("totp", "code"), ("recovery_code", "code"), ("passkey", "credential")):
        for body in ({"method": method}, {"method": method, field: None}):
            for reply in (
                api.post("login/mfa", {"mfa": mfa, **body}),
                api.send("POST", "reauthenticate", access, body),
            ):
                assert (reply.status, reply.body["codes"]) == (400, {field: ["required"]})
    assert prove(api, mfa, "000000").body["attempts_left"] == 4


def test_a_recovery_code_stands_in_once_and_the_owner_is_told(api: Api, app: Authenticator, inbox: Inbox) -> None:
    code = app.recovery_codes[0].upper().replace("-", " ")
    first, second = ticket(api), ticket(api)
    assert prove(api, first, code, "recovery_code").status == 200
    assert prove(api, second, code, "recovery_code").code == "mfa_invalid"
    assert inbox.newest(ADA).subject.startswith("A recovery code was used")


def test_three_codes_left_are_told(api: Api, app: Authenticator, inbox: Inbox) -> None:
    RecoveryCode.objects.filter(pk__in=RecoveryCode.objects.values("pk")[:6]).update(used_at=timezone.now())
    left = RecoveryCode.objects.filter(used_at=None).count()
    assert left == 4
    assert prove(api, ticket(api), app.recovery_codes[6], "recovery_code").status == 200
    assert any(post.subject.startswith("You have three recovery codes left") for post in inbox.all(ADA))


def test_a_remembered_device_is_not_asked_until_a_credential_changes(api: Api, app: Authenticator) -> None:
    remembered = prove(api, ticket(api), app.code(), remember_device=True).body["remembered_device"]
    assert "access" in api.login(ADA, remembered_device=remembered).body
    assert "mfa" in api.login(ADA, remembered_device="another").body
    access = prove(api, ticket(api), app.code(1)).body["access"]
    changed = api.send(
        "POST", "password/change", access, {"current_password": PASSWORD, "password": "another long password"}
    )
    assert changed.status == 204
    assert "mfa" in api.login(ADA, "another long password", remembered_device=remembered).body


def test_a_factor_that_is_proved_again_counts_for_the_token_that_it_gave_alone(
    api: Api, app: Authenticator, inbox: Inbox
) -> None:
    """Of a session by a remembered device somebody copied the access token."""
    remembered = prove(api, ticket(api), app.code(-1), remember_device=True).body["remembered_device"]
    copied = api.login(ADA, remembered_device=remembered).body
    with travel(timezone.now() + timedelta(seconds=30)):
        proof = {"method": "totp", "code": app.code()}
        fresh = api.send("POST", "reauthenticate", copied["access"], proof).body["access"]
        refused = api.send("POST", "passkeys/options", copied["access"])
        assert (refused.status, refused.code) == (403, "reauthentication_required")
        assert api.send("POST", "passkeys/options", fresh).status == 200
        refreshed = api.post("token/refresh", {"refresh": copied["refresh"]}).body["access"]
        assert api.send("POST", "passkeys/options", refreshed).status == 200


def test_the_page_keeps_the_ticket_in_its_form(app: Authenticator) -> None:
    http = Http()
    asked = http.post("/login/", {"name": ADA, "password": PASSWORD})
    assert asked.status_code == 200
    assert conf.session_cookie_name not in asked.cookies
    assert conf.device_cookie_name not in asked.cookies
    found = re.search(r'name="mfa" value="([^"]+)"', asked.content.decode())
    assert found
    wrong = http.post("/login/mfa/", {"mfa": found[1], "method": "totp", "code": "000000"})
    assert wrong.status_code == 401
    right = http.post("/login/mfa/", {"mfa": found[1], "method": "totp", "code": app.code(), "remember": "1"})
    assert (right.status_code, right["Location"]) == (303, "/account/")
    assert http.get("/account/").status_code == 200
    http.post("/logout/")
    assert http.post("/login/", {"name": ADA, "password": PASSWORD}).status_code == 303


def test_a_step_up_takes_the_factor_and_no_password(api: Api, app: Authenticator) -> None:
    access = prove(api, ticket(api), app.code(-1)).body["access"]
    by_password = api.send("POST", "reauthenticate", access, {"password": PASSWORD})
    assert (by_password.status, by_password.body["codes"]) == (400, {"method": ["required"]})
    fresh = api.send("POST", "reauthenticate", access, {"method": "totp", "code": app.code()})
    assert fresh.status == 200
    assert api.send("POST", "reauthenticate", access, {"method": "totp", "code": app.code()}).code == "mfa_invalid"


def test_a_session_from_before_the_factor_steps_up_by_it(api: Api, inbox: Inbox) -> None:
    access = api.account(inbox, ADA)
    assert api.send("GET", "me/export", access).status == 200
    app = enrol(User.objects.get())
    assert api.send("GET", "me/export", access).code == "reauthentication_required"
    fresh = api.send("POST", "reauthenticate", access, {"method": "totp", "code": app.code()}).body["access"]
    assert api.send("GET", "me/export", fresh).status == 200


def test_an_altered_or_copied_seed_opens_nothing(api: Api, app: Authenticator) -> None:
    row = Totp.objects.get()
    Totp.objects.update(sealed_seed=bytes(row.sealed_seed)[:-1] + bytes([bytes(row.sealed_seed)[-1] ^ 1]))
    assert prove(api, ticket(api), app.code()).code == "mfa_invalid"
