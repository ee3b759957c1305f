"""The client for what goes out: when it stops reading, what it takes for an answer, and whom it does not ask."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from socket import AF_INET, AF_INET6, SOCK_STREAM, create_server, socket
from threading import Event, Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from vestibule.kernel import http_client
from vestibule.kernel.http_client import AddressNotPublic, AnswerTooLarge, fetch_configured, fetch_foreign

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Word: yes\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
PUBLIC, METADATA = "93.184.215.14", "169.254.169.254"
HOST = "client.example.com"


@contextmanager
def answering(answer: Callable[[socket], None], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server that answers each request so, at the port."""
    with create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    plain, _ = server.accept()
                    with context.wrap_socket(plain, server_side=True) if context else plain as client:
                        client.recv(65_536)
                        answer(client)
                except OSError:
                    if server.fileno() == -1:
                        return

        Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def says(words: bytes) -> Callable[[socket], None]:
    """An answer of these bytes, and the end."""
    return lambda client: client.sendall(words)


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
    answers: list[list[str]] = []

    def look_up(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        families = [(AF_INET6 if ":" in each else AF_INET, each) for each in answers.pop(0)]
        return [(family, SOCK_STREAM, 6, "", (each, port)) for family, each in families]

    monkeypatch.setattr(http_client, "getaddrinfo", look_up)
    return answers


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were connected to; the public one leads to a port of ours."""
    found: list[str] = []
    connect = socket.connect

    def to_ours(self: socket, where: tuple[str, int]) -> None:
        found.append(where[0])
        connect(self, ("127.0.0.1", where[1]))

    monkeypatch.setattr(socket, "connect", to_ours)
    return found


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
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
    for extension in (x509.SubjectAlternativeName([x509.DNSName(HOST)]), x509.BasicConstraints(True, None)):
        made = made.add_extension(extension, critical=False)
    kept = tmp_path / "cert.pem"
    kept.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    with kept.open("ab") as file:
        plain = serialization.NoEncryption()
        file.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    monkeypatch.setenv("SSL_CERT_FILE", str(kept))
    http_client._tls_context.cache_clear()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(kept)
    yield context
    http_client._tls_context.cache_clear()


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
