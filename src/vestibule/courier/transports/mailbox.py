"""The mailbox for development and tests: each message is a file under `var/mailbox/`.

It is used only while no transport is configured. Like any mailbox it holds codes in clear.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage as Parsed
from functools import lru_cache
from itertools import count
from os import getpid
from pathlib import Path
from time import time_ns
from uuid import UUID

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from vestibule.conf import conf
from vestibule.courier.rendering import RenderedMessage
from vestibule.courier.transports.channels import message_id
from vestibule.courier.transports.mime import TwoPartMail

MAX_MESSAGES = 500
# A line that holds a code alone, or as the last line of an SMS binds it to a host (`@example.com #123456`), in whatever
# language the words around it are.
_CODE = re.compile(r"^(?:[ \t]*|@\S+ #)(\d{8}|\d{6}|[0-9A-Z]{5}(?:-[0-9A-Z]{5}){3})[ \t]*$", re.ASCII | re.MULTILINE)
_LINK = re.compile(r"https?://\S+\?token=\S+")
_sequence = count()  # orders what one process delivers within one clock tick


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxMessage:
    """One message as it was delivered."""

    id: str
    channel: str
    to: str
    sender: str
    subject: str
    sent_at: datetime
    text: str
    html: str
    code: str  # the one-time code that it brings; "" if none
    link: str  # the link that it asks to open, the first with a token; "" if none
    headers: dict[str, str]


class MailboxBackend(BaseEmailBackend):
    """A Django e-mail backend that writes to the mailbox."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Deliver each message, and return how many."""
        for message in email_messages:
            content = message.as_bytes() if isinstance(message, TwoPartMail) else message.message().as_bytes()
            _write_message_file(content, "email")
        return len(email_messages)


def deliver_sms(id: UUID, to: str, rendered: RenderedMessage) -> None:
    """The SMS gateway of the mailbox (`channels.MessageSender`)."""
    letter = Parsed(policy=policy.SMTP)
    letter["From"], letter["To"], letter["Subject"] = conf.host, to, rendered.subject
    letter["Message-ID"] = message_id(id)
    letter.set_content(rendered.text)
    _write_message_file(letter.as_bytes(), "sms")


def list_messages(to: str = "") -> list[MailboxMessage]:
    """Return the delivered messages (to that address, if one is given), newest first."""
    found = [_read_message_file(path) for path in sorted(_mailbox_folder().glob("*.eml"), reverse=True)]
    return [letter for letter in found if not to or letter.to.lower() == to.strip().lower()]


def find_message(id: str) -> MailboxMessage | None:
    """Return one message, or None."""
    return next((_read_message_file(path) for path in _mailbox_folder().glob("*.eml") if path.stem == id), None)


def _mailbox_folder() -> Path:
    folder: Path = conf.var_dir / "mailbox"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write_message_file(content: bytes, channel: str) -> None:
    folder = _mailbox_folder()
    path = folder / f"{time_ns():020d}.{getpid()}.{next(_sequence):06d}-{channel}.eml"
    draft = path.with_suffix(".part")
    draft.write_bytes(content)
    draft.rename(path)  # atomic: a reader never sees half a message
    for old in sorted(folder.glob("*.eml"))[:-MAX_MESSAGES]:
        old.unlink(missing_ok=True)


@lru_cache(maxsize=MAX_MESSAGES)  # a message never changes, and parsing all of them takes a second
def _read_message_file(path: Path) -> MailboxMessage:
    name, _, channel = path.stem.partition("-")
    parsed = message_from_bytes(path.read_bytes(), policy=policy.default)
    bodies = {kind: parsed.get_body((kind,)) for kind in ("plain", "html")}
    text = str(bodies["plain"].get_content()).replace("\r\n", "\n") if bodies["plain"] else ""
    return MailboxMessage(
        id=path.stem,
        channel=channel,
        to=str(parsed["To"]),
        sender=str(parsed["From"]),
        subject=str(parsed["Subject"]).strip(),  # a long one begins on a line of its own
        sent_at=datetime.fromtimestamp(int(name.partition(".")[0]) / 1e9, UTC),
        text=text,
        html=str(bodies["html"].get_content()) if bodies["html"] else "",
        code=code[1] if (code := _CODE.search(text)) else "",
        link=link[0] if (link := _LINK.search(text)) else "",
        headers={name: str(value) for name, value in parsed.items()},
    )
