"""OID-09: applications that declare themselves by a document at their client id: whom that lets us ask, and what they
may be."""

import json
from socket import getaddrinfo, socket
from typing import Any

import pytest

from tests.attacks.openid_moves import create_person, signed_in
from tests.browsing import Browser
from tests.configured import configured
from tests.foreign_hosts import METADATA, PUBLIC
from tests.oauth import RelyingParty, allow, brought_back, code_of, go_on, place, text_of
from tests.publisher import BACK, GOOD, HOST, KEY, Publisher, as_json, is_refused
from tests.world import Api, Http, Inbox
from vestibule.applications import client_documents
from vestibule.applications.models import Application, Source
from vestibule.kernel import http_client


@pytest.fixture
def browser(house: None, api: Api, inbox: Inbox) -> Browser:
    """Ada's, signed in."""
    create_person(api, inbox)
    return signed_in()


def test_oid_09_a_stranger_s_application_signs_a_person_in(publisher: Publisher, browser: Browser) -> None:
    publisher.asks(browser)
    assert place(browser) == "/oauth/consent/"
    shown = text_of(browser.answer)
    assert f"It calls itself Robot at {HOST}:{publisher.port} ." in shown
    assert "127.0.0.1:9" in shown
    assert "runs on this device" in shown
    code = code_of(allow(browser))
    sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "client_id": publisher.url}
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    answer = publisher.party().post("/oauth/token", {}, **sent, code_verifier=verifier)
    assert answer.status_code == 200, answer.content
    assert answer.json()["id_token"]
    assert publisher.asked == 1
    found = Application.objects.get()
    assert (found.source, found.type, found.token_endpoint_auth_method) == (Source.DOCUMENT, "native", "none")


def test_oid_09_documents_are_not_read_unless_the_operator_wants_it(publisher: Publisher) -> None:
    publisher.asks(Browser())
    told = Http().get("/.well-known/oauth-authorization-server").json()
    assert told["client_id_metadata_document_supported"] is True
    with configured(OAUTH_CLIENT_DOCUMENTS=False):
        assert is_refused(publisher.asks(Browser()))
        told = Http().get("/.well-known/oauth-authorization-server").json()
        assert told["client_id_metadata_document_supported"] is False
    Application.objects.all().delete()
    with configured(OAUTH_CLIENT_DOCUMENTS=False):
        assert is_refused(publisher.asks(Browser()))
    assert publisher.asked == 1


INNER = ["127.0.0.1", "10.0.0.1", "192.168.0.1", "100.64.0.1", METADATA, "0.0.0.0", "::1", "::ffff:7f00:1"]
INNER += ["fd00:ec2::254", "fe80::1%eth0", "64:ff9b::a9fe:a9fe"]


@pytest.mark.parametrize("address", INNER)
def test_oid_09_a_name_of_an_inner_address_is_not_asked(
    publisher: Publisher, names: list[list[str]], connected: list[str], address: str
) -> None:
    names.append([PUBLIC, address])
    assert is_refused(publisher.asks(Browser()))
    assert connected == []
    assert not Application.objects.exists()


def test_oid_09_a_name_that_moves_inside_between_two_questions_is_asked_outside(
    publisher: Publisher, names: list[list[str]], connected: list[str]
) -> None:
    names.extend([[PUBLIC], ["127.0.0.1"]])
    publisher.asks(Browser())
    assert connected == [PUBLIC]
    assert names == [["127.0.0.1"]]


SPELLINGS = ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "0177.0.0.1", "[::1]", "[::ffff:7f00:1]"]
OTHERS = [
    *("http://{h}/c", "https://{h}", "https://{h}/", "https://{h}/a/../c", "https://{h}/a/./c", "https://{h}/%2e%2e/c"),
    *("https://{h}/a%2F..%2Fc", "https://{h}/c#f", "https://{h}/c?q=1", "https://{h}/c?", "https://u@{h}/c"),
    *("https://u:p@{h}/c", "HTTPS://{h}/c", "https://CLIENT.example.com/c", "https://{h}:/c", "https://{h}:443/c#"),
    *("https:///c", "https:{h}/c", "https://{h}\\c", "https://{h}/c d", "https://{h}/\u00e9", "file:///etc/passwd"),
    *("gopher://{h}/c", "https://{h}:99999/c", "https://" + "a" * 500 + "/c", "https://{h}/c\x00"),
]


@pytest.mark.parametrize("url", [*(f"https://{each}/c" for each in SPELLINGS), *OTHERS])
def test_oid_09_no_other_url_is_asked(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch, connected: list[str], url: str
) -> None:
    monkeypatch.setattr(http_client, "getaddrinfo", getaddrinfo)  # of this machine
    asked = url.replace("{h}", HOST)
    browser = go_on(Browser().open(RelyingParty(asked, BACK).authorize_url()))
    assert is_refused(browser)
    assert (connected, publisher.asked) == ([], 0)
    assert not Application.objects.exists()


def drips(client: socket) -> None:
    """It says nothing, and holds the line until we hang up."""
    client.settimeout(20)
    client.recv(1)


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 302 Found\r\nLocation: https://client.example.com/other\r\nContent-Length: 0\r\n\r\n",
        as_json(GOOD, status="201 Created"),
        as_json(GOOD, status="404 Not Found"),
        as_json(GOOD, status="503 Service Unavailable"),
        as_json(GOOD, content_type="text/html"),
        as_json(GOOD, content_type="text/plain; application/json"),
        as_json([GOOD]),
        as_json("text"),
        as_json({"x": "y" * 20_000}),
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + b" " * 20_000,
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + b"[" * 9_000,
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n\xff\xfe",
        b"SSH-2.0-OpenSSH\r\n",
    ],
)
def test_oid_09_what_is_no_document_makes_no_application(publisher: Publisher, reply: bytes) -> None:
    publisher.says = lambda client: client.sendall(reply)
    assert is_refused(publisher.asks(Browser()))
    assert publisher.asked == 1
    assert not Application.objects.exists()


def test_oid_09_a_host_that_never_answers_is_left(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_documents, "TIMEOUT", 0.2)
    publisher.says = drips
    assert is_refused(publisher.asks(Browser()))


WRONG: list[dict[str, Any]] = [
    {"client_id": "https://client.example.com/other.json"},
    {"client_id": None},
    {"client_id": ["x"]},
    {"client_secret": "known to all"},
    {"client_secret_expires_at": 0},
    *({"token_endpoint_auth_method": each} for each in ("client_secret_basic", "client_secret_post", "x", ["none"], 1)),
    {"token_endpoint_auth_method": "private_key_jwt"},
    {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": f"https://{METADATA}/keys"},
    {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": []}},
    *({"redirect_uris": each} for each in (None, [], "text", [1], ["http://shop.example.com/"])),
    *(
        {"redirect_uris": [each]}
        for each in ("https://shop.example.com/#f", "https://u@shop.example.com/", "javascript:alert(1)")
    ),
    *({"grant_types": each} for each in (["client_credentials"], ["refresh_token"], [], "authorization_code")),
    *({"response_types": each} for each in (["token"], "code", [])),
    {"client_name": "n" * 81},
    {"client_name": {"en": "Robot"}},
    {"scope": ["openid"]},
]


@pytest.mark.parametrize("declared", WRONG, ids=lambda each: json.dumps(each)[:60])
def test_oid_09_a_document_that_declares_wrong_makes_no_application(
    publisher: Publisher, declared: dict[str, Any]
) -> None:
    publisher.declared = declared
    assert is_refused(publisher.asks(Browser()))
    assert publisher.asked == 1
    assert not Application.objects.exists()


def test_oid_09_what_a_document_claims_beyond_its_part_is_not_had(
    publisher: Publisher, browser: Browser, connected: list[str]
) -> None:
    inner = f"https://{METADATA}/x"
    publisher.declared = {
        **{"first_party": True, "is_first_party": True, "introspect": True, "can_introspect": True, "source": "staff"},
        **{"type": "service", "resources": ["https://api.example.com"], "grant_types": ["authorization_code", "x"]},
        **{"scope": "openid admin", "client_name": "Ro\u202ebot\n", "jwks": {"keys": [KEY]}},
        **dict.fromkeys(
            ("logo_uri", "policy_uri", "tos_uri", "client_uri", "jwks_uri", "sector_identifier_uri"), inner
        ),
        "backchannel_logout_uri": inner,
        "post_logout_redirect_uris": [inner],
    }
    publisher.asks(browser, scope="openid")
    assert place(browser) == "/oauth/consent/"
    found = Application.objects.get()
    assert (found.is_first_party, found.can_introspect, found.type) == (False, False, "native")
    assert (found.scope, found.grant_types, found.resources) == ("openid", ["authorization_code"], [])
    assert (found.logo_uri, found.backchannel_logout_uri, found.post_logout_redirect_uris) == ("", "", [])
    assert "\u202e" not in found.name
    assert METADATA not in browser.answer.content.decode()
    assert connected == [PUBLIC]
    assert brought_back(browser.open(publisher.party().authorize_url(scope="openid admin")))["error"] == "invalid_scope"
