"""The client for what goes out: when it stops reading, what it takes for an answer, and whom it does not ask."""

import ssl
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from socket import socket
from threading import Event

import pytest

from tests.foreign_hosts import METADATA, PUBLIC, answer_names, answering, record_connections, says, trusting
from vestibule.kernel import http_client
from vestibule.kernel.http_client import AddressNotPublic, AnswerTooLarge, fetch_configured, fetch_foreign

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Word: yes\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
HOST = "client.example.com"


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"], ids=["headers", "body"])
def test_an_answer_that_drips_for_ever_ends(head: bytes) -> None:
    gone = Event()

    def drip(client: socket) -> None:
        client.sendall(head)
        while not gone.wait(0.01):
            client.sendall(b"H")

    with answering(drip) as port:
        with pytest.raises(TimeoutError):
            fetch_configured(f"http://127.0.0.1:{port}/", timeout=0.3, max_bytes=1_000_000)
        gone.set()


def test_an_answer_has_status_headers_and_body() -> None:
    with answering(says(OK)) as port:
        answer = fetch_configured(f"http://127.0.0.1:{port}/", timeout=5, max_bytes=5)
    assert (answer.status, answer.body, answer.headers["x-word"]) == (200, b"hello", "yes")


@pytest.mark.parametrize(
    "words",
    [
        OK,
        b"HTTP/1.1 200 OK\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ],
    ids=["told", "not told", "in chunks"],
)
def test_a_body_is_at_most_so_large(words: bytes) -> None:
    with answering(says(words)) as port:
        url = f"http://127.0.0.1:{port}/"
        assert fetch_configured(url, timeout=5, max_bytes=5).body == b"hello"
        with pytest.raises(AnswerTooLarge):
            fetch_configured(url, timeout=5, max_bytes=4)


@pytest.mark.parametrize(
    "words",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
        CHUNKED + b"5\r\nhel",
        b"SSH-2.0-OpenSSH\r\n",
        b"",
    ],
    ids=["cut off", "cut off in a chunk", "no HTTP", "nothing"],
)
def test_what_is_no_whole_answer_is_an_oserror(words: bytes) -> None:
    with answering(says(words)) as port, pytest.raises(OSError, match=r"."):
        fetch_configured(f"http://127.0.0.1:{port}/", timeout=5, max_bytes=100)
    with pytest.raises(OSError, match="unknown url type"):
        fetch_configured("no address", timeout=5, max_bytes=100)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        (PUBLIC, True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("64:ff9b::5db8:d70e", True),  # by NAT64 to a public one
        *[
            (address, False)
            for address in (
                *("127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.0.1", METADATA),
                *("100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
                *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:93.184.215.14", "fe80::1", "fec0::1"),
                *("fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "2002:7f00:1::", "2001:0:7f00:1::"),
                *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1"),
            )
        ],
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert http_client.is_public_address(ip_address(address)) is public


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the DNS answers, one list of addresses a question."""
    return answer_names(monkeypatch)


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were connected to; the public one leads to a port of ours."""
    return record_connections(monkeypatch)


@pytest.mark.parametrize("addresses", [["127.0.0.1"], [METADATA], ["::1"], [PUBLIC, "10.0.0.1"], ["fe80::1%eth0"]])
def test_a_foreign_name_of_an_inner_address_is_not_asked(
    addresses: list[str], names: list[list[str]], connected: list[str]
) -> None:
    names.append(addresses)
    with pytest.raises(AddressNotPublic):
        fetch_foreign(f"https://{HOST}/", timeout=5, max_bytes=100)
    assert connected == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:7f00:1]"]
)
def test_no_spelling_of_an_inner_address_is_asked(host: str, connected: list[str]) -> None:
    with pytest.raises(OSError, match=r"."):
        fetch_foreign(f"https://{host}/", timeout=5, max_bytes=100)
    assert connected == []


def test_what_is_foreign_is_asked_by_tls_only() -> None:
    with pytest.raises(OSError, match="unknown url type: http"):
        fetch_foreign(f"http://{PUBLIC}/", timeout=5, max_bytes=100)


@pytest.fixture
def certified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """A certificate of HOST that this process trusts."""
    with trusting(HOST, tmp_path, monkeypatch) as context:
        yield context


def test_a_foreign_name_is_resolved_once(
    names: list[list[str]], connected: list[str], certified: ssl.SSLContext
) -> None:
    names.extend([[PUBLIC], ["127.0.0.1"]])  # whoever asks twice gets another answer
    with answering(says(OK), certified) as port:
        assert fetch_foreign(f"https://{HOST}:{port}/", timeout=5, max_bytes=100).body == b"hello"
    assert connected == [PUBLIC]
    assert names == [["127.0.0.1"]]


def test_a_foreign_name_proves_that_it_is_that_name(
    names: list[list[str]], connected: list[str], certified: ssl.SSLContext
) -> None:
    names.append([PUBLIC])
    with answering(says(OK), certified) as port, pytest.raises(ssl.SSLCertVerificationError):
        fetch_foreign(f"https://other.example.com:{port}/", timeout=5, max_bytes=100)
