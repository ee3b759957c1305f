"""A mail of ours as it goes over the wire: its headers, and two parts that say the same, in quoted-printable.

Django makes a mail of objects of the `email` package, which encodes and folds it letter by letter in Python: a third of
what a mail cost a worker (docs/performance.md). This makes the same mail of bytes.
"""

import re
from binascii import b2a_qp
from email import policy
from email.charset import QP, Charset
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import forbid_multi_line_headers, sanitize_address

_BOUNDARY = "=_vestibule"  # in no part: quoted-printable has a digit or the end of a line after "=" (RFC 2045, 6.7)
_LINE_LENGTH = 76  # characters
_HEAD = f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"\r\nMIME-Version: 1.0\r\n'.encode()
_PART_HEAD = (
    f"--{_BOUNDARY}\r\n"
    'Content-Type: text/%s; charset="utf-8"\r\n'
    "MIME-Version: 1.0\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
)
_FOLDING = policy.compat32.clone(linesep="\r\n")
_BARE_ADDRESS = re.compile(r"[\w!#$%&'*+/=?^`{|}~.-]+@[\w.-]+", re.ASCII)

# Every part is in 7-bit lines of at most 76 characters (RFC 2045, 6.7), because not every relay knows 8BITMIME and none
# has to accept lines of more than 998 characters (RFC 5321, 4.5.3.1.6).
_SEVEN_BIT = Charset("utf-8")
_SEVEN_BIT.body_encoding = QP


class TwoPartMail(EmailMultiAlternatives):
    """A mail of a text and of HTML that says the same. Any e-mail backend of Django can send it; ours send
    `as_bytes`."""

    encoding: Any = _SEVEN_BIT

    def __init__(self, *, html: str, **fields: Any) -> None:
        super().__init__(**fields)
        self.html = html
        self.attach_alternative(html, "text/html")

    def as_bytes(self) -> bytes:
        """Return the mail with its headers.

        Raises:
            ValueError: a header would hold a line break, or an address is none.
        """
        given = {
            "Subject": self.subject,
            "To": ", ".join(self.to),
            "Date": formatdate(localtime=settings.EMAIL_USE_LOCALTIME),
            **self.extra_headers,
        }
        headers = (_encode_header(name, str(value)) for name, value in given.items())
        parts = _encode_part("plain", str(self.body)), _encode_part("html", self.html)
        end = f"--{_BOUNDARY}--\r\n".encode()
        return b"".join([_HEAD, _encode_sender(self.from_email), *headers, b"\r\n", *parts, end])


def envelope_address(address: str) -> str:
    """Return an address for the envelope, its domain in ASCII.

    Raises:
        ValueError: it is no address, or more than one.
    """
    return address if _BARE_ADDRESS.fullmatch(address) else sanitize_address(address, "utf-8")


@lru_cache(maxsize=8)  # in a process there is one
def envelope_sender(address: str) -> str:
    """Return the sender for the envelope, as `envelope_address` does."""
    return envelope_address(address)


@lru_cache(maxsize=8)
def _encode_sender(address: str) -> bytes:
    return _encode_header("From", address)


def _encode_header(name: str, value: str) -> bytes:
    """Return a header with its line break. What is not plain or too long is left to the standard library, which encodes
    (RFC 2047) and folds it."""
    encoded = _SEVEN_BIT.header_encode(value) if name == "Subject" and not value.isascii() else value
    line = f"{name}: {encoded}\r\n"
    if not value.isprintable() or not encoded.isascii() or len(line) > _LINE_LENGTH + 2:
        line = _FOLDING.fold(*forbid_multi_line_headers(name, value, "utf-8"))
    return line.encode("ascii")


def _encode_part(subtype: str, text: str) -> bytes:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return (_PART_HEAD % subtype).encode() + b2a_qp(lines.encode()).replace(b"\n", b"\r\n") + b"\r\n"
