"""The only HTTP client for outgoing requests: a deadline for the whole answer, a limit on its size, no redirects.

`fetch_configured` requests a URL that the operator has set. `fetch_foreign` requests one that somebody else has named,
by HTTPS and at public addresses only (OWASP SSRF Prevention). docs/decisions/0091 says why this is no library.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from socket import SOCK_STREAM, getaddrinfo, socket
from time import monotonic
from typing import Any
from urllib.error import URLError
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request, UnknownHandler

from vestibule.kernel.deadline_reader import open_deadline_reader, seconds_until

GLOBAL_UNICAST = IPv6Network("2000::/3")  # RFC 4291, 2.4: neither mapped nor local nor multicast
EMBEDDING = (IPv6Network("2002::/16"), IPv6Network("2001::/32"))  # 6to4 and Teredo: an IPv4 address within
NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last four bytes


class AddressNotPublic(OSError):
    """The host of a foreign URL has an address outside the public internet."""


class AnswerTooLarge(OSError):
    """The body is larger than the caller accepts."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response with any status. The names in `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _DeadlineResponse(HTTPResponse):
    def __init__(self, sock: socket, *args: Any, **more: Any) -> None:
        super().__init__(sock, *args, **more)
        bounded = open_deadline_reader(sock, sock.gettimeout() or 0)
        self.fp.close()
        self.fp = bounded


class _HttpConnection(HTTPConnection):
    """A connection whose time-out covers the whole exchange, from here to the last byte."""

    response_class = _DeadlineResponse

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.deadline = monotonic() + (self.timeout or 0)

    def getresponse(self) -> HTTPResponse:
        self.sock.settimeout(seconds_until(self.deadline))
        return super().getresponse()


class _HttpsConnection(_HttpConnection, HTTPSConnection):
    """The same over TLS."""


class _ForeignConnection(_HttpsConnection):
    """The same to an address that was checked. The name is resolved once, so that a second DNS answer cannot change
    it."""

    def connect(self) -> None:
        plain = _connect_public(self.host, self.port, self.deadline)
        plain.settimeout(seconds_until(self.deadline))
        self.sock = _tls_context().wrap_socket(plain, server_hostname=self.host)


class _HttpHandler(HTTPHandler):
    def http_open(self, req: Request) -> HTTPResponse:
        return self.do_open(_HttpConnection, req)


class _HttpsHandler(HTTPSHandler):
    def https_open(self, req: Request) -> HTTPResponse:
        return self.do_open(_HttpsConnection, req, context=_tls_context())


class _ForeignHandler(HTTPSHandler):
    def https_open(self, req: Request) -> HTTPResponse:
        return self.do_open(_ForeignConnection, req)


def fetch_configured(
    url: str, *, timeout: float, max_bytes: int, data: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """Request a URL from a setting: GET, or POST if there is `data`; through the proxy of the environment.

    Raises:
        TimeoutError: the whole answer did not arrive within `timeout` seconds (DNS has time-outs of its own).
        AnswerTooLarge: the body has more than `max_bytes`.
        OSError: the connection failed, or the answer is not HTTP.
    """
    return _fetch(_configured(), url, timeout, max_bytes, data, headers)


def fetch_foreign(
    url: str, *, timeout: float, max_bytes: int, data: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """Request a URL that somebody else has named, as `fetch_configured` does; by HTTPS, through no proxy.

    Raises:
        AddressNotPublic: one of the host's addresses is not public.
        TimeoutError: the whole answer did not arrive within `timeout` seconds.
        AnswerTooLarge: the body has more than `max_bytes`.
        OSError: the connection failed, or the answer is not HTTP.
    """
    return _fetch(_foreign(), url, timeout, max_bytes, data, headers)


def is_public_address(address: IPv4Address | IPv6Address) -> bool:
    """Return whether an address belongs to the public internet, by IANA's special-purpose registries (RFC 6890)."""
    if isinstance(address, IPv6Address):
        if address in NAT64:
            return is_public_address(IPv4Address(address.packed[-4:]))
        if address not in GLOBAL_UNICAST or any(address in each for each in EMBEDDING):
            return False
    return address.is_global and not address.is_multicast


def _fetch(
    opener: OpenerDirector,
    url: str,
    timeout: float,
    max_bytes: int,
    data: bytes | None,
    headers: Mapping[str, str] | None,
) -> Answer:
    try:
        request = Request(url, data, {"User-Agent": "vestibule", **(headers or {})})  # noqa: S310 - http and https alone
        with opener.open(request, timeout=timeout) as response:
            body = bytes(response.read(max_bytes + 1))
            if len(body) > max_bytes:
                raise AnswerTooLarge(f"more than {max_bytes} bytes")
            if response.length:
                raise ConnectionError(f"{response.length} bytes of the answer are missing")
            return Answer(response.status, {name.lower(): value for name, value in response.headers.items()}, body)
    except URLError as error:
        raise error.reason if isinstance(error.reason, OSError) else error from None
    except (HTTPException, ValueError) as error:  # the answer is not HTTP, or the URL is none
        raise OSError(f"{type(error).__name__}: {error}") from error


def _connect_public(host: str, port: int, deadline: float) -> socket:
    found = getaddrinfo(host, port, type=SOCK_STREAM)
    if not all(is_public_address(ip_address(str(where[0]).partition("%")[0])) for *_, where in found):
        raise AddressNotPublic(host)
    failed: OSError | None = None
    for family, kind, protocol, _, where in found:
        connection = socket(family, kind, protocol)
        try:
            connection.settimeout(seconds_until(deadline))
            connection.connect(where)
        except OSError as error:
            connection.close()
            failed = error
        else:
            return connection
    raise failed or OSError("no address")


@cache
def _tls_context() -> ssl.SSLContext:
    return ssl.create_default_context()  # reads the certificates of the system, which takes as long as a password hash


@cache
def _configured() -> OpenerDirector:
    return _opener(ProxyHandler(), UnknownHandler(), _HttpHandler(), _HttpsHandler())


@cache
def _foreign() -> OpenerDirector:
    return _opener(UnknownHandler(), _ForeignHandler())


def _opener(*handlers: Any) -> OpenerDirector:
    """Return an opener without files, FTP and redirects, for which no status is an error."""
    opener = OpenerDirector()
    for handler in handlers:
        opener.add_handler(handler)
    return opener
