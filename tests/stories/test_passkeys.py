"""Passkeys by API: made, used to sign in, as a second factor and for a step-up, renamed and removed."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from django.utils import timezone
from time_machine import travel

from tests.configured import configured
from tests.factors import enrol
from tests.passkeys import EDDSA, ES256, FLAG, RS256, SoftAuthenticator, add_passkey, request_options, sign_in, verify
from tests.world import PASSWORD, Api, Inbox, Reply
from vestibule.accounts.models import Role, Status, User
from vestibule.audit.models import AuditEvent
from vestibule.factors.models import Passkey, RecoveryCode, RememberedDevice
from vestibule.factors.passkeys import MOST_PASSKEYS
from vestibule.sessions.models import Session

ADA = "ada@example.com"


@pytest.fixture
def access(api: Api, inbox: Inbox) -> str:
    return api.account(inbox, ADA)


@pytest.fixture
def device(api: Api, access: str) -> SoftAuthenticator:
    """Ada's, which holds a passkey."""
    made = SoftAuthenticator()
    assert add_passkey(api, access, made).status == 201
    return made


def test_the_creation_options_are_those_of_webauthn(api: Api, access: str) -> None:
    options = api.send("POST", "passkeys/options", access).body["publicKey"]
    challenge, user = options.pop("challenge"), options.pop("user")
    assert (len(challenge), len(user.pop("id")), user) == (43, 22, {"name": ADA, "displayName": ADA})
    assert options == {
        "rp": {"id": "testserver", "name": "Vestibule"},
        "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in (ES256, EDDSA, RS256)],
        "timeout": 300_000,
        "excludeCredentials": [],
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "attestation": "none",
    }


@pytest.mark.parametrize("algorithm", [ES256, EDDSA, RS256])
def test_a_passkey_of_each_algorithm_signs_in(api: Api, access: str, algorithm: int) -> None:
    device = SoftAuthenticator(algorithm)
    made = add_passkey(api, access, device)
    assert made.status == 201
    entered = sign_in(api, device)
    assert (entered.status, entered.body["user"]["email"]) == (200, ADA)
    claims = jwt.decode(entered.body["access"], options={"verify_signature": False})
    assert (claims["amr"], claims["acr"]) == (["swk", "user", "mfa"], "aal2")


def test_a_new_passkey_is_named_told_and_comes_with_recovery_codes(api: Api, access: str, inbox: Inbox) -> None:
    agent = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15"
    at_home = Api(type(api.http)(raise_request_exception=False, HTTP_USER_AGENT=agent))
    made = add_passkey(at_home, access, SoftAuthenticator()).body
    codes = made.pop("recovery_codes")
    assert len(codes) == len(set(codes)) == 10
    assert made.keys() == {"id", "name", "created_at", "last_used_at", "backed_up", "authenticator"}
    assert (made["name"], made["authenticator"]) == ("Apple Passwords (Safari on macOS)", "Apple Passwords")
    assert (made["backed_up"], made["last_used_at"]) == (True, None)
    mail = inbox.newest(ADA)
    assert mail.subject.startswith("A passkey was added")
    assert api.post("sessions/disown", {"token": mail.token}).status == 204
    assert not Passkey.objects.exists()
    assert not RecoveryCode.objects.exists()


def test_the_second_passkey_brings_no_codes_and_excludes_the_first(
    api: Api, access: str, device: SoftAuthenticator
) -> None:
    options = api.send("POST", "passkeys/options", access).body
    assert [each["transports"] for each in options["publicKey"]["excludeCredentials"]] == [["hybrid", "internal"]]
    second = add_passkey(api, access, SoftAuthenticator(aaguid=bytes(16)), name=" Blue key ")
    assert second.body.keys() == {"id", "name", "created_at", "last_used_at", "backed_up", "authenticator"}
    assert (second.body["name"], second.body["authenticator"]) == ("Blue key", "")
    listed = api.send("GET", "passkeys", access).body
    assert [each["name"] for each in listed][1:] == ["Blue key"]


def test_the_session_that_made_it_has_proved_it(api: Api, access: str, device: SoftAuthenticator) -> None:
    assert Session.objects.get().amr == ["pwd", "otp", "swk", "user", "mfa"]
    assert api.send("GET", "me/export", access).status == 200


def test_other_sessions_end_if_wanted_and_no_device_is_remembered(api: Api, access: str) -> None:
    other = api.login(ADA).body["access"]
    now = timezone.now()
    user = User.objects.get()
    RememberedDevice.objects.create(user=user, digest=b"1", credentials=b"2", created_at=now, expires_at=now)
    assert add_passkey(api, access, SoftAuthenticator()).status == 201
    assert not RememberedDevice.objects.exists()
    assert api.send("GET", "me", other).status == 200
    assert add_passkey(api, access, SoftAuthenticator(), end_other_sessions=True).status == 201
    assert api.send("GET", "me", other).code == "session_revoked"
    assert api.send("GET", "me", access).status == 200


def test_a_use_is_recorded(api: Api, device: SoftAuthenticator) -> None:
    device.counts, device.flags = True, FLAG.UP | FLAG.UV | FLAG.BE
    assert sign_in(api, device).status == 200
    row = Passkey.objects.get()
    assert row.last_used_at
    assert (row.sign_count, row.is_backed_up) == (1, False)
    assert AuditEvent.objects.filter(name="passkey.used").count() == 1


def test_a_passkey_needs_a_recent_sign_in(api: Api, access: str, device: SoftAuthenticator) -> None:
    passkey = Passkey.objects.get()
    options = api.send("POST", "passkeys/options", access).body
    Session.objects.update(auth_time=timezone.now() - timedelta(minutes=11))
    refused = (
        api.send("POST", "passkeys/options", access),
        api.send("POST", "passkeys", access, {"credential": SoftAuthenticator().create(options)}),
        api.send("DELETE", f"passkeys/{passkey.pk}", access),
    )
    assert [answer.code for answer in refused] == ["reauthentication_required"] * 3
    assert api.send("PATCH", f"passkeys/{passkey.pk}", access, {"name": "Mine"}).body["name"] == "Mine"


def test_a_step_up_by_passkey(api: Api, access: str, device: SoftAuthenticator) -> None:
    Session.objects.update(auth_time=timezone.now() - timedelta(minutes=11), amr=["pwd"])
    body = {"method": "passkey", "credential": device.get(request_options(api))}
    fresh = api.send("POST", "reauthenticate", access, body)
    assert fresh.status == 200
    assert api.send("GET", "me/export", fresh.body["access"]).status == 200
    assert api.send("POST", "reauthenticate", access, body).code == "mfa_invalid"


def test_a_step_up_takes_no_passkey_of_another(api: Api, inbox: Inbox, access: str) -> None:
    bobs, other = SoftAuthenticator(), api.account(inbox, "bob@example.com")
    assert add_passkey(api, other, bobs).status == 201
    body = {"method": "passkey", "credential": bobs.get(request_options(api))}
    assert api.send("POST", "reauthenticate", access, body).code == "mfa_invalid"
    assert api.send("POST", "reauthenticate", other, body).status == 200  # nothing was used up


def prove(api: Api, mfa: str, credential: Any) -> Reply:
    return api.post("login/mfa", {"mfa": mfa, "method": "passkey", "credential": credential})


def test_a_passkey_as_the_second_factor(api: Api, device: SoftAuthenticator) -> None:
    asked = api.login(ADA).body
    assert asked["methods"] == ["passkey", "recovery_code"]
    options = api.post("login/mfa/passkey", {"mfa": asked["mfa"]}).body
    assert len(options["publicKey"]["allowCredentials"]) == 1
    entered = prove(api, asked["mfa"], device.get(options))
    assert entered.status == 200
    claims = jwt.decode(entered.body["access"], options={"verify_signature": False})
    assert claims["amr"] == ["pwd", "swk", "user", "mfa"]
    assert api.post("login/mfa/passkey", {"mfa": asked["mfa"]}).code == "token_used"


def test_a_second_factor_answers_its_own_ticket(api: Api, device: SoftAuthenticator) -> None:
    first, second = (str(api.login(ADA).body["mfa"]) for _ in range(2))
    of_first = device.get(api.post("login/mfa/passkey", {"mfa": first}).body)
    assert prove(api, second, of_first).code == "mfa_invalid"
    assert prove(api, second, device.get(request_options(api))).code == "mfa_invalid"
    assert prove(api, second, {}).code == "mfa_invalid"
    assert prove(api, first, of_first).status == 200


def test_a_ticket_of_an_account_without_passkeys_has_no_options(api: Api, access: str) -> None:
    enrol(User.objects.get())
    assert api.post("login/mfa/passkey", {"mfa": api.login(ADA).body["mfa"]}).code == "not_found"
    assert api.post("login/mfa/passkey", {"mfa": "x.y"}).code == "token_invalid"


def test_an_account_with_an_app_signs_in_by_passkey_alone(api: Api, device: SoftAuthenticator) -> None:
    enrol(User.objects.get())
    assert "access" in sign_in(api, device).body


def test_the_options_of_a_sign_in_name_nobody(api: Api, device: SoftAuthenticator) -> None:
    options = request_options(api)["publicKey"]
    assert len(options.pop("challenge")) == 43
    named = {"timeout": 300_000, "rpId": "testserver", "allowCredentials": [], "userVerification": "required"}
    assert options == named


def test_a_suspended_account_is_not_entered(api: Api, device: SoftAuthenticator) -> None:
    User.objects.update(status=Status.SUSPENDED)
    assert sign_in(api, device).code == "account_suspended"


def test_a_passkey_is_removed(api: Api, access: str, device: SoftAuthenticator, inbox: Inbox) -> None:
    other = sign_in(api, device).body["access"]
    path = f"passkeys/{Passkey.objects.get().pk}"
    assert api.send("DELETE", path, access).status == 204
    assert api.send("GET", "me", other).code == "session_revoked"
    assert not RecoveryCode.objects.exists()
    assert inbox.newest(ADA).subject.startswith("A passkey was removed")
    assert sign_in(api, device).code == "credential_unknown"
    assert api.send("DELETE", path, access).code == "not_found"
    assert api.login(ADA).body["access"]


def test_the_last_way_in_stays(api: Api, access: str, device: SoftAuthenticator) -> None:
    User.objects.update(password="!")
    first = Passkey.objects.get()
    with configured(MAGIC_LINK=False):
        assert api.send("DELETE", f"passkeys/{first.pk}", access).code == "last_way_in"
        second = add_passkey(api, access, SoftAuthenticator())
        assert second.status == 201
        assert api.send("DELETE", f"passkeys/{first.pk}", access).status == 204
    assert api.send("DELETE", f"passkeys/{second.body['id']}", access).status == 204  # a mailed link signs in


def test_the_last_factor_of_a_role_that_needs_one_stays(api: Api, access: str, device: SoftAuthenticator) -> None:
    User.objects.update(role=Role.MANAGER)
    path = f"passkeys/{Passkey.objects.get().pk}"
    with configured(MFA_REQUIRED_ROLES=("manager",)):
        assert api.send("DELETE", path, access).code == "last_way_in"
    assert Passkey.objects.exists()
    assert api.send("DELETE", path, access).status == 204


def test_names_are_checked(api: Api, access: str, device: SoftAuthenticator) -> None:
    path = f"passkeys/{Passkey.objects.get().pk}"
    for name in ("", "  ", "x" * 101, "a\u202eb", None, 5):
        assert api.send("PATCH", path, access, {"name": name}).code == "invalid", name
    assert api.send("PATCH", f"passkeys/{uuid4()}", access, {"name": "Mine"}).code == "not_found"


def test_nobody_touches_another_s_passkey(api: Api, inbox: Inbox, access: str, device: SoftAuthenticator) -> None:
    other, path = api.account(inbox, "bob@example.com"), f"passkeys/{Passkey.objects.get().pk}"
    assert api.send("GET", "passkeys", other).body == []
    assert api.send("PATCH", path, other, {"name": "Mine"}).code == "not_found"
    assert api.send("DELETE", path, other).code == "not_found"


def test_an_account_has_so_many_passkeys(api: Api, access: str, device: SoftAuthenticator) -> None:
    row = Passkey.objects.get()
    options = api.send("POST", "passkeys/options", access).body
    for n in range(MOST_PASSKEYS - 1):
        row.pk, row.credential_id = uuid4(), bytes([n])
        row.save(force_insert=True)
    late = api.send("POST", "passkeys", access, {"credential": SoftAuthenticator().create(options)})
    for answer in (late, api.send("POST", "passkeys/options", access)):
        assert answer.body["codes"] == {"credential": ["invalid"]}


def test_a_passkey_from_another_of_our_origins(api: Api, access: str) -> None:
    elsewhere = "https://app.example.org"
    device = SoftAuthenticator(origin=elsewhere)
    assert add_passkey(api, access, device).body["codes"] == {"credential": ["invalid"]}
    with configured(PASSKEY_ORIGINS=(elsewhere,), FRONTEND_URL="https://www.example.org/app"):
        assert add_passkey(api, access, device).status == 201
        assert sign_in(api, device).status == 200
        known = api.http.get("/.well-known/webauthn")
        assert known["Content-Type"] == "application/json"
        assert known.json() == {"origins": ["http://testserver", "https://www.example.org", elsewhere]}
    assert sign_in(api, device).code == "invalid_credentials"


def test_password_managers_find_where_passkeys_are_made(api: Api) -> None:
    page = "http://testserver/account/security/"
    assert api.http.get("/.well-known/passkey-endpoints").json() == {"enroll": page, "manage": page}


def test_a_challenge_lives_five_minutes(api: Api, access: str, device: SoftAuthenticator) -> None:
    proved = device.get(request_options(api))
    made = SoftAuthenticator().create(api.send("POST", "passkeys/options", access).body)
    with travel(timezone.now() + timedelta(minutes=5)):
        assert verify(api, proved).code == "invalid_credentials"
        assert api.send("POST", "passkeys", access, {"credential": made}).code == "token_expired"


def test_a_password_is_no_way_around(api: Api, device: SoftAuthenticator) -> None:
    assert api.login(ADA, PASSWORD).body.keys() == {"mfa_required", "mfa", "methods"}
