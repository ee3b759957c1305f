"""HOL-16, HOL-26, FAULTS 17, 18: requests are received whole before they cost a thread; and what a client is told while
it still sends arrives."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection

import pytest

from tests.service import Service
from tests.world import PASSWORD

BODY = json.dumps({"refresh": "none of ours"}).encode()
HEAD = b"POST /api/auth/token/refresh HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
PICTURE = HEAD.replace(b"token/refresh", b"me/p%69cture")
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY


@pytest.fixture
def wire(service: Service) -> Iterator[socket.socket]:
    """A connection to the service."""
    with closing(socket.create_connection(("127.0.0.1", service.port), timeout=20)) as connection:
        yield connection


def read(wire: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """The next answer: status, headers, body."""
    file = wire.makefile("rb", buffering=0)
    status = int(file.readline().split()[1])
    headers = {}
    while line := file.readline().strip():
        name, _, value = line.decode().partition(": ")
        headers[name.lower()] = value
    left, body = int(headers.get("content-length", 0)), b""
    while len(body) < left and (piece := file.read(left - len(body))):
        body += piece
    return status, headers, body


SLOW = [
    pytest.param(b"", id="nothing"),
    pytest.param(HEAD, id="headers"),
    pytest.param(HEAD + b"Content-Length: 1000\r\n\r\n{", id="a body"),
    pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{", id="chunks"),
    pytest.param(WHOLE + HEAD, id="a second request"),
    pytest.param(
        HEAD.replace(b"token/refresh", b"me/p%69cture") + b"Content-Length: 90000\r\n\r\n{", id="another spelling"
    ),
]


@pytest.mark.parametrize("begun", SLOW)
def test_hol_16_who_sends_slowly_holds_no_thread(service: Service, begun: bytes) -> None:
    with ExitStack() as stack:
        slow = [
            stack.enter_context(closing(socket.create_connection(("127.0.0.1", service.port), timeout=20)))
            for _ in range(60)
        ]
        for each in slow:
            each.sendall(begun)
        for each in slow:
            each.sendall(b"x")
        assert service.get("/health/live")[0] == 200
        somebody = {"email": f"{len(begun)}@example.com", "password": PASSWORD}
        assert service.post("/api/auth/login", somebody)[0] == 401


def test_hol_16_who_reads_slowly_holds_no_thread(service: Service) -> None:
    """Thirty clients ask for more than the kernel keeps for them, and read nothing; one of them goes on at last."""
    asked = b"GET /api/schema HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with ExitStack() as stack:
        slow = []
        for _ in range(30):
            wire = stack.enter_context(closing(socket.socket()))
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
            wire.settimeout(20)
            wire.connect(("127.0.0.1", service.port))
            wire.sendall(asked * 16)
            slow.append(wire)
        somebody = {"email": "slowly@example.com", "password": PASSWORD}
        for _ in range(3):
            assert service.get("/health/live")[0] == 200
            assert service.post("/api/auth/login", somebody)[0] == 401
        for _ in range(16):
            status, headers, body = read(slow[0])
            assert (status, len(body)) == (200, int(headers["content-length"]))


def test_hol_16_what_arrives_in_drops_is_answered(wire: socket.socket) -> None:
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in WHOLE:
        wire.send(bytes([byte]))
    assert read(wire)[0] == 401
    wire.sendall(WHOLE + WHOLE[:40])
    assert read(wire)[0] == 401
    wire.sendall(WHOLE[40:])
    assert read(wire)[0] == 401


def test_fault_17_chunks_are_read_and_the_next_request_too(wire: socket.socket) -> None:
    middle = len(BODY) // 2
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in (BODY[:middle], BODY[middle:]))
    wire.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
    wire.sendall(b"0\r\n\r\n" + WHOLE)
    for _ in range(2):
        status, headers, body = read(wire)
        assert (status, json.loads(body)["code"]) == (401, "token_invalid")
        assert headers["connection"] == "keep-alive"


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("path", "size", "limit"), [("me/picture", 6_000_000, "5 MB"), ("login", 2_000_000, "64 KiB")])
def test_fault_18_who_sends_too_much_reads_why(
    service: Service, path: str, size: int, limit: str, chunked: bool
) -> None:
    """Python's client writes all of it before it reads."""
    with closing(HTTPConnection("127.0.0.1", service.port, timeout=20)) as connection:
        body = iter([b"x" * 65_536] * (size // 65_536)) if chunked else b"x" * size
        headers = {"Content-Type": "application/json"}
        connection.request("PUT" if "picture" in path else "POST", f"/api/auth/{path}", body, headers)
        answer = connection.getresponse()
        problem = json.loads(answer.read())
    assert (answer.status, problem["code"], limit in problem["detail"]) == (413, "body_too_large", True)
    assert answer.headers["Connection"] == "close"


def test_hol_26_what_an_answer_left_unread_is_not_the_next_request(wire: socket.socket) -> None:
    """A body of 60 kB that nobody reads, and then a request on the same connection."""
    nowhere = HEAD.replace(b"auth/token/refresh", b"nothing")
    wire.sendall(nowhere + b"Content-Length: 60000\r\n\r\n" + b"x" * 60000 + WHOLE)
    status, headers, _ = read(wire)
    assert (status, headers["connection"]) == (404, "keep-alive")
    assert read(wire)[0] == 401


def test_a_client_that_waits_for_a_word_gets_it_once(wire: socket.socket) -> None:
    wire.sendall(HEAD + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(BODY))
    assert read(wire)[0] == 100
    wire.sendall(BODY)
    assert read(wire)[0] == 401


def test_inp_07_a_megabyte_of_headers_is_431_and_ours(wire: socket.socket) -> None:
    wire.sendall(HEAD + b"X: " + b"y" * 1_000_000 + b"\r\n\r\n")
    status, headers, _ = read(wire)
    assert (status, headers["connection"], headers["cache-control"]) == (431, "close", "no-store")
    assert "content-security-policy" in headers


TWICE = b"Content-Length: 5\r\nContent-Length: 6"


@pytest.mark.parametrize("bad", [TWICE, b"Content-Length : 5", b"Content-Length: +5"])
def test_what_is_framed_twice_is_the_last_of_its_connection(wire: socket.socket, bad: bytes) -> None:
    """INP-13."""
    wire.sendall(HEAD + bad + b"\r\n\r\nhello" + WHOLE)
    status, headers, _ = read(wire)
    assert (status, headers["connection"]) == (400, "close")
    assert wire.recv(1) == b""
