"""Where a request ends: as gunicorn's own parser reads it, however it arrives."""

from itertools import pairwise

import pytest
from gunicorn.config import Config
from gunicorn.http import get_parser
from hypothesis import given
from hypothesis import strategies as st

from vestibule.service.server.framing import MAX_HEAD_BYTES, IncomingRequest

POST = b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\n"
NEXT = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
WHOLE = [
    NEXT,
    POST + b"\r\n",
    POST + b"Content-Length: 0\r\n\r\n",
    POST + b"content-length:5 \r\n\r\nhello",
    POST + b"Content-Length: 65536\r\n\r\n" + b"x" * 65536,
    POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    POST + b"transfer-encoding: Chunked\r\n\r\n5;a=b\r\nhello\r\n10\r\n0123456789abcdef\r\n000\r\nX-Trailer: 1\r\n\r\n",
    POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 500 + b"0\r\n\r\n",
    POST.replace(b"/api/auth/login", b"/api/auth/me/picture") + b"Content-Length: 70000\r\n\r\n" + b"x" * 70000,
]
UNCLEAR = [
    POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    POST + b"Content-Length : 5\r\n\r\nhello",
    POST + b" Content-Length: 5\r\n\r\nhello",
    POST + b"Content-Length: +5\r\n\r\nhello",
    POST + b"Content-Length: 5, 5\r\n\r\nhello",
    POST + b"Content-Length: " + b"9" * 400 + b"\r\n\r\nhello",
    POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding: chunked\r\n\r\nfive\r\nhello\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
    POST + b"Content-Length: 65537\r\n\r\n",
    POST + b"Transfer-Encoding: chunked\r\n\r\n10001\r\n" + b"x" * 65537,
    POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"8000\r\n" + b"x" * 0x8000 + b"\r\n8001\r\n" + b"x" * 0x8001,
    POST + b"X: " + b"y" * MAX_HEAD_BYTES,
    POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"y" * (MAX_HEAD_BYTES + 9),
    POST + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"y" * (MAX_HEAD_BYTES + 9),
]


def body_of(request: bytes) -> bytes:
    """As gunicorn reads it. Raises what its parser raises, and StopIteration where there is none."""
    return bytes(next(get_parser(Config(), [request], ("127.0.0.1", 1))).body.read())


@given(st.sampled_from(WHOLE), st.lists(st.integers(0, 80_000), max_size=6))
def test_a_request_ends_where_the_parser_ends_it_however_it_arrives(request_: bytes, cuts: list[int]) -> None:
    """INP-13."""
    sent = request_ + NEXT
    incoming, places = IncomingRequest(), [0, *sorted(each % len(sent) for each in cuts), len(sent)]
    for start, end in pairwise(places):
        if not incoming.whole:
            incoming.add_bytes(sent[start:end])
        assert not incoming.excessive
        assert incoming.whole == (end >= len(request_)) or start >= len(request_)
    assert incoming.whole
    assert incoming.end == len(request_)
    assert body_of(bytes(incoming.data[: incoming.end])) == body_of(request_)


@pytest.mark.parametrize("sent", UNCLEAR)
def test_what_has_no_clear_end_is_never_followed_by_another_request(sent: bytes) -> None:
    """INP-13."""
    incoming = IncomingRequest(sent + NEXT)
    assert incoming.excessive
    assert not incoming.whole


def test_headers_without_end_are_told_from_bodies() -> None:
    assert IncomingRequest(POST + b"X: " + b"y" * MAX_HEAD_BYTES).has_overlong_head
    assert not IncomingRequest(POST + b"Content-Length: 65537\r\n\r\n").has_overlong_head
    assert not IncomingRequest(POST).excessive


def test_whoever_waits_for_a_word_is_seen_and_the_word_is_ours() -> None:
    incoming = IncomingRequest(POST + b"Expect: 100-Continue\r\nContent-Length: 5\r\n\r\n")
    assert (incoming.expects, incoming.whole) == (True, False)
    incoming.add_bytes(b"hello")
    assert incoming.whole
    assert bytes(incoming.data) == POST + b"Content-Length: 5\r\n\r\nhello"


def test_the_limit_is_that_of_the_path_however_it_is_written() -> None:
    for path in (b"/api/auth/me/picture", b"/api/auth/me/pic%74ure?x", b"http://localhost/api/auth/me/picture"):
        head = b"PUT " + path + b" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 70000\r\n\r\n"
        assert not IncomingRequest(head).excessive, path
