"""Detection of the end of a request in the bytes received so far (RFC 9112, 6 and 7.1). Whether the request is
well-formed is decided later, by the server's parser."""

import re
from urllib.parse import unquote

from vestibule.web import request_bodies

MAX_HEAD_BYTES = 16 * 1024  # of request line and headers together, and of trailers
_FRAMING_HEADERS = re.compile(rb"\r\n([ \t]*(?:content-length|transfer-encoding)[ \t]*):([^\r\n]*)", re.IGNORECASE)
_LENGTH = re.compile(rb"[0-9]{1,12}")
_EXPECT_CONTINUE = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*(?=\r\n)", re.IGNORECASE)
_SCHEME_AND_AUTHORITY = re.compile(r"https?://[^/?]*", re.IGNORECASE)  # of a target in absolute form


class IncomingRequest:
    """One request, as far as it has arrived. Later bytes on the connection belong to the next request.

    `whole`: the request has arrived and ends at `end`. `excessive`: it is longer than its path allows, or its end
    cannot be told, so no more is read. `expects`: the client waits for 100 Continue before it sends the body (RFC 9110,
    10.1.1).
    """

    def __init__(self, data: bytes = b"") -> None:
        self.data = bytearray()
        self.end = 0
        self.whole = self.excessive = self.expects = False
        self._body = 0  # offset of the body; 0 until the head is complete
        self._chunk = 0  # offset of the next chunk; 0 for a body with a Content-Length
        self._limit = 0
        self._decoded = 0
        self.add_bytes(data)

    def add_bytes(self, data: bytes) -> None:
        """Add received bytes."""
        seen = len(self.data)
        self.data += data
        if not self._body:
            head = self.data.find(b"\r\n\r\n", max(0, seen - 3))
            self.excessive = (len(self.data) if head < 0 else head) > MAX_HEAD_BYTES
            if head < 0 or self.excessive:
                return
            self._read_head(head + 2)
        if self._chunk:
            self._read_chunks()
        else:
            self.whole = not self.excessive and len(self.data) >= self.end

    @property
    def has_overlong_head(self) -> bool:
        """Whether the headers are too long to end within the limit."""
        return self.excessive and not self._body

    def _read_head(self, end: int) -> None:
        head = bytes(self.data[:end])
        self.expects = bool(_EXPECT_CONTINUE.search(head))
        plain = _EXPECT_CONTINUE.sub(b"", head)  # the worker answers it, so the parser must not
        self.data[:end] = plain
        self._body = self.end = len(plain) + 2
        target = plain.partition(b"\r\n")[0].partition(b" ")[2].partition(b" ")[0].decode("latin-1")
        self._limit = request_bodies.limit_for_path(unquote(_SCHEME_AND_AUTHORITY.sub("", target).partition("?")[0]))
        match [(name.lower(), value.strip(b" \t").lower()) for name, value in _FRAMING_HEADERS.findall(plain)]:
            case []:
                pass
            case [(b"transfer-encoding", b"chunked")]:
                self._chunk = self._body
            case [(b"content-length", length)] if _LENGTH.fullmatch(length):
                self.end += int(length)
                self.excessive = int(length) > self._limit
            case _:  # ambiguous framing: the parser refuses it, and the connection is not used again
                self.excessive = True

    def _read_chunks(self) -> None:
        """Advance over the chunks that have arrived."""
        while (line := self.data.find(b"\r\n", self._chunk)) >= 0:
            try:
                size = int(self.data[self._chunk : line].split(b";")[0], 16)
            except ValueError:
                size = -1
            if size < 0:
                self.excessive = True
                return
            if size == 0:
                self._read_trailers(line)
                return
            if self._decoded + min(size, len(self.data) - line - 2) > self._limit:
                self.excessive = True
                return
            if line + 2 + size + 2 > len(self.data):
                return
            self._decoded += size
            self._chunk = line + 2 + size + 2
        self.excessive = len(self.data) - self._chunk > MAX_HEAD_BYTES

    def _read_trailers(self, line: int) -> None:
        end = self.data.find(b"\r\n\r\n", line)
        self.excessive = (len(self.data) if end < 0 else end) - line > MAX_HEAD_BYTES
        self.whole, self.end = end >= 0 and not self.excessive, end + 4
