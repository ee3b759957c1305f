"""Holes around what others answer: lists, vendors, counts, and the many sign-ups of one address."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from django.utils.functional import SimpleLazyObject
from limits.strategies import MovingWindowRateLimiter

from tests.configured import configured, rated
from tests.contracts.test_captcha_vendors import login, solve, vendor
from tests.servers import free_port
from tests.vendors import SiteVerify
from tests.world import PASSWORD, Api, Inbox
from vestibule.accounts import breaches, passwords
from vestibule.accounts.breaches import is_breached
from vestibule.flows.sign_up.waiting import MAX_HASHES
from vestibule.kernel.errors import Unavailable
from vestibule.limits import rate_counters, rules
from vestibule.storage import redis_client

__all__ = ["vendor"]
ADA = "ada@example.com"
RANGE = b"0" * 35 + b":0\r\n"
HEAD = b"HTTP/1.1 200 OK\r\n"


@contextmanager
def saying(*parts: bytes, then: str = "close") -> Iterator[str]:
    """An HTTP server that answers each request with these bytes, and then closes, hangs or drips."""
    over = Event()
    door = socket.create_server(("127.0.0.1", 0))

    def answer(caller: socket.socket) -> None:
        with caller:
            caller.recv(65_536)
            try:
                for part in parts:
                    caller.sendall(part)
                while then != "close" and not over.wait(0.02):
                    if then == "drip":
                        caller.sendall(b"0")
            except OSError:
                return

    def serve() -> None:
        while not over.is_set():
            try:
                Thread(target=answer, args=[door.accept()[0]], daemon=True).start()
            except OSError:
                return

    Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{door.getsockname()[1]}"
    over.set()
    door.shutdown(socket.SHUT_RDWR)
    door.close()


BROKEN = {
    "cut in the middle": ((HEAD, b"Content-Length: 900\r\n\r\n", RANGE), "close"),
    "cut in a chunk": ((HEAD, b"Transfer-Encoding: chunked\r\n\r\n", b"40\r\n", RANGE), "close"),
    "no chunk": ((HEAD, b"Transfer-Encoding: chunked\r\n\r\n", b"zz\r\n", RANGE), "close"),
    "no HTTP": ((b"220 mail.example.com ESMTP\r\n",), "close"),
    "nothing": ((), "close"),
    "a long header": ((HEAD, b"X: " + b"x" * 70_000 + b"\r\n\r\n"), "close"),
    "many headers": ((HEAD, b"X: y\r\n" * 200, b"\r\n"), "close"),
    "no text": ((HEAD, b"Content-Length: 4\r\n\r\n", b"\xff\xfe\x00\x01"), "close"),
    "moved in circles": ((b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",), "close"),
    "moved out of HTTP": ((b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n",), "close"),
    "hangs before": ((), "hang"),
    "hangs in the head": ((HEAD,), "hang"),
    "drips a head": ((HEAD, b"X: "), "drip"),
    "drips a body": ((HEAD, b"\r\n"), "drip"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_hol_36_a_list_that_breaks_keeps_nobody_out(house: None, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaches, "TIMEOUT", 0.2)
    parts, then = BROKEN[how]
    with saying(*parts, then=then) as url, configured(PASSWORD_BREACH_URL=url):
        assert not is_breached(PASSWORD)


@pytest.mark.parametrize("how", ["cut in the middle", "no HTTP", "drips a body"])
def test_hol_36_nor_at_the_door(api: Api, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaches, "TIMEOUT", 0.2)
    parts, then = BROKEN[how]
    with saying(*parts, then=then) as url, configured(PASSWORD_BREACH_URL=url):
        assert api.start(email=ADA, password=PASSWORD).status == 202


def test_a_vendor_that_has_enough_of_us_lets_nobody_in_unchecked(vendor: SiteVerify, api: Api) -> None:
    vendor.status = 429
    told = [login(api, solve(vendor, f"token-{number}")) for number in range(3)]
    assert [(reply.status, reply.headers.get("Retry-After")) for reply in told] == [(503, "10")] * 3
    assert len(vendor.asked) == 1  # then left alone


@pytest.mark.parametrize("given", ["two words", "line\nbreak", "nul\x00", "schöne", "x" * 8193, "\ud800"])
def test_no_vendor_is_asked_about_what_none_can_have_made(vendor: SiteVerify, api: Api, given: str) -> None:
    assert login(api, given).status == 400
    assert vendor.asked == []


@pytest.mark.parametrize("scheme", ["redis", "redis+cluster"])
def test_counts_that_can_not_be_reached_are_unavailable(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> MovingWindowRateLimiter:
        url = f"{scheme}://127.0.0.1:{free_port()}"
        return MovingWindowRateLimiter(rate_counters.open_redis_storage(url, **redis_client.TIMEOUTS))

    monkeypatch.setattr(rate_counters, "_limiter", SimpleLazyObject(away))
    with rated(login="1/hour"):
        for ask in (rate_counters.is_half_used, rate_counters.count_request):
            with pytest.raises(Unavailable):
                ask(rules.LOGIN, network="192.0.2.1")


def test_newer_sign_ups_of_a_stranger_do_not_hide_the_owners(api: Api, inbox: Inbox) -> None:
    api.register(email=ADA, password=PASSWORD)
    code = inbox.newest(ADA).code
    for number in range(20):
        api.register(email=ADA, password=f"a strange horse {number} entirely")
    wrong = api.post("verify-email", {"email": ADA, "otp": code, "password": "nobody's horse of them"})
    assert (wrong.status, wrong.code) == (400, "otp_invalid")
    assert api.post("verify-email", {"email": ADA, "otp": code, "password": PASSWORD}).status == 200


@pytest.mark.parametrize("sign_ups", [0, 1, 5])
def test_and_a_wrong_password_costs_the_same_hashes_however_many_there_are(
    api: Api, sign_ups: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(sign_ups):
        api.register(email=ADA, password=f"a strange horse {number} entirely")
    hashes: list[str] = []
    verify = passwords.Argon2.verify

    def counted(self: passwords.Argon2, password: str, encoded: str) -> bool:
        hashes.append(encoded)
        return bool(verify(self, password, encoded))

    monkeypatch.setattr(passwords.Argon2, "verify", counted)
    api.post("verify-email", {"email": ADA, "otp": "123456", "password": "nobody's horse of them"})
    assert len(hashes) == MAX_HASHES
