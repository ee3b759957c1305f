"""A mail server as a process of its own: it takes every letter and writes `address code` for each that holds a code."""

import asyncio
import sys
from email import message_from_bytes, policy
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.service import CODE


class Sink:
    """Where the letters end."""

    def __init__(self, out: Path) -> None:
        self._out = out.open("a", buffering=1)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Note the code."""
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        plain = message.get_body(("plain",))
        found = CODE.search(str(plain.get_content())) if plain else None
        self._out.write(f"{envelope.rcpt_tos[0]} {found[1] if found else '-'}\n")
        return "250 OK"


def main(port: int, out: Path) -> None:
    """Take mail until killed."""
    Controller(Sink(out), hostname="127.0.0.1", port=port).start()
    asyncio.new_event_loop().run_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
