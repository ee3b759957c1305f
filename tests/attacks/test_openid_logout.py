"""OID-10: signing out through an application. Where it leads, whom it signs out, and who has to be asked."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.utils import timezone

from tests.browsing import Browser
from tests.oauth import CALLBACK, RelyingParty, create_application
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.applications.logout_tokens import issue_logout_token
from vestibule.applications.models import Grant
from vestibule.sessions import signing_keys
from vestibule.sessions.models import Session

ADA, BOB = "ada@example.com", "bob@example.com"
BYE, HERS = "https://shop.example.com/bye", "https://other.example.com/bye"


@pytest.fixture
def people(house: None, api: Api, inbox: Inbox) -> None:
    """Ada and Bob, signed in nowhere, and two applications."""
    for each in (ADA, BOB):
        api.account(inbox, each)
    Session.objects.all().delete()
    create_application(post_logout_redirect_uris=[BYE])
    create_application("other", post_logout_redirect_uris=[HERS], redirect_uris=[CALLBACK])


def signed_in(name: str) -> Browser:
    return Browser().open("/login/").submit("/login/", name=name, password=PASSWORD)


@pytest.fixture
def ada(people: None) -> Browser:
    """Ada's browser, signed in."""
    return signed_in(ADA)


@pytest.fixture
def hint(ada: Browser) -> str:
    """The ID token that the shop got of Ada."""
    return str(RelyingParty().sign_in(ada)["id_token"])


def leave(browser: Browser, **sent: Any) -> Browser:
    return browser.open(f"/oauth/logout?{urlencode(sent, doseq=True)}")


def is_asked(browser: Browser) -> bool:
    """Whether the page asks, and nothing has happened."""
    return "Sign out?" in browser.text and browser.answer.status_code == 200 and browser.is_inside


FOREIGN = [
    *("https://evil.example/bye", HERS, CALLBACK, "//shop.example.com/bye", "/bye", "bye", "javascript:alert(1)"),
    *(f"{BYE}/", f"{BYE}?a=b", f"{BYE}#a", f"{BYE}/../x", f"{BYE} ", f" {BYE}", f"{BYE}\n", BYE[:-1], f"{BYE}%00"),
    *("https://shop.example.com", "https://shop.example.com/", "http://shop.example.com/bye"),
    *("https://SHOP.example.com/bye", "https://shop.example.com:443/bye", "https://shop.example.com:8443/bye"),
    *("https://shop.example.com@evil.example/bye", "https://evil.example/https://shop.example.com/bye"),
    *("https://shop.example.com\\@evil.example/bye", "https://shop.example.com.evil.example/bye", "https://x/\0"),
]


def test_oid_10_a_foreign_address_is_gone_to_by_nobody(ada: Browser, hint: str, subtests: pytest.Subtests) -> None:
    for address in FOREIGN:
        with subtests.test(address=address):
            for sent in ({"client_id": "shop"}, {"id_token_hint": hint}):
                leave(ada, post_logout_redirect_uri=address, **sent)
                assert ada.answer.status_code == 400
                assert not ada.went_to
                assert address not in ada.links.values()
            page = leave(ada, client_id="shop", post_logout_redirect_uri=BYE)
            forged = {**page.forms[-1].fields, "post_logout_redirect_uri": address}
            answer = ada.http.post("/oauth/sign-out/", {**forged, "answer": "allow"})
            assert answer.status_code == 400
            assert ada.is_inside
            nobody = leave(Browser(), client_id="shop", post_logout_redirect_uri=address)
            assert (nobody.answer.status_code, nobody.went_to) == (400, "")


@pytest.mark.parametrize(
    "sent",
    [
        {"post_logout_redirect_uri": BYE},
        {"post_logout_redirect_uri": [BYE, BYE], "client_id": "shop"},
        {"post_logout_redirect_uri": BYE, "client_id": ["shop", "other"]},
        {"post_logout_redirect_uri": BYE, "client_id": "other"},
        {"post_logout_redirect_uri": BYE, "client_id": "nobody"},
        {"post_logout_redirect_uri": BYE, "client_id": "shop", "state": ["a", "b"]},
        {"client_id": "nobody"},
    ],
)
def test_oid_10_an_application_that_is_not_named_gets_nobody_back(ada: Browser, sent: dict[str, Any]) -> None:
    leave(ada, **sent)
    assert (ada.answer.status_code, ada.went_to) == (400, "")
    assert ada.is_inside


def test_oid_10_the_token_of_another_application_is_refused(ada: Browser, hint: str) -> None:
    leave(ada, id_token_hint=hint, client_id="other", post_logout_redirect_uri=HERS)
    assert (ada.answer.status_code, ada.went_to) == (400, "")
    assert ada.is_inside


def test_oid_10_the_token_of_another_person_signs_out_neither(ada: Browser, hint: str) -> None:
    bob = signed_in(BOB)
    his = RelyingParty().sign_in(bob)["id_token"]
    leave(ada, id_token_hint=his, post_logout_redirect_uri=BYE)
    assert is_asked(ada)
    assert ADA in ada.text
    assert BOB not in ada.text
    ada.submit("/oauth/sign-out/", answer="allow")
    assert not ada.is_inside
    assert bob.is_inside
    assert Grant.objects.get(user__email=BOB).revoked_at is None
    assert leave(Browser(), id_token_hint=his, post_logout_redirect_uri=BYE).went_to == BYE
    assert bob.is_inside


def test_oid_10_the_token_of_another_session_of_hers_is_a_question(ada: Browser, hint: str) -> None:
    elsewhere = signed_in(ADA)
    leave(elsewhere, id_token_hint=hint, post_logout_redirect_uri=BYE)
    assert is_asked(elsewhere)
    elsewhere.submit("/oauth/sign-out/", answer="allow")
    assert ada.is_inside
    assert not elsewhere.is_inside


def encoded(part: dict[str, Any] | bytes) -> str:
    content = part if isinstance(part, bytes) else json.dumps(part).encode()
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def decoded(part: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def signed_by_public_key(hint: str) -> str:
    """`alg` HS256, with what everybody may read as the secret (RFC 8725, 2.1)."""
    header, claims, _ = hint.split(".")
    public = signing_keys.find_public_key(decoded(header)["kid"])
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    text = f"{encoded({**decoded(header), 'alg': 'HS256'})}.{claims}"
    return f"{text}.{encoded(hmac.new(pem, text.encode(), sha256).digest())}"


def without_signature(hint: str) -> str:
    header, claims, _ = hint.split(".")
    return f"{encoded({**decoded(header), 'alg': 'none'})}.{claims}."


def by_own_key(hint: str) -> str:
    header, claims, _ = hint.split(".")
    key = ec.generate_private_key(ec.SECP256R1())
    return jwt.encode(decoded(claims), key, algorithm="ES256", headers=decoded(header))


def changed(hint: str) -> str:
    header, claims, signature = hint.split(".")
    return f"{header}.{encoded({**decoded(claims), 'nonce': 'x'})}.{signature}"


def access_token(hint: str) -> str:
    _, claims, _ = hint.split(".")
    kid, key = signing_keys.current_signing_key(timezone.now())
    return jwt.encode(decoded(claims), key, algorithm="ES256", headers={"kid": kid, "typ": "at+jwt"})


def logout_token(hint: str) -> str:
    claims = decoded(hint.split(".")[1])
    params = {"client_id": "shop", "algorithm": "ES256", "sub": claims["sub"], "sid": claims["sid"]}
    return issue_logout_token(params, timezone.now())


def of_another_issuer(hint: str) -> str:
    _, claims, _ = hint.split(".")
    kid, key = signing_keys.current_signing_key(timezone.now())
    headers = {"kid": kid, "typ": "JWT"}
    return jwt.encode({**decoded(claims), "iss": "https://evil.example"}, key, algorithm="ES256", headers=headers)


FORGED: dict[str, Callable[[str], str]] = {
    each.__name__: each
    for each in (
        *(signed_by_public_key, without_signature, by_own_key, changed, access_token, logout_token),
        of_another_issuer,
    )
} | {"twice": lambda hint: f"{hint}&id_token_hint={hint}", "nothing": lambda _: "", "garbage": lambda _: "a.b.c"}


@pytest.mark.parametrize("forge", FORGED)
def test_oid_10_what_is_no_id_token_of_ours_signs_nobody_out(ada: Browser, hint: str, forge: str) -> None:
    ada.open(f"/oauth/logout?client_id=shop&id_token_hint={FORGED[forge](hint)}")
    assert is_asked(ada)
    assert leave(ada, id_token_hint=hint, client_id="shop").is_inside is False  # the true one does


def test_oid_10_a_link_or_a_form_of_another_site_signs_nobody_out(ada: Browser, hint: str) -> None:
    assert is_asked(leave(ada, client_id="shop", post_logout_redirect_uri=BYE, answer="allow"))
    assert is_asked(leave(ada))
    for path in ("/oauth/sign-out/", "/oauth/logout"):
        answer = ada.http.post(
            path, {"client_id": "shop", "answer": "allow"}, headers={"Origin": "https://evil.example"}
        )
        assert answer.status_code in (303, 403)
        assert ada.is_inside
    answer = ada.http.post("/oauth/logout", {"client_id": "shop", "answer": "allow"})
    assert answer["Location"] == "/oauth/logout?client_id=shop"
    assert is_asked(ada.open(answer["Location"]))
    assert "frame-ancestors 'none'" in ada.answer["Content-Security-Policy"]
    assert ada.open("/oauth/sign-out/?client_id=shop&answer=allow").is_inside


def test_oid_10_a_logout_token_opens_nothing(ada: Browser, hint: str) -> None:
    token, shop = logout_token(hint), RelyingParty()
    assert shop.userinfo(token).status_code == 401
    assert shop.introspect(token) == {"active": False}
    assert shop.refresh(token).json()["error"] == "invalid_grant"
    answer = Http().get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
