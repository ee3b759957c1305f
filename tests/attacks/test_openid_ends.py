"""OID-04 and OID-06: whose a consent is, and what a grant must not outlive, also one whose code is on its way."""

from collections.abc import Iterator
from typing import Any

import pytest

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
from tests.environment import PRODUCTION
from tests.event_fakes import GOOGLE_ENDS, GoogleFake
from tests.interleaving import REDEEMED, beside, interleaved, transaction
from tests.oauth import CALLBACK, RelyingParty, code_of, create_application, go_on
from tests.social import come_back, coming_from, sign_in
from tests.world import Api, Inbox
from vestibule.applications.models import Consent, Grant

INVALID_GRANT = (400, "invalid_grant")


@pytest.fixture
def shop(house: None) -> RelyingParty:
    """An application beside that of an attacker."""
    return shop_and_other()[0]


@pytest.fixture
def browser(api: Api, inbox: Inbox) -> Browser:
    """Ada's, signed in."""
    create_person(api, inbox)
    return signed_in()


@pytest.fixture
def google(house: None) -> Iterator[GoogleFake]:
    """A provider that tells what happened to a person's account there."""
    fake = GoogleFake()
    with coming_from(fake):
        yield fake


def is_live(shop: RelyingParty, tokens: dict[str, Any]) -> bool:
    """Whether any of them opens anything."""
    refreshed = shop.refresh(tokens["refresh_token"]).status_code == 200
    return refreshed or bool(shop.userinfo(tokens["access_token"]).status_code == 200)


def test_oid_06_a_code_gives_nothing_once_its_consent_is_withdrawn(
    api: Api, shop: RelyingParty, browser: Browser
) -> None:
    code = stolen_code(shop, browser, scope=OFFLINE)
    assert api.send("DELETE", "applications/shop", api.login(ADA).body["access"]).status == 204
    assert error_of(shop.exchange(code)) == INVALID_GRANT
    assert not Grant.objects.exists()


def test_oid_06_one_that_asks_nobody_needs_no_consent(browser: Browser) -> None:
    create_application(is_first_party=True)
    assert RelyingParty().exchange(code_of(browser.open(RelyingParty().authorize_url()))).status_code == 200


@pytest.mark.parametrize("nth", range(1, REDEEMED + 1))
def test_oid_06_a_consent_that_is_withdrawn_while_its_code_is_redeemed(
    api: Api, shop: RelyingParty, browser: Browser, nth: int
) -> None:
    code, access = stolen_code(shop, browser, scope=OFFLINE), api.login(ADA).body["access"]
    answer, _ = interleaved(
        lambda: shop.exchange(code),
        transaction(after="", nth=nth),
        lambda: api.send("DELETE", "applications/shop", access),
    )
    assert answer.status_code == 400 or not is_live(shop, answer.json())


@pytest.mark.skipif(not PRODUCTION, reason="SQLite's transactions come one after the other")
@pytest.mark.parametrize("end", ["logout/all", "applications/shop"])
def test_oid_06_a_code_that_is_redeemed_while_all_of_it_ends(
    api: Api, shop: RelyingParty, browser: Browser, end: str
) -> None:
    """Who ends it all has looked at the grants there are, and one is added before the sessions end."""
    code, access = stolen_code(shop, browser, scope=OFFLINE), api.login(ADA).body["access"]
    method, place = ("POST", "vestibule_session") if end == "logout/all" else ("DELETE", "vestibule_consent")
    reply, answer = beside(
        lambda: api.send(method, end, access),
        lambda sql, within: within and place in sql and not sql.startswith("SELECT"),
        lambda: shop.exchange(code),
    )
    assert reply.status == 204
    assert answer.status_code == 400 or not is_live(shop, answer.json())


@pytest.mark.parametrize("end", ["taken back by it", "taken off the account"])
def test_oid_06_what_an_identity_opened_ends_with_it(
    api: Api, inbox: Inbox, google: GoogleFake, shop: RelyingParty, end: str
) -> None:
    """Who took over the account at the provider keeps no refresh token at an application; what Ada opened stays."""
    access = api.account(inbox, ADA)
    link = sign_in(api, google).body["link"]
    id = api.send("POST", "me/identities", access, {"link": link}).body["id"]
    by_password, by_identity = signed_in(), Browser()
    begun = by_identity.open("/login/").submit("/social/google/").went_to
    come_back(by_identity.http, google, begun)
    hers, theirs = (shop.sign_in(each, scope=OFFLINE) for each in (by_password, by_identity))
    if end == "taken back by it":
        assert google.push(api, google.event_token(GOOGLE_ENDS[1])).status_code == 202
    else:
        assert api.send("DELETE", f"me/identities/{id}", access).status == 204
    assert not is_live(shop, theirs)
    assert is_live(shop, hers)


def test_oid_04_a_consent_is_of_the_account_that_its_page_named(
    api: Api, inbox: Inbox, shop: RelyingParty, browser: Browser
) -> None:
    """In another tab Ada signs out and Eve in: the page that named Ada asks Eve first."""
    create_person(api, inbox, EVE)
    go_on(browser.open(shop.authorize_url()))
    assert ADA in browser.text
    browser.http.cookies["session"] = signed_in(EVE).http.cookies["session"].value
    browser.submit("/oauth/consent/", answer="allow")
    assert (browser.answer.status_code, EVE in browser.text) == (200, True)
    assert not Consent.objects.exists()
    assert browser.submit("/oauth/consent/", answer="allow").went_to.startswith(CALLBACK)
    assert Consent.objects.get().user.email == EVE
