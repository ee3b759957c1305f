"""RACE-02, RACE-14 and RACE-15 of passkeys: many at once, and one of them does it."""

from typing import Any
from uuid import UUID

import pytest
from fido2.utils import websafe_decode

from tests.attacks.test_concurrency import unsettle
from tests.attacks.test_concurrency_at_once import answers_at_once
from tests.configured import configured
from tests.passkeys import SoftAuthenticator, add_passkey, request_options, sign_in, verify
from tests.world import Api, Inbox
from vestibule.accounts.models import User
from vestibule.audit.models import AuditEvent
from vestibule.factors.models import Passkey, RecoveryCode
from vestibule.sessions.models import Session

ADA = "ada@example.com"
MANY = 16


def record(options: dict[str, Any]) -> UUID:
    """The id of the record behind a challenge."""
    return UUID(bytes=websafe_decode(options["publicKey"]["challenge"])[:16])


@pytest.fixture
def access(api: Api, inbox: Inbox) -> str:
    return api.account(inbox, ADA)


@pytest.mark.parametrize("counts", [False, True])
def test_race_14_one_assertion_from_many_opens_one_session(api: Api, access: str, counts: bool) -> None:
    device = SoftAuthenticator(counts=counts)
    assert add_passkey(api, access, device).status == 201
    Session.objects.all().delete()
    credential = device.get(request_options(api))
    answers = answers_at_once(lambda _: verify(Api(), credential), MANY)
    assert answers[200, ""] == 1
    assert answers[401, "invalid_credentials"] + answers[429, "locked"] == MANY - 1
    assert Session.objects.count() == AuditEvent.objects.filter(name="passkey.used").count() == 1
    assert verify(api, credential).code == "invalid_credentials"


def test_race_14_one_assertion_ends_one_ticket_once(api: Api, access: str) -> None:
    device = SoftAuthenticator()
    assert add_passkey(api, access, device).status == 201
    Session.objects.all().delete()
    mfa = api.login(ADA).body["mfa"]
    body = {"mfa": mfa, "method": "passkey", "credential": device.get(api.post("login/mfa/passkey", {"mfa": mfa}).body)}
    answers = answers_at_once(lambda _: Api().post("login/mfa", body), 4)  # as many as the account has tries
    assert answers[200, ""] == 1
    assert Session.objects.count() == 1
    assert api.post("login/mfa", body).code == "token_used"


def test_race_14_of_two_copies_of_an_authenticator_one_enters(api: Api, access: str) -> None:
    device = SoftAuthenticator()
    assert add_passkey(api, access, device).status == 201
    Session.objects.all().delete()
    credentials = [device.get(request_options(api), counter=9) for _ in range(MANY)]
    answers = answers_at_once(lambda number: verify(Api(), credentials[number]), MANY)
    assert answers == {(200, ""): 1, (401, "invalid_credentials"): MANY - 1}
    assert Session.objects.count() == 1
    assert sign_in(api, device, counter=10).status == 200


def test_race_02_an_assertion_whose_settling_was_lost_works_no_second_time(api: Api, access: str) -> None:
    """The record of the work refuses it: this authenticator counts nothing."""
    device = SoftAuthenticator()
    made = device.create(api.send("POST", "passkeys/options", access).body)
    assert api.send("POST", "passkeys", access, {"credential": made}).status == 201
    mfa = api.login(ADA).body["mfa"]
    of_ticket, of_sign_in = api.post("login/mfa/passkey", {"mfa": mfa}).body, request_options(api)
    body, proved = {"mfa": mfa, "method": "passkey", "credential": device.get(of_ticket)}, device.get(of_sign_in)
    assert api.post("login/mfa", body).status == verify(api, proved).status == 200
    unsettle(*(record(each) for each in (of_ticket, of_sign_in)))
    assert verify(api, proved).code == "invalid_credentials"
    assert api.post("login/mfa", body).code == "token_used"
    assert api.send("POST", "passkeys", access, {"credential": made}).code == "invalid"  # an account has it
    assert Passkey.objects.count() == 1


def test_race_02_one_registration_from_many_makes_one_passkey(api: Api, access: str) -> None:
    credential = SoftAuthenticator().create(api.send("POST", "passkeys/options", access).body)
    answers = answers_at_once(lambda _: Api().send("POST", "passkeys", access, {"credential": credential}), MANY)
    assert answers[201, ""] == 1
    assert not {status for status, _ in answers if status >= 500}
    assert Passkey.objects.count() == AuditEvent.objects.filter(name="passkey.added").count() == 1
    assert RecoveryCode.objects.count() == 10


@configured(MAGIC_LINK=False)
def test_race_15_the_last_way_in_stays_when_all_are_removed_at_once(api: Api, access: str) -> None:
    ids = [add_passkey(api, access, SoftAuthenticator()).body["id"] for _ in range(4)]
    User.objects.update(password="!")
    answers = answers_at_once(lambda number: Api().send("DELETE", f"passkeys/{ids[number]}", access), 4)
    assert answers == {(204, ""): 3, (409, "last_way_in"): 1}
    assert Passkey.objects.count() == 1
