"""OID-10: what an application is told of a sign-in that ended. Where it is sent, how often, and whether the end of a
session is missed while a code is redeemed."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from socket import SOCK_STREAM, getaddrinfo, socket
from typing import Any
from unittest import mock

import pytest
from django.utils import timezone
from time_machine import travel

from tests.browsing import Browser
from tests.configured import configured
from tests.contracts.stores import at_once
from tests.interleaving import REDEEMED, interleaved, transaction
from tests.logout import Receiver, receiving, work
from tests.oauth import RelyingParty, allow, code_of, create_application
from tests.vendors import listening
from tests.world import PASSWORD, Api, Inbox
from vestibule.applications.models import Grant
from vestibule.courier import delivery, leases, outbox
from vestibule.courier.models import Message, State
from vestibule.kernel import http_client
from vestibule.sessions.models import Session
from vestibule.storage.database import atomic

ADA = "ada@example.com"
METADATA = "169.254.169.254"  # of the clouds


@pytest.fixture
def browser(house: None, api: Api, inbox: Inbox) -> Browser:
    """Ada's browser, signed in."""
    api.account(inbox, ADA)
    inbox.all()
    Session.objects.all().delete()
    return Browser().open("/login/").submit("/login/", name=ADA, password=PASSWORD)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """What the shop is told."""
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Where we connected to."""
    found: list[Any] = []
    monkeypatch.setattr(socket, "connect", lambda _, where: found.append(where))
    return found


def end_at(browser: Browser, url: str) -> Message:
    """A sign-in ends at an application that wants to be told there; what became of the message."""
    create_application(backchannel_logout_uri=url)
    RelyingParty().sign_in(browser)
    sign_out(browser)
    work()
    return Message.objects.get(channel="http")


def sign_out(browser: Browser) -> None:
    browser.open("/logout/").submit("/logout/")


@pytest.mark.parametrize(
    "url",
    [
        *(
            "https://127.0.0.1/",
            "https://localhost/",
            "https://10.0.0.1/",
            f"https://{METADATA}/latest",
            "https://[::1]/",
        ),
        *("https://[::ffff:127.0.0.1]/", "https://0.0.0.0/", "https://192.168.1.1:8443/"),
        *("https://inner.example.com/", "https://mixed.example.com/"),
    ],
)
def test_oid_10_nothing_inside_is_told(
    browser: Browser, url: str, connected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = {"inner.example.com": ["10.1.2.3"], "mixed.example.com": ["93.184.215.14", "127.0.0.1"]}
    resolve = getaddrinfo

    def look_up(host: str, port: int, **more: Any) -> Any:
        known = inner.get(host)
        return [(2, SOCK_STREAM, 6, "", (each, port)) for each in known] if known else resolve(host, port, **more)

    monkeypatch.setattr(http_client, "getaddrinfo", look_up)
    with configured(BASE_URL="http://localhost"):
        row = end_at(browser, url)
    assert row.trouble in ("AddressNotPublic", "refuses us: address not allowed")
    assert not connected


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://shop.example.com/"])
def test_oid_10_loopback_is_told_only_from_loopback(browser: Browser, connected: list[Any], url: str) -> None:
    """The setting may have changed since the address was registered: what is sent is checked again."""
    row = end_at(browser, url.format(port=8123))
    assert (row.state, row.trouble) == (State.ABANDONED, "refuses us: address not allowed")
    assert not connected


def test_oid_10_no_redirect_is_followed(browser: Browser, receiver: Receiver) -> None:
    class Redirecting(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(307)
            self.send_header("Location", receiver.url)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with listening(Redirecting) as url:
        row = end_at(browser, f"{url}/")
    assert (row.state, row.trouble) == (State.QUEUED, "307")
    assert not receiver.told


def test_oid_10_who_does_not_answer_holds_up_nobody(browser: Browser, receiver: Receiver) -> None:
    with socket() as silent:
        silent.bind(("127.0.0.1", 0))
        gone = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        create_application("gone", backchannel_logout_uri=gone)
        for _ in range(3):
            RelyingParty("gone").sign_in(browser)
            sign_out(browser)
            browser.open("/login/").submit("/login/", name=ADA, password=PASSWORD)
        work()
    troubles = list(Message.objects.filter(channel="http").order_by("due_at").values_list("trouble", flat=True))
    assert sorted(troubles) == ["ConnectionRefusedError", "host is silent", "host is silent"]


def test_oid_10_people_do_not_wait_for_applications(browser: Browser, api: Api, inbox: Inbox) -> None:
    """A thousand sign-ins ended at an application that is slow, and somebody wants a code."""
    with atomic():
        for _ in range(3):
            outbox.post_request("logout_token", "http://127.0.0.1/", about=bytes(32), params={}, now=timezone.now())
    api.post("password/reset", {"email": ADA})
    waiting = Message.objects.filter(channel="email", state=State.QUEUED)
    assert waiting.count() == 1
    seen: list[bool] = []
    delivery.deliver_due_messages(timezone.now(), batch=1, send_request=lambda *_: seen.append(waiting.exists()))
    assert seen == [False]


def test_oid_10_a_message_that_is_sent_twice_is_two_fresh_tokens_of_one_end(
    browser: Browser, receiver: Receiver
) -> None:
    """The worker dies when the application has taken it: it is told again, by a token that was never sent before."""
    create_application(backchannel_logout_uri=receiver.url)
    RelyingParty().sign_in(browser)
    sign_out(browser)
    with pytest.raises(Died), mock.patch.object(leases, "mark_sent", side_effect=Died):
        work()
    with travel(timezone.now() + leases.LEASE * 2, tick=False):
        assert work() == 1
    assert len(set(receiver.sids)) == 1
    assert len({each["jti"] for each in receiver.told}) == 2


class Died(BaseException):
    """The worker was killed."""


def test_oid_10_many_workers_tell_once(browser: Browser, receiver: Receiver) -> None:
    create_application(backchannel_logout_uri=receiver.url)
    RelyingParty().sign_in(browser)
    sign_out(browser)
    at_once(lambda _: work(), 4)
    work()
    assert len(receiver.told) == 1
    assert Message.objects.filter(channel="http").count() == 1


@pytest.mark.parametrize("nth", range(1, REDEEMED + 1))
def test_oid_10_a_session_that_ends_while_its_code_is_redeemed(browser: Browser, receiver: Receiver, nth: int) -> None:
    """Either the code gives nothing, or the application is told of the end of what it gave."""
    create_application(backchannel_logout_uri=receiver.url)
    shop = RelyingParty()
    code = code_of(allow(browser.open(shop.authorize_url(scope="openid offline_access"))))
    browser.open("/logout/")

    def end() -> None:
        browser.submit("/logout/")
        work()

    answer, _ = interleaved(lambda: shop.exchange(code), transaction(after="", nth=nth), end)
    work()
    assert (answer.status_code == 200) == Grant.objects.exists() == bool(receiver.told)


def test_oid_10_a_session_that_ends_as_its_code_is_redeemed(browser: Browser, receiver: Receiver) -> None:
    create_application(backchannel_logout_uri=receiver.url)
    shop = RelyingParty()
    code = code_of(allow(browser.open(shop.authorize_url())))
    browser.open("/logout/")
    acts = (lambda: shop.exchange(code), lambda: browser.submit("/logout/"), work)
    at_once(lambda number: acts[number]() and None, 3)
    work()
    assert Grant.objects.exists() == bool(receiver.told)
    assert not Grant.objects.filter(told_at=None).exists()
    assert len(receiver.told) <= 1
