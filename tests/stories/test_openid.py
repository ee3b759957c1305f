"""A person signs in at an application through us: the browser's way, the tokens, and what they open."""

from typing import Any
from urllib.parse import urlencode

import jwt
import pytest

from tests.browsing import Browser
from tests.oauth import (
    CALLBACK,
    NONCE,
    STATE,
    RelyingParty,
    allow,
    brought_back,
    code_of,
    create_application,
    go_on,
    place,
)
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import User
from vestibule.applications.models import Consent, Grant
from vestibule.conf import conf
from vestibule.sessions.models import Session

ADA = "ada@example.com"


@pytest.fixture
def person(house: None, api: Api, inbox: Inbox) -> User:
    """Ada, signed in nowhere."""
    api.account(inbox, ADA)
    Session.objects.all().delete()
    return User.objects.get(email=ADA)


@pytest.fixture
def shop(house: None) -> RelyingParty:
    """An application that people sign in to."""
    create_application()
    return RelyingParty()


@pytest.fixture
def browser(person: User) -> Browser:
    """Ada's browser, signed in."""
    return log_in(Browser().open("/login/"))


def log_in(browser: Browser) -> Browser:
    return browser.submit("/login/", name=ADA, password=PASSWORD)


def verified(id_token: str, algorithm: str = "ES256", audience: str = "shop") -> dict[str, Any]:
    """The claims, as a library of the field checks them with the published keys."""
    keys = jwt.PyJWKSet.from_dict(Http().get("/.well-known/jwks.json").json())
    key = keys[jwt.get_unverified_header(id_token)["kid"]]
    found: dict[str, Any] = jwt.decode(
        id_token, key.key, algorithms=[algorithm], audience=audience, issuer=conf.base_url
    )
    return found


def test_a_stranger_signs_in_on_the_way(person: User, shop: RelyingParty) -> None:
    browser = go_on(Browser().open(shop.authorize_url()))
    assert place(browser) == "/login/"
    assert browser.told == "to continue to The Shop"
    assert "https://shop.example.com" in browser.answer["Content-Security-Policy"]
    go_on(log_in(browser))
    assert place(browser) == "/oauth/consent/"
    assert all(word in browser.text for word in ("The Shop", "shop.example.com", ADA, "See your email address"))
    allow(browser)
    back = brought_back(browser)
    assert browser.went_to.startswith(f"{CALLBACK}?")
    assert back["state"] == STATE
    assert back["iss"] == conf.base_url
    tokens = shop.exchange(back["code"])
    assert tokens.status_code == 200
    assert tokens["Cache-Control"] == "no-store"
    body = tokens.json()
    assert body.keys() == {"access_token", "token_type", "expires_in", "scope", "id_token"}
    claims = verified(body["id_token"])
    assert claims["nonce"] == NONCE
    assert claims["sub"] == str(person.pk)
    assert claims["sid"] == str(Grant.objects.get().sid)
    told = shop.userinfo(body["access_token"]).json()
    assert told == {"sub": str(person.pk), "email": ADA, "email_verified": True}
    assert shop.introspect(body["access_token"])["active"] is True


def test_who_is_signed_in_and_agreed_before_is_not_asked(shop: RelyingParty, browser: Browser) -> None:
    shop.sign_in(browser)
    answer = browser.open(shop.authorize_url())
    assert answer.went_to.startswith(CALLBACK)
    assert "code" in brought_back(answer)
    assert Consent.objects.get().scope == "openid email"
    assert place(go_on(browser.open(shop.authorize_url(scope="openid phone")))) == "/oauth/consent/"


def test_who_does_not_allow_it_is_brought_back_with_that(shop: RelyingParty, browser: Browser) -> None:
    allow(browser.open(shop.authorize_url()), "cancel")
    assert brought_back(browser)["error"] == "access_denied"
    assert brought_back(browser)["state"] == STATE
    assert not Consent.objects.exists()


def test_a_first_party_asks_nothing(person: User, browser: Browser) -> None:
    create_application("own", is_first_party=True)
    assert RelyingParty("own").sign_in(browser)["id_token"]
    assert not Consent.objects.exists()


def test_a_person_signs_up_inside_the_flow(house: None, shop: RelyingParty, inbox: Inbox) -> None:
    browser = go_on(Browser().open(shop.authorize_url(prompt="create")))
    assert place(browser) == "/register/"
    go_on(browser.submit("/register/", email="new@example.com", password=PASSWORD, password2=PASSWORD))
    go_on(browser.submit("/verify-otp/", otp=inbox.newest("new@example.com").code))
    assert shop.exchange(code_of(allow(browser))).json()["id_token"]


def test_prompt_none_asks_nobody(shop: RelyingParty, browser: Browser) -> None:
    assert brought_back(Browser().open(shop.authorize_url(prompt="none")))["error"] == "login_required"
    assert brought_back(browser.open(shop.authorize_url(prompt="none")))["error"] == "consent_required"
    shop.sign_in(browser)
    assert "code" in brought_back(browser.open(shop.authorize_url(prompt="none")))


@pytest.mark.parametrize("more", [{"prompt": "login"}, {"max_age": "0"}])
def test_an_application_wants_a_fresh_proof(shop: RelyingParty, browser: Browser, more: dict[str, str]) -> None:
    before = verified(shop.sign_in(browser)["id_token"])["auth_time"]
    go_on(browser.open(shop.authorize_url(**more)))
    assert place(browser) == "/account/confirm/"
    go_on(browser.submit("/account/confirm/", password=PASSWORD))
    claims = verified(shop.exchange(code_of(browser)).json()["id_token"])
    assert claims["auth_time"] >= before
    assert claims["acr"] == "aal1"


def test_staying_signed_in_gives_a_refresh_token_that_rotates(shop: RelyingParty, browser: Browser) -> None:
    first = shop.sign_in(browser, scope="openid offline_access")
    second = shop.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert verified(second["id_token"])
    assert shop.refresh(first["refresh_token"]).json()["refresh_token"] == second["refresh_token"]  # a lost answer
    third = shop.refresh(second["refresh_token"]).json()
    reused = shop.refresh(first["refresh_token"])
    assert reused.status_code == 400
    assert reused.json()["error"] == "invalid_grant"
    assert shop.refresh(third["refresh_token"]).json()["error"] == "invalid_grant"
    assert shop.introspect(third["access_token"]) == {"active": False}


def test_a_pushed_request_goes_the_same_way(shop: RelyingParty, browser: Browser) -> None:
    pushed = shop.push()
    assert pushed.status_code == 201
    named = urlencode({"client_id": "shop", "request_uri": pushed.json()["request_uri"]})
    allow(browser.open(f"/oauth/authorize?{named}"))
    assert shop.exchange(code_of(browser)).status_code == 200
    assert browser.open(f"/oauth/authorize?{named}").answer.status_code == 410


def test_a_form_brings_the_answer(shop: RelyingParty, browser: Browser) -> None:
    shop.sign_in(browser)
    [form] = browser.open(shop.authorize_url(response_mode="form_post")).forms
    assert form.action == CALLBACK
    assert form.fields.keys() == {"code", "state", "iss"}
    assert shop.exchange(form.fields["code"]).status_code == 200


def test_an_id_token_by_rsa(house: None, browser: Browser) -> None:
    create_application("old", id_token_signed_response_alg="RS256")
    assert verified(RelyingParty("old").sign_in(browser)["id_token"], "RS256", "old")


def test_a_service_acts_for_itself(house: None) -> None:
    create_application("robot", type="service", grant_types=["client_credentials"], scope="", redirect_uris=[])
    robot = RelyingParty("robot")
    issued = robot.post("/oauth/token", grant_type="client_credentials").json()
    assert robot.introspect(issued["access_token"])["sub"] == "robot"
    assert robot.userinfo(issued["access_token"]).status_code == 401
