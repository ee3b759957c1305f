"""OID-05 to OID-07: who an application is, refresh tokens, and tokens where they do not belong."""

import json
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.utils import timezone
from jwt.algorithms import ECAlgorithm
from time_machine import travel

from tests.attacks.openid_moves import ADA, OFFLINE, create_person, error_of, shop_and_other, signed_in, stolen_code
from tests.browsing import Browser
from tests.configured import configured
from tests.contracts.stores import at_once
from tests.oauth import SECRET, RelyingParty, create_application
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import User
from vestibule.applications.client_authentication import ASSERTION_TYPE
from vestibule.applications.models import Grant
from vestibule.conf import conf
from vestibule.sessions import signing_keys
from vestibule.sessions.models import Session

INVALID_CLIENT, INVALID_GRANT = (401, "invalid_client"), (400, "invalid_grant")
API = "https://api.example.com"


@pytest.fixture
def person(house: None, api: Api, inbox: Inbox) -> User:
    """Ada."""
    return create_person(api, inbox)


@pytest.fixture
def shop(house: None) -> RelyingParty:
    """An application beside that of an attacker."""
    return shop_and_other()[0]


@pytest.fixture
def browser(person: User) -> Browser:
    """Ada's, signed in."""
    return signed_in()


def basic(text: str) -> dict[str, str]:
    """HTTP Basic of any text."""
    return {"Authorization": f"Basic {b64encode(text.encode()).decode()}"}


WRONG = [
    {},
    basic("shop:"),
    basic("shop:wrong"),
    basic("shop"),
    basic(f":{SECRET}shop"),
    basic(f"nobody:{SECRET}shop"),
    basic(f"shop:{SECRET}other"),
    basic(f"shop:{SECRET}shop "),
    {"Authorization": "Basic !!!"},
    {"Authorization": "Basic"},
    {"Authorization": f"Bearer {SECRET}shop"},
]


@pytest.mark.parametrize("path", ["token", "par", "introspect", "revoke"])
def test_oid_05_an_application_with_a_secret_proves_it(shop: RelyingParty, path: str) -> None:
    sent = {"grant_type": "client_credentials", "token": "x", **shop.request()}
    for headers in WRONG:
        given = {**sent, "client_id": "shop" if not headers else None}
        answer = shop.post(f"/oauth/{path}", headers, **given)
        assert error_of(answer) == INVALID_CLIENT, headers
        assert answer["WWW-Authenticate"].startswith("Basic ")
        assert "Set-Cookie" not in answer
    for more in ({"client_secret": ""}, {"client_secret": f"{SECRET}other"}, {"client_assertion": "e30.e30."}):
        more |= {"client_assertion_type": ASSERTION_TYPE} if "client_assertion" in more else {}
        assert error_of(shop.post(f"/oauth/{path}", {}, **{**sent, "client_id": "shop", **more})) == INVALID_CLIENT


def test_oid_05_two_ways_at_once_or_two_names_are_refused(shop: RelyingParty) -> None:
    for more in (
        {"client_secret": f"{SECRET}shop"},
        {"client_assertion": "x"},
        {"client_id": "other"},
        {"client_id": ["shop", "shop"]},
    ):
        answer = shop.post("/oauth/token", grant_type="refresh_token", refresh_token="x", **more)
        assert error_of(answer) == (400, "invalid_request"), more


def test_oid_05_one_without_a_secret_brings_none_and_may_not_introspect(browser: Browser) -> None:
    create_application("single", type="spa", token_endpoint_auth_method="none")
    single = RelyingParty("single")
    code = stolen_code(single, browser)
    assert error_of(single.exchange(code)) == INVALID_CLIENT  # with a secret that it does not have
    tokens = single.exchange(code, headers={}, client_id="single")
    assert tokens.status_code == 200
    told = single.post("/oauth/introspect", {}, client_id="single", token=tokens.json()["access_token"])
    assert error_of(told) == INVALID_CLIENT


def test_oid_05_a_code_by_its_name_alone_is_not_that_of_an_application_with_a_secret(
    shop: RelyingParty, browser: Browser
) -> None:
    code = stolen_code(shop, browser)
    assert error_of(shop.exchange(code, headers={}, client_id="shop")) == INVALID_CLIENT


def encoded(part: dict[str, str]) -> str:
    """A part of a JWT."""
    return urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def assertion(key: ec.EllipticCurvePrivateKey, headers: dict[str, Any] | None = None, **more: Any) -> dict[str, str]:
    """What proves `robot` by its key; None among `more` leaves a claim out."""
    now = int(timezone.now().timestamp())
    claims = {"iss": "robot", "sub": "robot", "aud": conf.base_url, "exp": now + 60, "jti": str(more), **more}
    claims = {name: value for name, value in claims.items() if value is not None}
    signed = jwt.encode(claims, key, algorithm="ES256", headers=headers)
    return {"client_assertion": signed, "client_assertion_type": ASSERTION_TYPE}


def test_oid_05_a_signed_assertion_counts_once_for_us_and_for_a_while(house: None) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    public = {**json.loads(ECAlgorithm.to_jwk(key.public_key())), "kid": "k", "alg": "ES256", "use": "sig"}
    create_application(
        "robot",
        type="service",
        grant_types=["client_credentials"],
        scope="",
        token_endpoint_auth_method="private_key_jwt",
        jwks={"keys": [public]},
    )
    robot, now = RelyingParty("robot"), int(timezone.now().timestamp())

    def ask(**sent: Any) -> tuple[int, str]:
        return error_of(robot.post("/oauth/token", {}, grant_type="client_credentials", **sent))

    right = assertion(key)
    assert ask(**right) == (200, "")
    assert ask(**right) == INVALID_CLIENT  # a second time
    assert ask(**assertion(key, jti="2"), client_id="robot") == (200, "")
    assert ask(**assertion(key, jti="3", aud=f"{conf.base_url}/oauth/token")) == (200, "")
    wrong: list[dict[str, Any]] = [
        *({"aud": "https://elsewhere.example"}, {"aud": None}, {"exp": now - 60}, {"exp": now + 3600}, {"exp": None}),
        *({"sub": "shop"}, {"iss": "shop"}, {"jti": None}, {"jti": 5}, {"exp": f"{now + 60}"}, {"nbf": now + 600}),
    ]
    for more in wrong:
        assert ask(**assertion(key, **{"jti": f"w{more}", **more}), client_id="robot") == INVALID_CLIENT, more
    assert ask(**assertion(ec.generate_private_key(ec.SECP256R1()), jti="4")) == INVALID_CLIENT
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for header in ({"alg": "none"}, {"alg": "HS256"}):
        parts = [encoded(header), encoded({"iss": "robot"})]
        forged = {"client_assertion": ".".join([*parts, pem.hex()]), "client_assertion_type": ASSERTION_TYPE}
        assert ask(**forged) == INVALID_CLIENT
    told = Counter(at_once(lambda _: ask(**assertion(key, jti="race")), 8))
    assert told == {(200, ""): 1, INVALID_CLIENT: 7}


def test_oid_06_of_many_refreshes_all_get_the_same_child(shop: RelyingParty, browser: Browser) -> None:
    first = shop.sign_in(browser, scope=OFFLINE)["refresh_token"]
    told = at_once(lambda _: RelyingParty().refresh(first).json()["refresh_token"], 16)
    assert len(set(told)) == 1
    shop.refresh(told[0])
    assert error_of(shop.refresh(first)) == INVALID_GRANT
    assert error_of(shop.refresh(told[0])) == INVALID_GRANT  # the grant is over


def test_oid_06_after_the_grace_a_second_use_is_theft_and_told(
    shop: RelyingParty, browser: Browser, inbox: Inbox
) -> None:
    first = shop.sign_in(browser, scope=OFFLINE)["refresh_token"]
    second = shop.refresh(first).json()["refresh_token"]
    with travel(timezone.now() + timedelta(seconds=11)):
        assert error_of(shop.refresh(first)) == INVALID_GRANT
        assert error_of(shop.refresh(second)) == INVALID_GRANT
        assert "sign-in at an application" in inbox.newest(ADA).subject


def test_oid_06_a_refresh_token_is_of_its_application_and_scope(shop: RelyingParty, browser: Browser) -> None:
    first = shop.sign_in(browser, scope=OFFLINE)["refresh_token"]
    assert error_of(RelyingParty("other").refresh(first)) == INVALID_GRANT
    assert error_of(shop.refresh(first, scope=f"{OFFLINE} phone")) == (400, "invalid_scope")
    narrowed = shop.refresh(first, scope="openid").json()
    assert narrowed["scope"] == "openid"
    assert shop.userinfo(narrowed["access_token"]).json().keys() == {"sub"}
    assert shop.refresh(narrowed["refresh_token"]).json()["scope"] == OFFLINE  # RFC 6749, 6: of this request alone


def _suspend(api: Api, browser: Browser) -> None:
    User.objects.update(status="suspended")


def _change_password(api: Api, browser: Browser) -> None:
    access = api.login(ADA).body["access"]
    new = "another password entirely"
    body = {"current_password": PASSWORD, "password": new, "password2": new}
    assert api.send("POST", "password/change", access, body).status == 204


def _sign_out_everywhere(api: Api, browser: Browser) -> None:
    assert api.send("POST", "logout/all", api.login(ADA).body["access"]).status == 204


def _withdraw(api: Api, browser: Browser) -> None:
    assert api.send("DELETE", "applications/shop", api.login(ADA).body["access"]).status == 204


def _remove_application(api: Api, browser: Browser) -> None:
    Grant.objects.get().application.delete()


def _close(api: Api, browser: Browser) -> None:
    assert api.send("DELETE", "me", api.login(ADA).body["access"]).status == 204


ENDS: list[Callable[[Api, Browser], None]] = [
    *(_suspend, _change_password, _sign_out_everywhere, _withdraw, _remove_application, _close),
]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_oid_06_what_ends_trust_ends_a_grant_at_the_next_request(
    api: Api, shop: RelyingParty, browser: Browser, end: Callable[[Api, Browser], None]
) -> None:
    tokens = shop.sign_in(browser, scope=OFFLINE)
    end(api, browser)
    assert error_of(shop.refresh(tokens["refresh_token"])) in (INVALID_GRANT, INVALID_CLIENT)
    assert shop.introspect(tokens["access_token"]).get("active") in (False, None)
    assert shop.userinfo(tokens["access_token"]).status_code == 401


def test_oid_06_the_end_of_the_session_ends_what_hangs_on_it(shop: RelyingParty, browser: Browser) -> None:
    tied, offline = shop.sign_in(browser), shop.sign_in(browser, scope=OFFLINE)
    Session.objects.filter(is_page=True).update(revoked_at=timezone.now())
    assert shop.userinfo(tied["access_token"]).status_code == 401
    assert shop.userinfo(offline["access_token"]).status_code == 200  # it was let stay signed in


def test_oid_06_the_person_is_asked_again_after_a_withdrawal(api: Api, shop: RelyingParty, browser: Browser) -> None:
    shop.sign_in(browser)
    access = api.login(ADA).body["access"]
    [one] = api.send("GET", "applications", access).body
    assert one["client_id"] == "shop"
    _withdraw(api, browser)
    assert api.send("GET", "applications", access).body == []
    assert api.send("DELETE", "applications/shop", access).status == 404
    assert browser.open(shop.authorize_url()).went_to.startswith("/oauth/consent/")


def test_oid_07_tokens_of_applications_open_nothing_of_ours(api: Api, shop: RelyingParty, browser: Browser) -> None:
    tokens = shop.sign_in(browser, scope=OFFLINE)
    for token in (tokens["access_token"], tokens["id_token"], tokens["refresh_token"]):
        for path in ("me", "sessions", "applications", "keys", "/api/admin/users"):
            assert api.send("GET", path, token).status == 401, path
        assert api.post("token/verify", {"token": token}).status == 401
        assert api.post("token/refresh", {"refresh": token}).status == 401


def test_oid_07_our_tokens_open_nothing_of_applications(api: Api, shop: RelyingParty, person: User) -> None:
    ours = api.login(ADA).body
    for token in (ours["access"], ours["refresh"]):
        assert shop.userinfo(token).status_code == 401
        assert shop.introspect(token) == {"active": False}
        assert error_of(shop.refresh(token)) == INVALID_GRANT
        assert shop.post("/oauth/revoke", token=token).status_code == 200
    assert api.send("GET", "me", ours["access"]).status == 200


def test_oid_07_an_id_token_is_no_access_token(shop: RelyingParty, browser: Browser) -> None:
    tokens = shop.sign_in(browser)
    assert shop.userinfo(tokens["id_token"]).status_code == 401
    assert shop.introspect(tokens["id_token"]) == {"active": False}


def test_oid_07_a_token_for_an_api_is_not_for_userinfo(shop: RelyingParty, browser: Browser) -> None:
    with configured(OAUTH_RESOURCES=[API]):
        tokens = shop.sign_in(browser, resource=API)
        assert shop.introspect(tokens["access_token"])["aud"] == API
        assert shop.userinfo(tokens["access_token"]).status_code == 401


def test_oid_07_others_ask_about_a_token_only_if_they_may(shop: RelyingParty, browser: Browser) -> None:
    tokens = shop.sign_in(browser, scope=OFFLINE)
    other = RelyingParty("other")
    create_application("api", type="service", can_introspect=True, grant_types=["client_credentials"], scope="")
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert other.introspect(token) == {"active": False}
        assert other.post("/oauth/revoke", token=token).status_code == 200
        assert shop.introspect(token)["active"] is True
    assert RelyingParty("api").introspect(tokens["access_token"])["active"] is True
    shop.post("/oauth/revoke", token=tokens["refresh_token"])
    assert shop.introspect(tokens["access_token"]) == {"active": False}


def test_oid_07_a_forged_access_token_is_none(shop: RelyingParty, browser: Browser) -> None:
    real = shop.sign_in(browser)["access_token"]
    header, claims, signature = real.split(".")
    kid = json.loads(urlsafe_b64decode(header + "=="))["kid"]
    public = signing_keys.find_public_key(kid).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    mine = ec.generate_private_key(ec.SECP256R1())
    payload = jwt.decode(real, options={"verify_signature": False})
    forged = [
        f"{header}.{claims}.",
        f"{header}.{claims}.{signature[:-4]}AAAA",
        jwt.encode(payload, mine, "ES256", {"kid": kid, "typ": "at+jwt"}),
        jwt.encode(payload, "", "none", {"kid": kid, "typ": "at+jwt"}),
        jwt.encode({**payload, "scope": "admin"}, public.hex() * 8, "HS256", {"kid": kid, "typ": "at+jwt"}),
        jwt.encode(payload, mine, "ES256", {"typ": "at+jwt"}),
    ]
    for each in forged:
        assert shop.userinfo(each).status_code == 401
        assert shop.introspect(each) == {"active": False}
    with travel(timezone.now() + timedelta(minutes=11)):
        assert shop.userinfo(real).status_code == 401


def test_oid_07_userinfo_reads_the_header_alone(shop: RelyingParty, browser: Browser) -> None:
    token = shop.sign_in(browser)["access_token"]
    assert Http().get(f"/oauth/userinfo?access_token={token}").status_code == 401
    assert browser.http.get("/oauth/userinfo").status_code == 401  # a cookie opens nothing
