"""OID-01 to OID-04, OID-13: authorization codes, PKCE, redirect addresses, and whose browser it is."""

from collections import Counter
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.utils import timezone
from time_machine import travel

from tests.attacks.openid_moves import (
    ADA,
    EVE,
    OFFLINE,
    create_person,
    error_of,
    shop_and_other,
    signed_in,
    stolen_code,
)
from tests.browsing import Browser
from tests.contracts.stores import at_once
from tests.oauth import (
    CALLBACK,
    CHALLENGE,
    VERIFIER,
    RelyingParty,
    allow,
    brought_back,
    create_application,
    go_on,
    place,
    text_of,
)
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import User
from vestibule.applications.models import Consent, Grant
from vestibule.challenges.policy import AUTHORIZATION_CODE_TTL
from vestibule.sessions.models import Session

MANY = 32
INVALID_GRANT = (400, "invalid_grant")


@pytest.fixture
def person(house: None, api: Api, inbox: Inbox) -> User:
    """Ada."""
    return create_person(api, inbox)


@pytest.fixture
def shop(house: None) -> RelyingParty:
    """An application beside that of an attacker, who has registered the same address."""
    return shop_and_other()[0]


@pytest.fixture
def browser(person: User) -> Browser:
    """Ada's, signed in."""
    return signed_in()


def test_oid_01_of_many_redemptions_of_one_code_one_gives_tokens(shop: RelyingParty, browser: Browser) -> None:
    code = stolen_code(shop, browser)
    told = Counter(error_of(answer) for answer in at_once(lambda _: RelyingParty().exchange(code), MANY))
    assert told == {(200, ""): 1, INVALID_GRANT: MANY - 1}
    assert Grant.objects.count() == 1


def test_oid_01_a_replay_ends_what_the_code_gave(shop: RelyingParty, browser: Browser) -> None:
    code = stolen_code(shop, browser, scope=OFFLINE)
    first = shop.exchange(code).json()
    assert error_of(shop.exchange(code)) == INVALID_GRANT
    assert error_of(shop.refresh(first["refresh_token"])) == INVALID_GRANT
    assert shop.introspect(first["access_token"]) == {"active": False}
    assert shop.userinfo(first["access_token"]).status_code == 401


def test_oid_01_a_replay_long_after_the_code_s_time_does_too(shop: RelyingParty, browser: Browser) -> None:
    code = stolen_code(shop, browser, scope=OFFLINE)
    first = shop.exchange(code).json()
    with travel(timezone.now() + timedelta(hours=3)):
        assert error_of(shop.exchange(code)) == INVALID_GRANT
        assert error_of(shop.refresh(first["refresh_token"])) == INVALID_GRANT


def test_oid_01_another_application_gets_nothing_and_ends_nothing(shop: RelyingParty, browser: Browser) -> None:
    code = stolen_code(shop, browser, scope=OFFLINE)
    assert error_of(RelyingParty("other").exchange(code)) == INVALID_GRANT
    first = shop.exchange(code).json()
    assert error_of(RelyingParty("other").exchange(code)) == INVALID_GRANT
    assert "access_token" in shop.refresh(first["refresh_token"]).json()


@pytest.mark.parametrize(
    "more",
    [
        {"redirect_uri": f"{CALLBACK}/"},
        {"redirect_uri": None},
        {"redirect_uri": CALLBACK.upper()},
        {"code_verifier": "x" * 43},
        {"code_verifier": None},
        {"code_verifier": CHALLENGE},
        {"code_verifier": f"{VERIFIER} "},
        {"code": "nothing"},
        {"code": ""},
        {"code": None},
        {"code": "x" * 2048},
    ],
)
def test_oid_01_02_a_code_is_of_its_request(shop: RelyingParty, browser: Browser, more: dict[str, Any]) -> None:
    """Whatever is wrong, the code is not used up: its thief could keep the application from using it."""
    code = stolen_code(shop, browser)
    assert error_of(shop.exchange(more.pop("code", code) or "", **more)) == INVALID_GRANT
    assert shop.exchange(code).status_code == 200


def test_oid_01_a_code_lives_a_minute(shop: RelyingParty, browser: Browser) -> None:
    code = stolen_code(shop, browser)
    with travel(timezone.now() + AUTHORIZATION_CODE_TTL + timedelta(seconds=1)):
        assert error_of(shop.exchange(code)) == INVALID_GRANT


def test_oid_01_after_the_sign_out_a_code_gives_nothing(shop: RelyingParty, browser: Browser) -> None:
    code = stolen_code(shop, browser)
    Session.objects.update(revoked_at=timezone.now())
    assert error_of(shop.exchange(code)) == INVALID_GRANT


@pytest.mark.parametrize("change", [{"status": "suspended"}, {"password": "!"}, {"email": "moved@example.com"}])
def test_oid_01_nor_after_a_change_of_what_guards_the_account(
    shop: RelyingParty, browser: Browser, change: dict[str, str]
) -> None:
    code = stolen_code(shop, browser)
    User.objects.update(**change)
    assert error_of(shop.exchange(code)) == INVALID_GRANT


WITHOUT_S256: list[dict[str, Any]] = [
    {"code_challenge": None},
    {"code_challenge": None, "code_challenge_method": None},
    {"code_challenge_method": None},
    {"code_challenge_method": "plain"},
    {"code_challenge_method": "s256"},
    {"code_challenge": VERIFIER[:42]},
    {"code_challenge": f"{CHALLENGE}="},
    {"code_challenge": [CHALLENGE, CHALLENGE]},
]


def test_oid_02_no_application_goes_without_s256(
    shop: RelyingParty, browser: Browser, subtests: pytest.Subtests
) -> None:
    """Not the one with a secret, nor the one without, nor our own."""
    create_application("single", type="spa", token_endpoint_auth_method="none")
    create_application("own", is_first_party=True)
    for more in WITHOUT_S256:
        with subtests.test(more=more):
            for client_id in ("shop", "single", "own"):
                party = RelyingParty(client_id)
                assert brought_back(browser.open(party.authorize_url(**more)))["error"] == "invalid_request"
                proof: dict[str, Any] = {"headers": {}} if client_id == "single" else {}
                assert error_of(party.push(**more, **proof)) == (400, "invalid_request")


FOREIGN = [
    "",
    "https://evil.example.com/callback",
    f"{CALLBACK}/",
    f"{CALLBACK}/more",
    f"{CALLBACK}?a=b",
    f"{CALLBACK}#fragment",
    f"{CALLBACK}.evil.example.com",
    CALLBACK.replace("https", "http"),
    CALLBACK.replace("https", "HTTPS"),
    CALLBACK.replace("shop", "Shop"),
    CALLBACK.replace("callback", "Callback"),
    CALLBACK.replace(".com", ".com:443"),
    CALLBACK.replace(".com", ".com:8443"),
    CALLBACK.replace(".com", ".com."),
    CALLBACK.replace("shop.", "user@shop."),
    CALLBACK.replace("shop.", "shop@evil."),
    CALLBACK.replace("/callback", "/%63allback"),
    CALLBACK.replace("/callback", "/./callback"),
    CALLBACK.replace("/callback", "/x/../callback"),
    CALLBACK.replace("/callback", "//callback"),
    CALLBACK.replace("/callback", "\\callback"),
    f" {CALLBACK}",
    f"{CALLBACK}\n",
    f"{CALLBACK}%00",
    "javascript:alert(1)",
    "//shop.example.com/callback",
    "/callback",
    "http://127.0.0.1/callback",
    "http://localhost/callback",
]


def test_oid_03_an_address_is_one_of_the_application_s_byte_for_byte(shop: RelyingParty, browser: Browser) -> None:
    """Nobody is redirected, whatever else is wrong with the request."""
    for address in FOREIGN:
        for more in ({}, {"scope": "unknown"}, {"prompt": "none"}, {"response_type": "token"}):
            answer = browser.open(shop.authorize_url(redirect_uri=address, **more)).answer
            assert answer.status_code == 400, address
            assert "Location" not in answer, address
        assert error_of(shop.push(redirect_uri=address)) == (400, "invalid_request"), address


def test_oid_03_two_addresses_are_none(shop: RelyingParty, browser: Browser) -> None:
    for twice in ([CALLBACK, CALLBACK], [CALLBACK, "https://evil.example.com"]):
        assert browser.open(shop.authorize_url(redirect_uri=twice)).answer.status_code == 400
    assert browser.open(shop.authorize_url(client_id=["shop", "other"])).answer.status_code == 400


NATIVE: list[tuple[str, bool]] = [
    ("http://127.0.0.1:51004/callback", True),
    ("http://127.0.0.1/callback", True),
    ("http://[::1]:8000/callback", False),
    ("http://localhost:51004/callback", False),
    ("http://127.0.0.2:51004/callback", False),
    ("http://127.0.0.1:51004/callback/", False),
    ("http://127.0.0.1:51004@evil.example.com/callback", False),
    ("https://127.0.0.1:51004/callback", False),
    ("http://127.0.0.1:99999/callback", False),
    ("http://127.0.0.1.evil.example.com:80/callback", False),
    ("com.example.app:/callback", True),
    ("com.example.app:/callback?x", False),
    ("com.example.other:/callback", False),
]


def test_oid_03_the_port_of_a_native_loopback_address_is_free_and_nothing_else(
    browser: Browser, subtests: pytest.Subtests
) -> None:
    uris = ["http://127.0.0.1:8080/callback", "com.example.app:/callback"]
    create_application("app", type="native", token_endpoint_auth_method="none", redirect_uris=uris)
    for address, is_its_own in NATIVE:
        with subtests.test(address=address):
            answer = browser.open(RelyingParty("app", redirect_uri=address).authorize_url())
            assert (answer.answer.status_code == 303) is is_its_own
            if is_its_own:
                assert allow(answer).went_to.startswith(address)


ERRORS: list[tuple[dict[str, Any], str]] = [
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "code id_token"}, "unsupported_response_type"),
    ({"response_type": None}, "invalid_request"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"scope": "openid unknown"}, "invalid_scope"),
    ({"scope": "openid\nemail"}, "invalid_scope"),
    ({"prompt": "none login"}, "invalid_request"),
    ({"prompt": "select"}, "invalid_request"),
    ({"max_age": "-1"}, "invalid_request"),
    ({"max_age": "1.5"}, "invalid_request"),
    ({"nonce": ["a", "b"]}, "invalid_request"),
    ({"foo": ["a", "b"]}, "invalid_request"),
    ({"request": "eyJ"}, "request_not_supported"),
    ({"request_uri": "https://evil.example.com/request"}, "request_uri_not_supported"),
    ({"resource": "https://api.elsewhere.example"}, "invalid_target"),
]


def test_oid_03_every_other_error_goes_to_the_address(
    shop: RelyingParty, browser: Browser, subtests: pytest.Subtests
) -> None:
    for more, error in ERRORS:
        with subtests.test(more=more):
            back = brought_back(browser.open(shop.authorize_url(**more)))
            assert back["error"] == error
            assert back["state"] == "a state"
            assert back["iss"].startswith("http")


def test_oid_04_a_request_is_answered_in_the_browser_that_began_it(
    shop: RelyingParty, browser: Browser, api: Api, inbox: Inbox
) -> None:
    """Eve begins it, and gives Ada the address of what is left to do."""
    eve = go_on(Browser().open(shop.authorize_url()))
    waiting = eve.answer.wsgi_request.get_full_path().partition("next=")[2]
    assert waiting
    answer = browser.open(f"/login/?next={waiting}")
    go_on(answer)
    assert browser.answer.status_code == 403
    assert not Grant.objects.exists()
    create_person(api, inbox, EVE)
    go_on(eve.submit("/login/", name=EVE, password=PASSWORD))
    consent = eve.answer.wsgi_request.get_full_path()
    assert consent.startswith("/oauth/consent/")
    browser.open(consent)
    assert all(form.action != "/oauth/consent/" for form in browser.forms)
    assert not Consent.objects.exists()


def test_oid_04_a_consent_is_no_click_through_a_frame(shop: RelyingParty, browser: Browser) -> None:
    page = go_on(browser.open(shop.authorize_url())).answer
    assert page["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    sent = Http(enforce_csrf_checks=True)
    sent.cookies = browser.http.cookies
    fields = {name: value for name, value in browser.forms[0].fields.items() if name != "csrfmiddlewaretoken"}
    assert sent.post("/oauth/consent/", {**fields, "answer": "allow"}).status_code == 403
    assert not Consent.objects.exists()


def test_oid_04_a_request_is_answered_once(shop: RelyingParty, browser: Browser) -> None:
    go_on(browser.open(shop.authorize_url()))
    [form] = browser.forms
    assert "code" in brought_back(browser.submit("/oauth/consent/", answer="allow"))
    again = browser.http.post("/oauth/consent/", {**form.fields, "answer": "allow"})
    assert again.status_code == 410
    assert "Location" not in again


def test_oid_13_prompt_none_shows_nothing(shop: RelyingParty, browser: Browser) -> None:
    """Neither who is signed in, nor a page that could be framed."""
    for who in (Browser(), browser):
        answer = who.open(shop.authorize_url(prompt="none")).answer
        assert answer.status_code == 303
        assert answer.content == b""
        assert ADA not in answer["Location"]
        assert quote(ADA) not in answer["Location"]


def test_oid_13_errors_name_no_account(shop: RelyingParty, browser: Browser) -> None:
    for answer in (
        shop.exchange("nothing"),
        shop.refresh("nothing"),
        browser.open(shop.authorize_url(client_id="nobody")).answer,
        browser.open(shop.authorize_url(redirect_uri="https://evil.example.com")).answer,
    ):
        assert ADA not in text_of(answer)


def test_a_page_of_an_unknown_application_says_so(browser: Browser) -> None:
    answer = browser.open(RelyingParty("nobody").authorize_url())
    assert "Unknown application" in text_of(answer.answer)
    assert place(answer) == "/oauth/authorize"
