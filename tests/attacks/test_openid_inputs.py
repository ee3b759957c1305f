"""OID-01, OID-03 and OID-05: what no application sends, and what it sends twice."""

import json
import re
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from tests.attacks.openid_moves import create_person, error_of, shop_and_other, signed_in
from tests.browsing import Browser
from tests.configured import rated
from tests.oauth import CALLBACK, STATE, RelyingParty, allow, brought_back, code_of, create_application
from tests.world import Api, Http, Inbox
from vestibule.applications.client_authentication import ASSERTION_TYPE
from vestibule.applications.models import Application

# PostgreSQL takes no NUL in a text; a lone surrogate is in no encoding.
NOWHERE = ["\0", "shop\0", "\ud800", "sh\u00f6p", "shop\n"]


@pytest.fixture
def shop(house: None) -> RelyingParty:
    """An application beside that of an attacker."""
    return shop_and_other()[0]


@pytest.fixture
def browser(api: Api, inbox: Inbox) -> Browser:
    """Ada's, signed in."""
    create_person(api, inbox)
    return signed_in()


def waiting(shop: RelyingParty, browser: Browser) -> str:
    """The name of a request that waits for Ada's consent."""
    [found] = parse_qs(urlsplit(browser.open(shop.authorize_url()).went_to).query)["request_uri"]
    return found


@pytest.mark.parametrize("name", [each for each in NOWHERE if each != "\ud800"])
def test_oid_03_a_name_that_nobody_has_is_unknown(shop: RelyingParty, browser: Browser, name: str) -> None:
    request_uri = waiting(shop, browser)
    named = urlencode({"client_id": name, "request_uri": request_uri})
    assert browser.open(f"/oauth/authorize?{named}").answer.status_code == 400
    assert browser.open(f"/oauth/consent/?{named}").answer.status_code == 400
    page = Http().get(f"/login/?next={quote(f'/oauth/authorize?{named}')}")
    assert page.status_code == 200
    assert b"The Shop" not in page.content
    assert browser.open(shop.authorize_url(client_id=name)).answer.status_code == 400


@pytest.mark.parametrize("name", NOWHERE)
@pytest.mark.parametrize("path", ["token", "par", "introspect", "revoke", "device"])
def test_oid_05_an_assertion_of_nobody_is_refused(shop: RelyingParty, path: str, name: str) -> None:
    def encoded(part: dict[str, Any]) -> str:
        return urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()

    proof = {
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": f"{encoded({'alg': 'ES256'})}.{encoded({'iss': name, 'sub': name})}.AAAA",
    }
    answer = shop.post(f"/oauth/{path}", {}, grant_type="client_credentials", token="x", **proof)
    assert error_of(answer) == (401, "invalid_client")


@pytest.mark.parametrize("name", ["state", "response_mode"])
def test_oid_03_what_is_there_twice_goes_to_the_address(shop: RelyingParty, browser: Browser, name: str) -> None:
    for values in (["a", "b"], ["x" * 2049]):
        browser.open(shop.authorize_url(**{name: values}))
        assert browser.went_to.startswith(f"{CALLBACK}?")
        back = brought_back(browser)
        assert back["error"] == "invalid_request"
        assert back["iss"].startswith("http")
        assert back.get("state") == (None if name == "state" else STATE)


def test_oid_03_beside_a_pushed_request_nothing_is_read(shop: RelyingParty, browser: Browser) -> None:
    """Libraries of OpenID Connect repeat what stands in it (Core, 6.1); an attacker may say something else."""
    name = shop.push(scope="openid", state="pushed").json()["request_uri"]
    said = {"redirect_uri": "https://evil.example.com/", "scope": "openid phone", "state": "other", "nonce": "other"}
    allow(browser.open(shop.authorize_url(request_uri=name, **said)))
    assert browser.went_to.startswith(f"{CALLBACK}?")
    assert brought_back(browser)["state"] == "pushed"
    assert shop.exchange(code_of(browser)).json()["scope"] == "openid"


def test_oid_03_two_names_of_requests_are_none(shop: RelyingParty, browser: Browser) -> None:
    first, second = (shop.push().json()["request_uri"] for _ in range(2))
    for named in (
        {"client_id": "shop", "request_uri": [first, second]},
        {"client_id": ["shop", "other"], "request_uri": first},
    ):
        answer = browser.open(f"/oauth/authorize?{urlencode(named, doseq=True)}").answer
        assert answer.status_code == 400
        assert "Location" not in answer


def test_oid_03_an_address_that_was_taken_away_gets_no_answer(shop: RelyingParty, browser: Browser) -> None:
    """Also of a request that waits, or was pushed, while it was still there."""
    pushed = shop.push().json()["request_uri"]
    waiting(shop, browser)
    page = browser.follow()
    Application.objects.update(redirect_uris=["https://shop.example.com/new"])
    answer = page.submit("/oauth/consent/", answer="allow").answer
    assert (answer.status_code, "Location" in answer) == (400, False)
    named = urlencode({"client_id": "shop", "request_uri": pushed})
    assert browser.open(f"/oauth/authorize?{named}").answer.status_code == 400


@rated(oauth_authorize="2/minute")
def test_oid_05_who_proves_nothing_pushes_as_little_as_a_browser_asks(shop: RelyingParty) -> None:
    """Each request is kept for an hour, and whoever reads the page of an application knows its name."""
    create_application("single", type="spa", token_endpoint_auth_method="none")
    single = RelyingParty("single")
    assert [single.push({}).status_code for _ in range(3)] == [201, 201, 429]
    assert shop.push().status_code == 201  # a server asks for many people


@pytest.mark.parametrize("odd", ['"quoted"', "back\\slash", "\u00e9\U0001f600", "line\r\nbreak", "\0", "x" * 2000])
def test_oid_13_what_was_sent_is_told_only_in_the_characters_of_an_error(
    shop: RelyingParty, browser: Browser, odd: str
) -> None:
    """RFC 6749, 5.2 and 4.1.2.1: also a name that nobody knows, of which there may be much."""
    for more in ({"scope": odd}, {odd: ["a", "b"]}):
        told = brought_back(browser.open(shop.authorize_url(**more)))["error_description"]
        assert re.fullmatch(r"[ !#-\[\]-~]{1,200}", told)
        assert told == shop.push(**more).json()["error_description"]
