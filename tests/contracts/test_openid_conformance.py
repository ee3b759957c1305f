"""What the OpenID Foundation's conformance suite asks of a provider, where no other test shows it
(docs/openid-conformance.md): the basic and config plans, with the PKCE that we want of everybody."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from django.utils import timezone
from time_machine import travel

from tests.attacks.openid_moves import ADA, EVE, create_person, error_of, shop_and_other, signed_in, stolen_code
from tests.browsing import Browser
from tests.configured import configured
from tests.oauth import CALLBACK, SCOPE, SECRET, RelyingParty, allow, brought_back, code_of, create_application, go_on
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import User
from vestibule.conf import conf


@pytest.fixture
def person(house: None, api: Api, inbox: Inbox) -> User:
    """Ada."""
    return create_person(api, inbox)


@pytest.fixture
def shop(house: None) -> RelyingParty:
    """An application, beside another one."""
    return shop_and_other()[0]


@pytest.fixture
def browser(person: User) -> Browser:
    """Ada's, signed in."""
    return signed_in()


def claims_of(tokens: dict[str, Any]) -> dict[str, Any]:
    """Of an ID token, which other tests verify."""
    found: dict[str, Any] = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    return found


def sign_in_at_once(shop: RelyingParty, browser: Browser, **more: Any) -> dict[str, Any]:
    """The claims of a sign-in in which nobody is asked anything."""
    answer = browser.open(shop.authorize_url(**more))
    assert answer.went_to.startswith(CALLBACK), answer.text
    return claims_of(shop.exchange(code_of(answer)).json())


IGNORED: list[dict[str, str]] = [
    {"display": "page"},
    {"display": "popup"},
    {"extra": "foobar"},
    {"ui_locales": "se"},
    {"ui_locales": "de en"},
    {"claims_locales": "se"},
    {"acr_values": "aal1 aal2"},
    {"acr_values": "1 2"},
    {"login_hint": "buffy@id.example.com"},
    {"claims": '{"userinfo":{"name":{"essential":true}}}'},
    {"prompt": "consent", "scope": "openid offline_access"},
]


@pytest.mark.parametrize("more", IGNORED)
def test_what_need_not_be_understood_is_no_error(shop: RelyingParty, browser: Browser, more: dict[str, str]) -> None:
    claims = claims_of(shop.sign_in(browser, **more))
    assert claims["sub"] == str(User.objects.get().pk)
    assert claims["acr"] == "aal1"
    assert "name" not in claims


def test_a_nonce_is_not_required_with_a_code(shop: RelyingParty, browser: Browser) -> None:
    assert "nonce" not in claims_of(shop.sign_in(browser, nonce=None))


def test_the_order_of_scopes_and_parameters_is_free(shop: RelyingParty, browser: Browser) -> None:
    asked = shop.request(scope="email openid")
    turned = urlencode(dict(reversed(asked.items())))
    tokens = shop.exchange(code_of(allow(browser.open(f"/oauth/authorize?{turned}")))).json()
    assert shop.userinfo(tokens["access_token"]).json()["email"] == ADA


def test_a_scope_opens_its_claims_alone(shop: RelyingParty, browser: Browser, person: User) -> None:
    now = timezone.now()
    told = {"full_name": "Ada", "username": "ada", "phone_number": "+14155550123", "phone_verified_at": now}
    User.objects.update(**told)
    opened: dict[str, dict[str, Any]] = {
        "profile": {"name": "Ada", "preferred_username": "ada", "locale": person.language},
        "email": {"email": ADA, "email_verified": True},
        "phone": {"phone_number": "+14155550123", "phone_number_verified": True},
    }
    for scope, claims in opened.items():
        tokens = shop.sign_in(browser, scope=f"openid {scope}")
        sub = claims_of(tokens)["sub"]
        assert shop.userinfo(tokens["access_token"]).json() == {"sub": sub, **claims}
    together = shop.sign_in(browser, scope=f"openid {' '.join(opened)}")["access_token"]
    assert shop.userinfo(together).json().keys() == {"sub", *opened["profile"], *opened["email"], *opened["phone"]}


def test_userinfo_is_posted_with_the_token_in_the_header_alone(shop: RelyingParty, browser: Browser) -> None:
    token = shop.sign_in(browser)["access_token"]
    answer = Http().post("/oauth/userinfo", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["email"]) == (200, ADA)
    assert Http().post("/oauth/userinfo", {"access_token": token}).status_code == 401


def test_a_secret_in_the_body(browser: Browser) -> None:
    create_application("old", token_endpoint_auth_method="client_secret_post")
    old = RelyingParty("old")
    code = stolen_code(old, browser)
    answer = old.exchange(code, headers={}, client_id="old", client_secret=f"{SECRET}old")
    assert claims_of(answer.json())["aud"] == "old"


def test_a_posted_request_signs_in(shop: RelyingParty, person: User) -> None:
    browser = Browser()
    asked = browser.http.post("/oauth/authorize", shop.request())
    go_on(browser.open(asked["Location"])).submit("/login/", name=ADA, password=PASSWORD)
    assert shop.exchange(code_of(allow(browser))).status_code == 200


def test_silence_and_a_large_max_age_keep_the_sign_in(shop: RelyingParty, browser: Browser) -> None:
    first = claims_of(shop.sign_in(browser, max_age="15000"))
    with travel(timezone.now() + timedelta(seconds=5)):
        for more in ({"max_age": "10000"}, {"prompt": "none"}):
            again = sign_in_at_once(shop, browser, **more)
            assert (again["sub"], again["auth_time"]) == (first["sub"], first["auth_time"])


def test_a_small_max_age_wants_a_new_proof(shop: RelyingParty, browser: Browser) -> None:
    first = claims_of(shop.sign_in(browser))
    with travel(timezone.now() + timedelta(seconds=2)):
        assert brought_back(browser.open(shop.authorize_url(max_age="1", prompt="none")))["error"] == "login_required"
        go_on(browser.open(shop.authorize_url(max_age="1"))).submit("/account/confirm/", password=PASSWORD)
        again = claims_of(shop.exchange(code_of(go_on(browser))).json())
    assert again["auth_time"] > first["auth_time"]


def test_a_hint_names_who_is_to_come(shop: RelyingParty, browser: Browser, api: Api, inbox: Inbox) -> None:
    tokens = shop.sign_in(browser)
    hint, sub = tokens["id_token"], claims_of(tokens)["sub"]
    assert sign_in_at_once(shop, browser, prompt="none", id_token_hint=hint)["sub"] == sub
    with travel(timezone.now() + timedelta(minutes=11)):  # an expired one is a hint all the same
        assert sign_in_at_once(shop, browser, id_token_hint=hint)["sub"] == sub
    create_person(api, inbox, EVE)
    eve = signed_in(EVE)
    for more in ({"prompt": "none"}, {}):
        assert brought_back(eve.open(shop.authorize_url(id_token_hint=hint, **more)))["error"] == "login_required"
    late = go_on(Browser().open(shop.authorize_url(id_token_hint=hint)))
    go_on(late.submit("/login/", name=EVE, password=PASSWORD))
    assert brought_back(late)["error"] == "login_required"


def test_who_changes_before_the_consent_is_another_person(
    shop: RelyingParty, browser: Browser, api: Api, inbox: Inbox
) -> None:
    hint = shop.sign_in(browser)["id_token"]
    create_person(api, inbox, EVE)
    page = go_on(browser.open(shop.authorize_url(id_token_hint=hint, prompt="consent")))
    consent = page.answer.wsgi_request.get_full_path()
    page.open("/logout/").submit("/logout/").open("/login/").submit("/login/", name=EVE, password=PASSWORD)
    go_on(page.open(consent)).submit("/oauth/consent/", answer="allow")
    assert brought_back(page)["error"] == "login_required"


@pytest.mark.parametrize("hint", ["x", "another application's", "an access token"])
def test_a_hint_that_is_none_is_an_error(shop: RelyingParty, browser: Browser, hint: str) -> None:
    given = {
        "another application's": lambda: RelyingParty("other").sign_in(browser)["id_token"],
        "an access token": lambda: shop.sign_in(browser)["access_token"],
    }
    sent = given[hint]() if hint in given else hint
    back = brought_back(browser.open(shop.authorize_url(prompt="none", id_token_hint=sent)))
    assert back["error"] == "invalid_request"
    assert error_of(shop.push(id_token_hint=sent)) == (400, "invalid_request")


def test_a_code_that_comes_again_after_half_a_minute(shop: RelyingParty, browser: Browser) -> None:
    code = stolen_code(shop, browser)
    token = shop.exchange(code).json()["access_token"]
    with travel(timezone.now() + timedelta(seconds=31)):
        assert error_of(shop.exchange(code)) == (400, "invalid_grant")
        assert shop.userinfo(token).status_code == 401


def test_an_address_with_a_query_is_that_query_alone(browser: Browser) -> None:
    own = f"{CALLBACK}?foo=bar"
    create_application("asks", redirect_uris=[own])
    back = brought_back(allow(browser.open(RelyingParty("asks", own).authorize_url())))
    assert (back["foo"], "code" in back) == ("bar", True)
    for other in (f"{own}&x=y", f"{CALLBACK}?foo=baz", CALLBACK, None):
        answer = browser.open(RelyingParty("asks").authorize_url(redirect_uri=other)).answer
        assert (answer.status_code, "Location" in answer) == (400, False), other


def test_the_document_of_discovery(house: None) -> None:
    with configured(BASE_URL="https://id.example.com"):
        answer = Http().get("/.well-known/openid-configuration")
        told = answer.json()
        assert told["issuer"] == conf.base_url == "https://id.example.com"
    assert answer["Content-Type"] == "application/json"
    addresses = [value for name, value in told.items() if name.endswith(("_endpoint", "_uri"))]
    assert all(each.startswith("https://id.example.com/") for each in addresses)
    assert told["response_types_supported"] == ["code"]
    assert told["subject_types_supported"] == ["public"]
    assert "RS256" in told["id_token_signing_alg_values_supported"]
    assert set(SCOPE.split()) <= set(told["scopes_supported"])
    assert {"client_secret_basic", "client_secret_post"} <= set(told["token_endpoint_auth_methods_supported"])
    assert {"sub", "name", "email"} <= set(told["claims_supported"])
    keys = Http().get("/.well-known/jwks.json").json()["keys"]
    assert len({key["kid"] for key in keys}) == len(keys)
    assert not any("d" in key for key in keys)
