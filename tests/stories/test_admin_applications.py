"""`/api/admin/applications`: an application is made, changed and removed by an admin, and its secrets are rotated."""

import json
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from tests.desk import ApiDesk, account, given, make_application
from tests.world import Api, Inbox
from vestibule.applications.models import Application, ApplicationSecret, Source
from vestibule.applications.scopes import STANDARD_SCOPES
from vestibule.audit.models import AuditEvent
from vestibule.conf import conf

BOSS = "boss@example.com"
BACK = "https://shop.example/back"
WEB = {"name": "Shop", "type": "web", "redirect_uris": [BACK]}
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
PUBLIC_KEYS: dict[str, Any] = {
    "keys": [{**json.loads(ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key())), "kid": "1"}]
}


@pytest.fixture
def boss(api: Api, inbox: Inbox) -> ApiDesk:
    """An admin."""
    account(api, inbox, BOSS)
    given(BOSS, "admin")
    return ApiDesk(BOSS)


def made(boss: ApiDesk, **declared: Any) -> dict[str, Any]:
    """The answer to a new application."""
    reply = boss.send("POST", "applications", {**WEB, **declared})
    assert reply.status == 201, reply.text
    return dict(reply.body)


def codes(boss: ApiDesk, **declared: Any) -> dict[str, list[str]]:
    """What is wrong with such an application."""
    reply = boss.send("POST", "applications", {**WEB, **declared})
    assert (reply.status, reply.code) == (400, "invalid"), reply.text
    return dict(reply.body["codes"])


def test_an_application_is_answered_as_it_was_declared(boss: ApiDesk) -> None:
    declared = {
        **WEB,
        "first_party": True,
        "introspect": True,
        "post_logout_redirect_uris": ["https://shop.example/"],
        "backchannel_logout_uri": "https://shop.example/logout",
        "grant_types": ["authorization_code"],
        "scope": "openid email",
        "id_token_signed_response_alg": "ES256",
    }
    shown = made(boss, **declared)
    assert {name: shown[name] for name in declared} == declared
    assert len(shown["client_id"]) >= 22
    assert len(shown["client_secret"]) >= 43
    assert (shown["source"], shown["token_endpoint_auth_method"]) == ("staff", "client_secret_basic")
    path = f"applications/{shown['client_id']}"
    secret = shown.pop("client_secret")
    assert boss.get(path).body == shown
    assert boss.get(path + "/").body == shown
    assert secret not in boss.get(path).text + boss.get("applications").text
    [row] = ApplicationSecret.objects.all()
    assert bytes(row.digest) == sha256(secret.encode()).digest()
    assert shown["secrets"] == [{**shown["secrets"][0], "id": str(row.pk), "hint": secret[-4:]}]


@pytest.mark.parametrize(
    ("kind", "grants", "scope", "method", "has_secret"),
    [
        ("web", ["authorization_code", "refresh_token"], " ".join(STANDARD_SCOPES), "client_secret_basic", True),
        ("spa", ["authorization_code", "refresh_token"], " ".join(STANDARD_SCOPES), "none", False),
        ("native", ["authorization_code", "refresh_token"], " ".join(STANDARD_SCOPES), "none", False),
        ("service", ["client_credentials"], "", "client_secret_basic", True),
        ("device", [DEVICE_CODE, "refresh_token"], " ".join(STANDARD_SCOPES), "client_secret_basic", True),
    ],
)
def test_each_type_has_what_is_usual(
    boss: ApiDesk, kind: str, grants: list[str], scope: str, method: str, has_secret: bool
) -> None:
    shown = made(boss, type=kind)
    assert (shown["grant_types"], shown["scope"]) == (grants, scope)
    assert (shown["token_endpoint_auth_method"], "client_secret" in shown) == (method, has_secret)
    assert (shown["first_party"], shown["introspect"], shown["id_token_signed_response_alg"]) == (False, False, "ES256")
    more = boss.send("POST", f"applications/{shown['client_id']}/secrets")
    assert more.status == (201 if has_secret else 400)


WRONG: list[tuple[dict[str, Any], str, str | None]] = [
    ({"name": ""}, "name", "required"),
    ({"name": "\u202e\u0007 \u200b"}, "name", "required"),
    ({"name": "x" * 81}, "name", "max_length"),
    ({"name": 1}, "name", "invalid"),
    ({"type": "desktop"}, "type", "invalid_choice"),
    ({"type": ""}, "type", "invalid_choice"),
    ({"redirect_uris": []}, "redirect_uris", "required"),
    ({"redirect_uris": BACK}, "redirect_uris", "not_a_list"),
    ({"redirect_uris": ["http://shop.example/back"]}, "redirect_uris", "invalid"),
    ({"redirect_uris": ["com.example.app:/back"]}, "redirect_uris", "invalid"),
    ({"redirect_uris": [BACK + "#"]}, "redirect_uris", "invalid"),
    ({"redirect_uris": [f"{BACK}/{n}" for n in range(51)]}, "redirect_uris", "max_length"),
    ({"post_logout_redirect_uris": ["//shop.example"]}, "post_logout_redirect_uris", "invalid"),
    ({"backchannel_logout_uri": "http://shop.example/"}, "backchannel_logout_uri", "invalid"),
    ({"logo_uri": "data:image/png,"}, "logo_uri", "invalid"),
    ({"grant_types": ["password"]}, "grant_types", "invalid_choice"),
    ({"grant_types": ["implicit"]}, "grant_types", "invalid_choice"),
    ({"grant_types": [DEVICE_CODE]}, "grant_types", "invalid_choice"),
    ({"grant_types": ["refresh_token"]}, "grant_types", "invalid"),
    ({"type": "service", "grant_types": ["authorization_code"]}, "grant_types", "invalid_choice"),
    ({"scope": "openid admin"}, "scope", "invalid_choice"),
    ({"scope": "openid  email"}, "scope", "invalid_choice"),
    ({"resources": [f"{conf.base_url}/"]}, "resources", "invalid"),
    ({"resources": ["urn:api"]}, "resources", "invalid"),
    ({"id_token_signed_response_alg": "none"}, "id_token_signed_response_alg", "invalid_choice"),
    ({"id_token_signed_response_alg": "HS256"}, "id_token_signed_response_alg", "invalid_choice"),
    ({"token_endpoint_auth_method": "none"}, "token_endpoint_auth_method", "invalid_choice"),
    ({"type": "spa", "introspect": True}, "introspect", "invalid"),
    ({"type": "spa", "token_endpoint_auth_method": "client_secret_post"}, "token_endpoint_auth_method", None),
    ({"token_endpoint_auth_method": "private_key_jwt"}, "jwks", "required"),
    ({"jwks": {}}, "jwks", "invalid"),
    ({"jwks": {"keys": [{"kty": "oct", "k": "AA"}]}}, "jwks", "invalid"),
    ({"jwks": {"keys": PUBLIC_KEYS["keys"] * 2}}, "jwks", "invalid"),
]


def test_what_cannot_be_is_named(boss: ApiDesk, subtests: pytest.Subtests) -> None:
    for declared, field, code in WRONG:
        with subtests.test(declared=declared):
            assert codes(boss, **declared) == {field: [code or "invalid_choice"]}
            assert not Application.objects.exists()


def test_what_is_wrong_is_named_all_at_once(boss: ApiDesk) -> None:
    found = codes(boss, redirect_uris=["ftp://x"], scope="admin", logo_uri="x", backchannel_logout_uri="x")
    assert found.keys() == {"redirect_uris", "scope", "logo_uri", "backchannel_logout_uri"}


def test_a_name_is_cleaned_and_what_is_named_twice_counts_once(boss: ApiDesk) -> None:
    shown = made(boss, name="  Sh\u202eop\u0007 ", redirect_uris=[BACK, BACK], scope="openid email")
    assert (shown["name"], shown["redirect_uris"]) == ("Shop", [BACK])


def test_a_native_application_has_a_scheme_of_its_own(boss: ApiDesk) -> None:
    back = ["com.example.shop:/back", "http://127.0.0.1/back", BACK]
    assert made(boss, type="native", redirect_uris=back)["redirect_uris"] == back
    assert codes(boss, type="native", redirect_uris=["javascript:alert(1)"]) == {"redirect_uris": ["invalid"]}


def test_public_keys_are_kept_without_what_comes_with_them(boss: ApiDesk) -> None:
    [key] = PUBLIC_KEYS["keys"]
    given_keys = {"keys": [{**key, "x5c": ["\u0000"], "use": "sig"}]}
    shown = made(boss, token_endpoint_auth_method="private_key_jwt", jwks=given_keys)
    assert shown["jwks"] == {"keys": [{name: key[name] for name in ("kty", "crv", "x", "y", "kid")}]}
    assert "client_secret" not in shown


def test_private_and_weak_keys_are_refused(boss: ApiDesk) -> None:
    private = json.loads(ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1())))
    short = json.loads(RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 1024).public_key()))
    other = json.loads(ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP384R1()).public_key()))
    for key in (private, short, other, {"kty": "EC"}, {"kty": "RSA", "n": "AQAB", "e": "AQAB"}, "key", None):
        assert codes(boss, jwks={"keys": [key]}) == {"jwks": ["invalid"]}, key


def test_a_secret_is_rotated(boss: ApiDesk) -> None:
    shown = made(boss)
    path = f"applications/{shown['client_id']}"
    added = boss.send("POST", f"{path}/secrets")
    assert (added.status, added.body.keys()) == (201, {"id", "hint", "created_at", "client_secret"})
    assert added.body["client_secret"] != shown["client_secret"]
    hints = [each["hint"] for each in boss.get(path).body["secrets"]]
    assert hints == [shown["client_secret"][-4:], added.body["client_secret"][-4:]]
    old = boss.get(path).body["secrets"][0]["id"]
    assert boss.send("DELETE", f"{path}/secrets/{old}").status == 204
    assert boss.send("DELETE", f"{path}/secrets/{old}").status == 404
    assert [each["id"] for each in boss.get(path).body["secrets"]] == [added.body["id"]]


def test_so_many_secrets_fit(boss: ApiDesk) -> None:
    path = f"applications/{made(boss)['client_id']}/secrets"
    assert [boss.send("POST", path).status for _ in range(9)] == [201] * 9
    assert boss.send("POST", path).body["codes"] == {"secrets": ["impossible"]}


def test_what_is_named_is_changed_and_the_type_stays(boss: ApiDesk) -> None:
    shown = made(boss)
    shown.pop("client_secret")
    path = f"applications/{shown['client_id']}"
    changed = boss.send("PATCH", path, {"redirect_uris": [BACK + "/2"], "type": "web", "client_id": "other"})
    assert changed.status == 200
    assert changed.body == {**shown, "redirect_uris": [BACK + "/2"]} == boss.get(path).body
    assert boss.send("PATCH", path, {"type": "spa"}).body["codes"] == {"type": ["impossible"]}
    assert boss.send("PATCH", path, {"redirect_uris": []}).body["codes"] == {"redirect_uris": ["required"]}
    assert boss.send("PATCH", path, {"scope": None}).body == changed.body
    assert boss.send("PATCH", path, {"grant_types": ["client_credentials"], "redirect_uris": []}).status == 200
    assert AuditEvent.objects.filter(name="application.changed").count() == 3


def test_secrets_go_where_keys_come(boss: ApiDesk) -> None:
    path = f"applications/{made(boss)['client_id']}"
    keys = {"token_endpoint_auth_method": "private_key_jwt", "jwks": PUBLIC_KEYS}
    assert boss.send("PATCH", path, keys).body["secrets"] == []
    assert not ApplicationSecret.objects.exists()
    refused = boss.send("POST", f"{path}/secrets")
    assert (refused.status, refused.body["codes"]) == (400, {"token_endpoint_auth_method": ["impossible"]})


def test_the_key_of_rs256_is_published_with_the_first_that_asks_for_it(boss: ApiDesk) -> None:
    def algorithms() -> set[str]:
        return {key["alg"] for key in boss.api.http.get("/.well-known/jwks.json").json()["keys"]}

    path = f"applications/{made(boss)['client_id']}"
    assert algorithms() == {"ES256"}
    boss.send("PATCH", path, {"id_token_signed_response_alg": "RS256"})
    assert algorithms() == {"ES256", "RS256"}


def test_they_are_listed_newest_first(boss: ApiDesk) -> None:
    names = [f"Shop {number}" for number in range(51)]
    for name in names:
        make_application(name=name)
    first, second = boss.get("applications").body, boss.get("applications", page=2).body
    assert (first["count"], first["next"], second["next"]) == (51, 2, None)
    assert [each["name"] for each in first["results"] + second["results"]] == names[::-1]
    assert boss.get("applications", page=0).status == 400


def test_one_is_removed_with_its_secrets(boss: ApiDesk) -> None:
    path = f"applications/{made(boss)['client_id']}"
    assert boss.send("DELETE", path).status == 204
    assert boss.send("DELETE", path).status == boss.get(path).status == boss.send("PATCH", path, {}).status == 404
    assert not ApplicationSecret.objects.exists()


def test_one_whose_client_id_is_an_address_is_found_by_its_row(boss: ApiDesk) -> None:
    """And what its document declares is not changed here, but forgotten."""
    application = make_application()
    Application.objects.update(client_id="https://mcp.example/client.json", source=Source.DOCUMENT)
    path = f"applications/{application.pk}"
    assert boss.get(path).body["client_id"] == "https://mcp.example/client.json"
    assert boss.send("PATCH", path, {"name": "Mine"}).body["codes"] == {"source": ["impossible"]}
    assert boss.send("POST", f"{path}/secrets").body["codes"] == {"source": ["impossible"]}
    assert boss.send("DELETE", path).status == 204


@pytest.mark.parametrize("name", ["x", "%00", "%F0%9F%9A%AA", "x" * 600, "00000000-0000-4000-8000-000000000001"])
def test_an_unknown_one_is_not_found(boss: ApiDesk, name: str) -> None:
    assert boss.get(f"applications/{name}").status == 404
