"""A mail server as a process of its own: it takes every letter and writes its address and its text,
a line of JSON each."""

import asyncio
import json
import sys
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Sink:
    """Where the letters end."""

    def __init__(self, out: Path) -> None:
        self._out = out.open("a", buffering=1)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Note the text."""
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        body = message.get_body(("plain", "html"))
        self._out.write(json.dumps([envelope.rcpt_tos[0], str(body.get_content()) if body else ""]) + "\n")
        return "250 OK"


def read_letters(out: Path) -> Iterator[tuple[str, str]]:
    """Yield the address and the text of each letter so far."""
    for line in out.read_text().splitlines():
        address, text = json.loads(line)
        yield address, text


def main(port: int, out: Path) -> None:
    """Take mail until killed."""
    Controller(Sink(out), hostname="127.0.0.1", port=port).start()
    asyncio.new_event_loop().run_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
