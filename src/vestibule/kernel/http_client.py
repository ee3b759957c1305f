"""An answer within so many seconds, however slowly it drips: a socket's own time-out begins anew with each byte.

The one way out over HTTP: to the address that is given, which is a setting's, and not to where that one points (OWASP
SSRF Prevention).
"""

import ssl
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from io import BufferedReader, RawIOBase
from socket import socket
from time import monotonic
from typing import Any
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
)


class DeadlineReader(RawIOBase):
    """What a socket receives, within so many seconds from now. Reading raises TimeoutError after that."""

    def __init__(self, source: socket, seconds: float) -> None:
        self._socket, self._deadline = source, monotonic() + seconds
        self._file: Any = source.makefile("rb", buffering=0)  # holds the socket open while somebody reads

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """As much as there is."""
        left = self._deadline - monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._socket.settimeout(left)
        received: int | None = self._file.readinto(buffer)
        return received

    def close(self) -> None:
        """Let the socket go."""
        self._file.close()
        super().close()


def open_deadline_reader(source: socket, seconds: float) -> BufferedReader:
    """The same as a file."""
    return BufferedReader(DeadlineReader(source, seconds))


class _DeadlineResponse(HTTPResponse):
    def __init__(self, sock: socket, *args: Any, **more: Any) -> None:
        super().__init__(sock, *args, **more)
        bounded = open_deadline_reader(sock, sock.gettimeout() or 0)
        self.fp.close()
        self.fp = bounded


class _HttpConnection(HTTPConnection):
    response_class = _DeadlineResponse


class _HttpsConnection(HTTPSConnection):
    response_class = _DeadlineResponse


class _HttpHandler(HTTPHandler):
    def http_open(self, req: Request) -> HTTPResponse:
        return self.do_open(_HttpConnection, req)


class _HttpsHandler(HTTPSHandler):
    def https_open(self, req: Request) -> HTTPResponse:
        return self.do_open(_HttpsConnection, req, context=ssl.create_default_context())


_opener = OpenerDirector()  # neither files nor ftp, and no redirect is followed
for _handler in (
    ProxyHandler,
    UnknownHandler,
    _HttpHandler,
    _HttpsHandler,
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
):
    _opener.add_handler(_handler())


def fetch_body(request: Request, *, timeout: float, max_bytes: int) -> bytes:
    """The body of the answer, at most so many bytes of it: so many seconds to connect, and as many for all of it.

    Raises HTTPError (any status but 2xx: no redirect is followed), other OSErrors, HTTPException (the answer is not
    HTTP), ValueError.
    """
    with _opener.open(request, timeout=timeout) as answer:
        return bytes(answer.read(max_bytes))
