"""Hosts of others, as `kernel.http_client` meets them: what the DNS says, whom it connects to, and what they answer."""

import socket as sockets
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import AF_INET, AF_INET6, SOCK_STREAM, create_server, socket
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from vestibule.kernel import http_client

PUBLIC, METADATA = "93.184.215.14", "169.254.169.254"


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


def answer_names(monkeypatch: pytest.MonkeyPatch, *usual: str) -> list[list[str]]:
    """What the DNS answers, one list of addresses a question; and the usual ones where nothing is left."""
    answers: list[list[str]] = []

    def look_up(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        addresses = answers.pop(0) if answers or not usual else list(usual)
        families = [(AF_INET6 if ":" in each else AF_INET, each) for each in addresses]
        return [(family, SOCK_STREAM, 6, "", (each, port)) for family, each in families]

    monkeypatch.setattr(http_client, "getaddrinfo", look_up)
    return answers


def record_connections(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were connected to; each leads to a port of ours."""
    found: list[str] = []

    class ToOurs(sockets.socket):
        def connect(self, where: Any) -> None:
            found.append(where[0])
            super().connect(("127.0.0.1", where[1]))

    monkeypatch.setattr(http_client, "socket", ToOurs)
    return found


@contextmanager
def trusting(host: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """A certificate of the host that this process trusts."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
    for extension in (x509.SubjectAlternativeName([x509.DNSName(host)]), x509.BasicConstraints(True, None)):
        made = made.add_extension(extension, critical=False)
    kept = folder / "cert.pem"
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
