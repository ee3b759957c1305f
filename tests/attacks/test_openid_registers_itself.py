"""OID-09: `/oauth/register`. Who may, what an application does not get that way, and how many there may be."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.attacks.openid_moves import create_person, error_of, signed_in
from tests.browsing import Browser
from tests.configured import configured, rated
from tests.foreign_hosts import METADATA
from tests.oauth import RelyingParty, allow, code_of, go_on, place, text_of
from tests.publisher import KEY
from tests.world import Api, Http, Inbox
from vestibule.applications.models import Application, ApplicationSecret, Source

BACK = "https://robot.example.com/back"
ASKED: dict[str, Any] = {"client_name": "Robot", "redirect_uris": [BACK]}
TOKEN = "an initial access token, long enough"


@pytest.fixture
def opened(house: None) -> Iterator[None]:
    """Anybody may."""
    with configured(OAUTH_REGISTRATION="open"):
        yield


@pytest.fixture
def browser(house: None, api: Api, inbox: Inbox) -> Browser:
    """Ada's, signed in."""
    create_person(api, inbox)
    return signed_in()


def register(declared: object, token: str = "", content_type: str = "application/json") -> Any:
    """What the endpoint answers."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = declared if isinstance(declared, (str, bytes)) else json.dumps(declared)
    http = Http(raise_request_exception=False)
    return http.post("/oauth/register", body, content_type=content_type, headers=headers)


def test_oid_09_nobody_registers_unless_the_operator_wants_it(house: None) -> None:
    for token in ("", TOKEN):
        assert register(ASKED, token).status_code == 404
    assert "registration_endpoint" not in Http().get("/.well-known/openid-configuration").json()
    assert not Application.objects.exists()


def test_oid_09_a_stranger_brings_the_initial_access_token(house: None) -> None:
    for expected in (TOKEN, ""):
        with configured(OAUTH_REGISTRATION="token", OAUTH_REGISTRATION_TOKEN=expected):
            for token in ("", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "x", "\ud800"):
                refused = register(ASKED, token)
                assert error_of(refused) == (401, "invalid_token")
                assert refused["WWW-Authenticate"].startswith("Bearer")
    assert not Application.objects.exists()
    with configured(OAUTH_REGISTRATION="token", OAUTH_REGISTRATION_TOKEN=TOKEN):
        assert register(ASKED, TOKEN).status_code == 201
        told = Http().get("/.well-known/openid-configuration").json()
        assert told["registration_endpoint"] == "http://testserver/oauth/register"


def test_oid_09_what_registered_signs_a_person_in_who_is_told_that_nobody_knows_it(
    opened: None, browser: Browser
) -> None:
    answer = register(ASKED)
    assert (answer.status_code, answer["Cache-Control"]) == (201, "no-store")
    told = answer.json()
    assert (told["token_endpoint_auth_method"], told["client_secret_expires_at"]) == ("client_secret_basic", 0)
    party = RelyingParty(told["client_id"], BACK, told["client_secret"])
    go_on(browser.open(party.authorize_url()))
    assert place(browser) == "/oauth/consent/"
    assert "It calls itself Robot. We do not know who made it." in text_of(browser.answer)
    assert party.exchange(code_of(allow(browser))).status_code == 200
    assert party.post("/oauth/token", grant_type="client_credentials").json()["error"] == "unauthorized_client"


def test_oid_09_a_registration_does_not_get_more_than_its_part(opened: None) -> None:
    inner = f"https://{METADATA}/x"
    told = register(
        {
            **ASKED,
            **{"client_id": "shop", "client_secret": "known", "source": "staff", "type": "service", "id": "x"},
            **{"first_party": True, "is_first_party": True, "introspect": True, "can_introspect": True},
            **{"grant_types": ["authorization_code", "client_credentials", "password", "implicit"]},
            **{"scope": "openid admin *", "resources": ["https://api.example.com"], "software_statement": "e30.e30."},
            **dict.fromkeys(("logo_uri", "policy_uri", "tos_uri", "client_uri", "jwks_uri"), inner),
            **{"backchannel_logout_uri": inner, "post_logout_redirect_uris": [inner], "client_name": "Ro\u202ebot\n"},
        }
    ).json()
    found = Application.objects.get()
    assert found.client_id == told["client_id"] != "shop"
    assert told["client_secret"] != "known"
    assert (found.source, found.type, found.is_first_party, found.can_introspect) == (
        *(Source.REGISTRATION, "web"),
        *(False, False),
    )
    assert (told["scope"], told["grant_types"], found.resources) == ("openid", ["authorization_code"], [])
    assert (found.logo_uri, found.backchannel_logout_uri, found.post_logout_redirect_uris) == ("", "", [])
    assert "\u202e" not in found.name
    assert METADATA not in json.dumps(told)


ADDRESSES: list[Any] = [
    *(None, [], "text", [1], {}, ["http://shop.example.com/"], ["https://a.example/#f"], ["https://u@a.example/"]),
    *(["javascript:alert(1)"], ["data:,x"], [BACK, "http://10.0.0.1/"], ["https://a.example/"] * 2 + ["ftp://x/"]),
    [f"https://a.example/{number}" for number in range(51)],
]


@pytest.mark.parametrize("uris", ADDRESSES, ids=lambda each: str(each)[:40])
@pytest.mark.parametrize("method", ["none", "client_secret_basic"])
def test_oid_09_an_address_that_is_not_allowed(opened: None, uris: object, method: str) -> None:
    declared = {**ASKED, "redirect_uris": uris, "token_endpoint_auth_method": method}
    assert error_of(register(declared)) == (400, "invalid_redirect_uri")
    assert not Application.objects.exists()


GRANTS: list[Any] = [["client_credentials"], ["refresh_token"], ["implicit"], [], "code", 1]
METHODS: list[Any] = ["private_key_jwt", "client_secret_jwt", "x", [], 1]
NAMES: list[Any] = ["n" * 81, {"en": "Robot"}, ["x"]]
TYPES: list[Any] = [["token"], [], "code"]
METADATA_REFUSED: list[dict[str, Any]] = [
    *({"grant_types": each} for each in GRANTS),
    *({"response_types": each} for each in TYPES),
    *({"token_endpoint_auth_method": each} for each in METHODS),
    *({"client_name": each} for each in NAMES),
    {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [KEY]}},
    {"scope": ["openid"]},
]


@pytest.mark.parametrize("declared", METADATA_REFUSED, ids=lambda each: str(each)[:40])
def test_oid_09_metadata_that_is_not_allowed(opened: None, declared: dict[str, Any]) -> None:
    assert error_of(register({**ASKED, **declared})) == (400, "invalid_client_metadata")
    assert not Application.objects.exists()


@pytest.mark.parametrize(
    "body", ["", "[]", "null", '"x"', "{", '{"redirect_uris": [], "redirect_uris": []}', b"\xff", "[" * 60_000]
)
def test_oid_09_what_is_no_object_is_no_registration(opened: None, body: str | bytes) -> None:
    assert error_of(register(body)) == (400, "invalid_request")
    assert error_of(register(ASKED, content_type="text/plain")) == (400, "invalid_request")


def test_oid_09_strangers_do_not_fill_the_table(opened: None) -> None:
    for rate in ("oauth_register", "oauth_register_overall"):
        Application.objects.all().delete()
        with rated(**{rate: "2/hour"}):
            assert [register(ASKED).status_code for _ in range(4)] == [201, 201, 429, 429]
        assert Application.objects.count() == ApplicationSecret.objects.count() == 2


def test_oid_09_nothing_manages_a_registration(opened: None) -> None:
    told = register({**ASKED, "token_endpoint_auth_method": "none"}).json()
    assert not {"client_secret", "registration_access_token", "registration_client_uri"} & told.keys()
    http = Http(raise_request_exception=False)
    for method in ("GET", "PUT", "DELETE"):
        assert http.generic(method, "/oauth/register").status_code == 405
        assert http.generic(method, f"/oauth/register/{told['client_id']}").status_code == 404
