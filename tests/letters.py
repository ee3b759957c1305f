"""Messages as they arrived."""

import re
from email import message_from_bytes, policy
from email.message import Message
from email.parser import BytesHeaderParser
from functools import cached_property, lru_cache

from tests.service import CODE

LINK = re.compile(r"/[a-z/-]+\?token=([\w-]+)")
_PLAIN_TO = re.compile(rb"^To: ([!-~]+)\r?$", re.MULTILINE)


class Post:
    """A message as it arrived, parsed as far as it is read, and without the standard library's grammar of headers where
    nobody asks for one: that would be a tenth of what an account costs a test."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    @cached_property
    def _head(self) -> Message:
        return BytesHeaderParser(policy=policy.default).parsebytes(self._content)

    @cached_property
    def to(self) -> str:
        """The address or the number that it went to."""
        found = _PLAIN_TO.search(self._content)
        return found[1].decode() if found else str(self._head["To"])

    @cached_property
    def subject(self) -> str:
        """Its subject."""
        return str(self._head["Subject"]).strip()  # a long one begins on a line of its own

    @cached_property
    def headers(self) -> dict[str, str]:
        """Its headers."""
        return {name: str(value) for name, value in self._head.items()}

    @cached_property
    def text(self) -> str:
        """What it says to those who read no HTML."""
        return self._body("plain")

    @cached_property
    def html(self) -> str:
        """What it says to the others."""
        return self._body("html")

    def _body(self, kind: str) -> str:
        for part in message_from_bytes(self._content).walk():
            if part.get_content_type() == f"text/{kind}":
                content = part.get_payload(decode=True)
                assert isinstance(content, bytes)
                return content.decode(part.get_content_charset("ascii"))
        return ""

    @property
    def code(self) -> str:
        """The one-time code in it. Raises AssertionError where there is none."""
        found = CODE.search(self.text)
        assert found, f"no code in {self.text!r}"
        return found[1]

    @property
    def token(self) -> str:
        """The token of the link in it. Raises AssertionError where there is none."""
        found = LINK.search(self.text)
        assert found, f"no link in {self.text!r}"
        return found[1]


@lru_cache(maxsize=500)
def parsed(content: bytes) -> Post:
    """The message that the transport carried."""
    return Post(content)
