"""WAY-06, MFA-12, MFA-13 where a passkey is made: no attestation is trusted, so each member is checked for itself."""

import pytest

from tests.attacks.passkey_lies import LIES, MUTATIONS, keys_not_offered, members, mutated
from tests.passkeys import SoftAuthenticator, add_passkey, request_options, sign_in
from tests.world import Api, Inbox
from vestibule.factors.models import Passkey

ADA, BOB = "ada@example.com", "bob@example.com"


@pytest.fixture
def access(api: Api, inbox: Inbox) -> str:
    return api.account(inbox, ADA)


def test_way_06_each_member_of_a_registration_mutated_is_refused(api: Api, access: str) -> None:
    wrong = {}
    shown = SoftAuthenticator().create(api.send("POST", "passkeys/options", access).body)
    for member in members(shown):
        for name, change in MUTATIONS.items() if member[-1] != "transports" else ():
            credential = SoftAuthenticator().create(api.send("POST", "passkeys/options", access).body)
            reply = api.send("POST", "passkeys", access, {"credential": mutated(credential, member, change)})
            if reply.code != "invalid":
                wrong[member, name] = reply
    assert not wrong
    assert not Passkey.objects.exists()


@pytest.mark.parametrize("lie", [lie for lie in LIES if lie != "other type"])
def test_mfa_12_a_registration_that_is_wrong_is_refused(api: Api, access: str, lie: str) -> None:
    """WAY-06 and MFA-12."""
    options = api.send("POST", "passkeys/options", access).body
    credential = SoftAuthenticator().create(options, **LIES[lie])
    assert api.send("POST", "passkeys", access, {"credential": credential}).code == "invalid"
    assert not Passkey.objects.exists()


def test_mfa_12_a_key_that_was_not_offered_is_refused(api: Api, access: str) -> None:
    """WAY-06 and MFA-12."""
    for name, public in keys_not_offered().items():
        options = api.send("POST", "passkeys/options", access).body
        credential = SoftAuthenticator().create(options, public=public)
        reply = api.send("POST", "passkeys", access, {"credential": credential})
        assert reply.body.get("codes") == {"credential": ["invalid"]}, name
    assert not Passkey.objects.exists()


def test_way_06_the_credential_that_was_made_is_the_one_that_is_named(api: Api, access: str) -> None:
    for changes in ({"id": b"another"}, {"id": b""}, {"type": "webauthn.get"}):
        options = api.send("POST", "passkeys/options", access).body
        credential = SoftAuthenticator().create(options, **changes)
        assert api.send("POST", "passkeys", access, {"credential": credential}).code == "invalid"


def test_way_06_a_passkey_belongs_to_one_account(api: Api, inbox: Inbox, access: str) -> None:
    device, other = SoftAuthenticator(), api.account(inbox, BOB)
    assert add_passkey(api, access, device).status == 201
    options = api.send("POST", "passkeys/options", other).body
    credential = SoftAuthenticator().create(options, id=device.kept[0].id)
    credential["id"] = credential["rawId"] = device.get(request_options(api))["id"]
    assert api.send("POST", "passkeys", other, {"credential": credential}).code == "invalid"
    assert sign_in(api, device).body["user"]["email"] == ADA


@pytest.mark.parametrize("fmt", ["packed", "apple", "tpm", "fido-u2f", "never-heard-of"])
def test_mfa_13_an_attestation_is_neither_trusted_nor_wanted(api: Api, access: str, fmt: str) -> None:
    options = api.send("POST", "passkeys/options", access).body
    device = SoftAuthenticator()
    credential = device.create(options, fmt=fmt, statement={"alg": -7, "sig": b"x", "x5c": [b"none"]})
    assert api.send("POST", "passkeys", access, {"credential": credential}).status == 201
    assert sign_in(api, device).status == 200


def test_mfa_13_a_format_of_none_has_no_statement(api: Api, access: str) -> None:
    options = api.send("POST", "passkeys/options", access).body
    credential = SoftAuthenticator().create(options, statement={"sig": b"x"})
    assert api.send("POST", "passkeys", access, {"credential": credential}).code == "invalid"
