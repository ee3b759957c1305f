"""Answers of the server itself, to what reaches no middleware: with the common headers of all others."""

from typing import Any

from vestibule.web.headers import COMMON_HEADERS, DENY_ALL_POLICY

_HEADERS = {**COMMON_HEADERS, "Content-Security-Policy": DENY_ALL_POLICY, "Cache-Control": "no-store"}
_HEADER_BYTES = "".join(f"\r\n{name}: {value}" for name, value in _HEADERS.items()).encode()


def refusal_response(status: bytes) -> bytes:
    """Return an answer without a body, after which the connection ends."""
    return b"HTTP/1.1 " + status + _HEADER_BYTES + b"\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class HeaderAddingSocket:
    """A socket that inserts our common headers below the status line of an answer."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def sendall(self, answer: bytes) -> None:
        """Send the whole answer, as gunicorn wrote it."""
        line, _, rest = answer.partition(b"\r\n")
        self._client.sendall(line + _HEADER_BYTES + b"\r\n" + rest)
