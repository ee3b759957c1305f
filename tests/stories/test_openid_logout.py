"""A person signs out at an application, and applications are told of sign-ins that ended here."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from django.utils import timezone
from time_machine import travel

from tests.browsing import Browser
from tests.configured import configured
from tests.desk import PageDesk
from tests.logout import Receiver, receiving, work
from tests.oauth import RelyingParty, allow, brought_back, code_of, create_application
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import Role, User
from vestibule.applications import registry
from vestibule.applications.models import Application, Grant
from vestibule.courier import wake
from vestibule.courier.models import Message, State
from vestibule.flows.account import personal_data
from vestibule.service.worker.tasks import deliver_until_idle
from vestibule.sessions.models import Session
from vestibule.storage.database import atomic

ADA = "ada@example.com"
BYE = "https://shop.example.com/bye"
OFFLINE = "openid offline_access"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """What the shop is told."""
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def person(house: None, api: Api, inbox: Inbox) -> User:
    """Ada, signed in nowhere."""
    api.account(inbox, ADA)
    Session.objects.all().delete()
    return User.objects.get(email=ADA)


@pytest.fixture
def shop(house: None, receiver: Receiver) -> RelyingParty:
    """An application that people sign in to and out of."""
    create_application(post_logout_redirect_uris=[BYE], backchannel_logout_uri=receiver.url)
    return RelyingParty()


@pytest.fixture
def browser(person: User) -> Browser:
    """Ada's browser, signed in."""
    return log_in(Browser())


def log_in(browser: Browser) -> Browser:
    return browser.open("/login/").submit("/login/", name=ADA, password=PASSWORD)


def leave(browser: Browser, **sent: str) -> Browser:
    """The application sends the browser here to sign out."""
    return browser.open(f"/oauth/logout?{urlencode(sent)}")


def test_an_application_signs_its_person_out(shop: RelyingParty, browser: Browser, receiver: Receiver) -> None:
    tokens = shop.sign_in(browser, scope=OFFLINE)
    leave(browser, id_token_hint=tokens["id_token"], post_logout_redirect_uri=BYE, state="a b&c")
    assert browser.answer.status_code == 303
    assert browser.went_to == f"{BYE}?state=a+b%26c"
    assert browser.answer["Clear-Site-Data"] == '"cache", "storage"'
    assert not browser.is_inside
    assert shop.introspect(tokens["access_token"]) == {"active": False}
    assert shop.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert work() == 1
    [told] = receiver.told
    assert (told["aud"], told["sub"]) == ("shop", str(User.objects.get().pk))
    assert told["sid"] == str(Grant.objects.get().sid)
    assert work() == 0
    assert brought_back(browser.open(shop.authorize_url(prompt="none")))["error"] == "login_required"


def test_an_expired_id_token_is_a_hint_all_the_same(shop: RelyingParty, browser: Browser) -> None:
    hint = shop.sign_in(browser)["id_token"]
    with travel(timezone.now() + timedelta(minutes=40), tick=False):
        leave(browser, id_token_hint=hint)
        assert browser.answer.status_code == 200
        assert "You are signed out" in browser.text
        assert browser.links["Continue to The Shop"] == BYE
        assert not browser.is_inside


def test_the_session_is_known_after_it_went_on_under_another_id(shop: RelyingParty, browser: Browser) -> None:
    hint = shop.sign_in(browser)["id_token"]
    browser.open("/account/confirm/").submit("/account/confirm/", password=PASSWORD)
    assert Session.objects.filter(revoked_at=None).get().pk != Grant.objects.get().sid
    work()
    leave(browser, id_token_hint=hint, client_id="shop", post_logout_redirect_uri=BYE)
    assert browser.went_to == BYE
    assert not browser.is_inside


def test_without_a_hint_the_person_is_asked(shop: RelyingParty, browser: Browser, receiver: Receiver) -> None:
    shop.sign_in(browser)
    leave(browser, client_id="shop", post_logout_redirect_uri=BYE, state="xyz")
    assert browser.answer.status_code == 200
    assert all(word in browser.text for word in ("The Shop", ADA, "Allow", "Cancel"))
    assert BYE.rpartition("/")[0] in browser.answer["Content-Security-Policy"]
    browser.submit("/oauth/sign-out/", answer="cancel")
    assert "You are still signed in" in browser.text
    assert browser.is_inside
    leave(browser, client_id="shop", post_logout_redirect_uri=BYE, state="xyz")
    browser.submit("/oauth/sign-out/", answer="allow")
    assert browser.went_to == f"{BYE}?state=xyz"
    assert not browser.is_inside
    work()
    assert len(receiver.told) == 1


@pytest.mark.parametrize("sent", [{}, {"state": "a state"}, {"unknown": "parameter"}])
def test_no_application_at_all(browser: Browser, sent: dict[str, str]) -> None:
    leave(browser, **sent)
    assert "An application asks to sign you out" in browser.text
    browser.submit("/oauth/sign-out/", answer="allow")
    assert "You are signed out" in browser.text
    assert not browser.is_inside


def test_who_is_signed_in_nowhere_goes_straight_back(shop: RelyingParty, person: User) -> None:
    assert leave(Browser(), client_id="shop", post_logout_redirect_uri=BYE, state="1").went_to == f"{BYE}?state=1"
    assert "You are signed out" in leave(Browser()).text


def test_a_form_of_the_application_becomes_a_request_with_cookies(shop: RelyingParty, browser: Browser) -> None:
    hint = shop.sign_in(browser)["id_token"]
    sent = {"id_token_hint": hint, "post_logout_redirect_uri": BYE, "state": "s"}
    answer = Http(enforce_csrf_checks=True).post("/oauth/logout", sent)  # SameSite: without cookies
    assert answer.status_code == 303
    assert browser.open(answer["Location"]).went_to == f"{BYE}?state=s"
    assert not browser.is_inside


def test_the_port_of_a_native_application_is_free(browser: Browser) -> None:
    create_application("app", type="native", post_logout_redirect_uris=["http://127.0.0.1/bye"])
    leave(browser, client_id="app", post_logout_redirect_uri="http://127.0.0.1:51234/bye")
    browser.submit("/oauth/sign-out/", answer="allow")
    assert browser.went_to == "http://127.0.0.1:51234/bye"


def test_plain_sign_out_tells_of_the_end_and_offline_goes_on(
    shop: RelyingParty, browser: Browser, receiver: Receiver
) -> None:
    tokens = shop.sign_in(browser, scope=OFFLINE)
    create_application("quiet")
    RelyingParty("quiet").sign_in(browser)
    browser.open("/logout/").submit("/logout/")
    assert work() == 1
    assert receiver.told[0]["aud"] == "shop"
    assert shop.refresh(tokens["refresh_token"]).status_code == 200
    assert not Grant.objects.filter(told_at=None).exists()
    assert not Session.objects.filter(revoked_at__isnull=False, told_at=None).exists()


def test_the_worker_is_woken_and_tells_at_once(shop: RelyingParty, browser: Browser, receiver: Receiver) -> None:
    shop.sign_in(browser)
    with configured(OUTBOX_WAKER=""):
        wake.wake_event.clear()
        browser.open("/logout/").submit("/logout/")
        assert wake.wake_event.is_set()
    deliver_until_idle()
    assert len(receiver.told) == 1


def test_one_message_for_each_sign_in_at_an_application(
    shop: RelyingParty, browser: Browser, receiver: Receiver
) -> None:
    shop.sign_in(browser)
    shop.sign_in(browser, prompt="none")
    other = log_in(Browser())
    shop.sign_in(other)
    browser.open("/logout/").submit("/logout/")
    work()
    assert len(receiver.sids) == 1
    other.open("/logout/").submit("/logout/")
    work()
    assert len(set(receiver.sids)) == 2
    assert len({each["jti"] for each in receiver.told}) == 2


ENDS: dict[str, Callable[[Api, RelyingParty, dict[str, Any]], object]] = {
    "every session": lambda api, shop, tokens: api.send("POST", "logout/all", _access(api)),
    "consent": lambda api, shop, tokens: api.send("DELETE", "applications/shop", _access(api)),
    "password": lambda api, shop, tokens: api.send(
        "POST", "password/change", _access(api), {"current_password": PASSWORD, "password": f"{PASSWORD} 2"}
    ),
    "code replayed": lambda api, shop, tokens: shop.exchange(tokens["code"]),
    "refresh token stolen": lambda api, shop, tokens: [shop.refresh(tokens["refresh_token"]) for _ in range(2)],
}


def _access(api: Api) -> str:
    return str(api.login(ADA).body["access"])


@pytest.mark.parametrize("end", ENDS)
def test_whatever_ends_it_is_told(shop: RelyingParty, browser: Browser, receiver: Receiver, api: Api, end: str) -> None:
    code = code_of(allow(browser.open(shop.authorize_url(scope=OFFLINE))))
    tokens = {**shop.exchange(code).json(), "code": code}
    if end == "refresh token stolen":
        shop.refresh(shop.refresh(tokens["refresh_token"]).json()["refresh_token"])
    answer = ENDS[end](api, shop, tokens)
    work()
    assert receiver.sids == [str(Grant.objects.get().sid)], answer


def test_what_an_application_gives_back_itself_is_told_when_the_session_ends(
    shop: RelyingParty, browser: Browser, receiver: Receiver
) -> None:
    tokens = shop.sign_in(browser)
    shop.post("/oauth/revoke", token=tokens["access_token"])
    work()
    assert not receiver.told
    browser.open("/logout/").submit("/logout/")
    work()
    assert len(receiver.told) == 1


def test_an_application_that_is_removed_is_told_first(shop: RelyingParty, browser: Browser, receiver: Receiver) -> None:
    shop.sign_in(browser)
    sid = str(Grant.objects.get().sid)
    with atomic():
        held = registry.lock_application(Application.objects.get().pk)
        assert held is not None
        registry.delete_application(held, timezone.now())
    work()
    assert receiver.sids == [sid]


def test_what_fails_is_tried_again_and_what_is_refused_is_given_up(
    shop: RelyingParty, browser: Browser, receiver: Receiver
) -> None:
    receiver.statuses = [503, 204]
    shop.sign_in(browser)
    browser.open("/logout/").submit("/logout/")
    work()
    assert Message.objects.get(channel="http").trouble == "503"
    with travel(timezone.now() + timedelta(minutes=1), tick=False):
        assert work() == 1
    row = Message.objects.get(channel="http")
    assert (row.state, row.tries, row.recipient_hint) == (State.SENT, 2, "127.0.0.1")
    assert len({each["jti"] for each in receiver.told}) == 2  # each is fresh
    receiver.statuses = [400]
    shop.sign_in(log_in(browser))
    browser.open("/logout/").submit("/logout/")
    work()
    row = Message.objects.filter(channel="http").latest("created_at")
    assert (row.state, row.trouble, row.sealed) == (State.ABANDONED, "refuses us: 400", None)


def test_it_is_given_up_after_a_day(shop: RelyingParty, browser: Browser, receiver: Receiver) -> None:
    shop.sign_in(browser)
    browser.open("/logout/").submit("/logout/")
    receiver.statuses = [500] * 3
    work()
    with travel(timezone.now() + timedelta(days=1, minutes=1), tick=False):
        work()
    assert Message.objects.get(channel="http").state == State.ABANDONED


def test_an_application_by_rsa_is_told_by_rsa(browser: Browser, receiver: Receiver) -> None:
    create_application("old", id_token_signed_response_alg="RS256", backchannel_logout_uri=receiver.url)
    RelyingParty("old").sign_in(browser)
    browser.open("/logout/").submit("/logout/")
    work()
    assert jwt.get_unverified_header(receiver.raw[0])["alg"] == "RS256"


def test_the_staff_see_it_and_the_person_exports_and_erases_it(
    shop: RelyingParty, browser: Browser, person: User, api: Api
) -> None:
    shop.sign_in(browser)
    browser.open("/logout/").submit("/logout/")
    work()
    row = Message.objects.get(channel="http")
    User.objects.filter(pk=person.pk).update(role=Role.ADMIN)
    staff = PageDesk(ADA)
    assert "127.0.0.1" in staff.http.get("/admin/courier/message/?channel__exact=http").content.decode()
    assert "Logout token to 127.0.0.1" in staff.http.get(f"/admin/courier/message/{row.pk}/").content.decode()
    User.objects.filter(pk=person.pk).update(role=Role.USER)
    access = _access(api)
    exported = api.send("GET", "me/export", access).body["messages"]
    assert ("logout_token", "127.0.0.1") in {(each["kind"], each["recipient_hint"]) for each in exported}
    assert api.send("DELETE", "me", access).status == 204
    personal_data.erase_due_accounts(timezone.now() + timedelta(days=15), 10)
    assert not Message.objects.filter(pk=row.pk).exists()


def test_the_document_says_so() -> None:
    document = Http().get("/.well-known/openid-configuration").json()
    assert document["end_session_endpoint"].endswith("/oauth/logout")
    assert document["backchannel_logout_supported"] is True
    assert document["backchannel_logout_session_supported"] is True
