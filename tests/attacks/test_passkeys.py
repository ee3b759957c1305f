"""MFA-11 to MFA-13, WAY-05 to WAY-07, WAY-10, ENUM-12: what an attacker does with passkeys at the sign-in, on an
authenticator made of `fido2`."""

import copy

import pytest
from time_machine import Traveller

from tests.attacks.passkey_lies import MUTATIONS, OF_AN_ASSERTION, members, mutated
from tests.factors import enrol
from tests.passkeys import ES256, FLAG, SoftAuthenticator, add_passkey, make_key, request_options, sign_in, verify
from tests.world import PASSWORD, Api, Inbox, Reply
from vestibule.accounts.models import User
from vestibule.audit.models import AuditEvent
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.policy import Purpose
from vestibule.factors.models import Passkey
from vestibule.sessions.models import Session

ADA, BOB = "ada@example.com", "bob@example.com"


@pytest.fixture
def access(api: Api, inbox: Inbox) -> str:
    return api.account(inbox, ADA)


@pytest.fixture
def device(api: Api, access: str) -> SoftAuthenticator:
    made = SoftAuthenticator()
    assert add_passkey(api, access, made).status == 201
    return made


def is_refused(reply: Reply) -> bool:
    return (reply.status, reply.code) == (401, "invalid_credentials")


def test_way_06_each_member_of_an_assertion_mutated_is_refused(api: Api, device: SoftAuthenticator) -> None:
    Session.objects.all().delete()
    wrong = {}
    for member in members(device.get(request_options(api))):
        for name, change in MUTATIONS.items():
            right = device.get(request_options(api))
            if member[-1] == "userHandle" and name in ("gone", "null"):
                continue  # an authenticator may tell none: the account is that of the credential
            reply = verify(api, mutated(right, member, change))
            if not is_refused(reply):
                wrong[member, name] = reply
    assert not wrong
    assert not Session.objects.exists()
    assert sign_in(api, device).status == 200


def test_mfa_12_what_is_signed_and_wrong_is_refused(
    api: Api, device: SoftAuthenticator, subtests: pytest.Subtests
) -> None:
    """WAY-06 and MFA-12."""
    for lie in OF_AN_ASSERTION:
        with subtests.test(lie=lie):
            Session.objects.all().delete()
            reply = sign_in(api, device, **OF_AN_ASSERTION[lie])
            assert (reply.status, reply.code) == (401, "invalid_credentials")
            assert not Session.objects.exists()
            assert sign_in(api, device).status == 200


def test_mfa_12_a_credential_of_another_enters_nobody_else_s_account(
    api: Api, inbox: Inbox, device: SoftAuthenticator
) -> None:
    """WAY-06 and MFA-12."""
    bobs = SoftAuthenticator()
    assert add_passkey(api, api.account(inbox, BOB), bobs).status == 201
    adas, other = (each.get(request_options(api)) for each in (device, bobs))
    for member in ("id", "rawId", "userHandle", "signature"):
        mixed = copy.deepcopy(adas)
        of = mixed if member in mixed else mixed["response"]
        of[member] = (other if member in other else other["response"])[member]
        assert is_refused(verify(api, mixed)), member
    named = {**adas, "id": other["id"], "rawId": other["id"]}
    assert is_refused(verify(api, named))
    assert verify(api, other).body["user"]["email"] == BOB


def test_mfa_11_a_challenge_works_once_for_its_purpose_and_session(
    api: Api, inbox: Inbox, access: str, device: SoftAuthenticator
) -> None:
    proved = device.get(request_options(api))
    assert verify(api, proved).status == 200
    assert is_refused(verify(api, proved))
    enrolment = api.send("POST", "passkeys/options", access).body
    ticket = api.post("login/mfa/passkey", {"mfa": api.login(ADA).body["mfa"]}).body
    for challenge in (enrolment["publicKey"]["challenge"], ticket["publicKey"]["challenge"], "A" * 43, "A" * 22):
        assert is_refused(sign_in(api, device, challenge=challenge))
    at_home = SoftAuthenticator().create(enrolment)
    elsewhere = sign_in(api, device).body["access"]  # of the same account, another session
    bobs = api.account(inbox, BOB)
    for other in (elsewhere, bobs):
        assert api.send("POST", "passkeys", other, {"credential": at_home}).code == "invalid"
    for challenge in (request_options(api)["publicKey"]["challenge"], "A" * 43):
        lied = SoftAuthenticator().create(enrolment, challenge=challenge)
        assert api.send("POST", "passkeys", access, {"credential": lied}).code == "invalid"
    assert api.send("POST", "passkeys", access, {"credential": at_home}).status == 201
    assert api.send("POST", "passkeys", access, {"credential": at_home}).code == "token_used"


def test_mfa_11_a_challenge_is_over_after_five_minutes(api: Api, clock: Traveller, inbox: Inbox) -> None:
    access, device = api.account(inbox, ADA), SoftAuthenticator()
    assert add_passkey(api, access, device).status == 201
    proved = device.get(request_options(api))
    made = SoftAuthenticator().create(api.send("POST", "passkeys/options", access).body)
    clock.shift(301)
    assert is_refused(verify(api, proved))
    assert api.send("POST", "passkeys", access, {"credential": made}).code == "token_expired"


def test_mfa_13_a_sign_count_that_does_not_grow_is_refused_and_told(api: Api, device: SoftAuthenticator) -> None:
    assert sign_in(api, device, counter=7).status == 200
    for counter in (7, 6, 1, 0):
        assert is_refused(sign_in(api, device, counter=counter))
    assert AuditEvent.objects.filter(name="passkey.counter_behind", user_id=User.objects.get().pk).count() == 4
    assert Passkey.objects.get().sign_count == 7
    assert sign_in(api, device, counter=8).status == 200


def test_mfa_13_nobody_is_told_of_by_a_count_that_nobody_signed(api: Api, device: SoftAuthenticator) -> None:
    assert sign_in(api, device, counter=7).status == 200
    device.kept[0].key = make_key(ES256)
    assert is_refused(sign_in(api, device, counter=1))
    assert not AuditEvent.objects.filter(name="passkey.counter_behind").exists()


def test_way_10_a_removed_passkey_is_unknown_and_no_other_ever_is(api: Api, device: SoftAuthenticator) -> None:
    assert sign_in(api, device, origin="http://evil.example").code == "invalid_credentials"
    Passkey.objects.all().delete()
    gone = sign_in(api, device)
    assert (gone.status, gone.code) == (401, "credential_unknown")
    assert sign_in(api, device, challenge="A" * 43).code == "invalid_credentials"


def test_way_05_strangers_spend_nobody_s_tries(api: Api, device: SoftAuthenticator) -> None:
    app = enrol(User.objects.get())
    for _ in range(100):
        assert is_refused(sign_in(api, device, flags=FLAG.UP))
    api.post("login/mfa", {"mfa": "x.y", "method": "passkey", "credential": device.get(request_options(api))})
    mfa = api.login(ADA, PASSWORD).body["mfa"]
    assert api.post("login/mfa", {"mfa": mfa, "method": "totp", "code": app.code()}).status == 200
    assert sign_in(api, device).status == 200


def test_way_07_half_a_sign_in_makes_no_passkey(api: Api, device: SoftAuthenticator) -> None:
    mfa = api.login(ADA).body["mfa"]
    asked = api.post("login/mfa/passkey", {"mfa": mfa}).body["publicKey"]
    invented = {"rp": {"id": "testserver"}, "user": {"id": "AAAA"}, "pubKeyCredParams": [{"alg": ES256}]}
    made = SoftAuthenticator().create({"publicKey": {**invented, **asked}})
    for bearer in (mfa, ""):
        assert api.send("POST", "passkeys/options", bearer).status == 401
        assert api.send("POST", "passkeys", bearer, {"credential": made}).status == 401
    assert Passkey.objects.count() == 1


def test_enum_12_nobody_learns_who_has_a_passkey(api: Api, inbox: Inbox, device: SoftAuthenticator) -> None:
    """Nor who has an authenticator app: by a guessed password no more than by the options of a passkey."""
    with_app, nobody = "cy@example.com", "nobody@example.com"
    for email in (BOB, with_app):
        api.account(inbox, email)
    enrol(User.objects.get(email=with_app))
    everybody = (ADA, BOB, with_app, nobody)
    answers = set()
    for body in ({}, *({"email": email} for email in everybody)):
        options = api.post("login/passkey/options", body)
        assert options.body["publicKey"].pop("challenge")
        answers.add((options.status, str(options.body)))
    assert len(answers) == 1
    wrong = [api.login(who, "a wrong password of somebody") for who in everybody]
    assert len({(reply.status, reply.code, *reply.body) for reply in wrong}) == 1
    for user in User.objects.all():  # no record of a ceremony is bound to somebody whose address was typed
        for purpose in (Purpose.PASSKEY_SIGN_IN, Purpose.SECOND_FACTOR):
            assert not challenges.list_for_person(purpose, user.pk), user
