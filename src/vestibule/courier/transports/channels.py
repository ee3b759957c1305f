"""Senders for each channel: e-mail through Django's configured backend, SMS through the configured gateway."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import local
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.module_loading import import_string

from vestibule.conf import conf
from vestibule.courier.rendering import RenderedMessage
from vestibule.courier.transports.mime import TwoPartMail

MAILS_PER_CONNECTION = 50  # many servers close a connection after a hundred

_connection_state = local()


class MessageSender(Protocol):
    """A port: hands one rendered message to a transport, with the message's id as idempotency key."""

    def __call__(self, id: UUID, to: str, rendered: RenderedMessage) -> None:
        """Send the message.

        Raises:
            TransportRefused: the transport refused it. Any other exception is classified by `courier.replies`.
        """


def send_mail(id: UUID, to: str, rendered: RenderedMessage) -> None:
    """Send one mail to one address. Its Message-ID holds the message's id, so that a second delivery can be
    recognised."""
    message = TwoPartMail(
        subject=rendered.subject,
        body=rendered.text,
        html=rendered.html,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[to],
        headers={
            "Message-ID": message_id(id),
            "Auto-Submitted": "auto-generated",  # RFC 3834, 5
            "X-Auto-Response-Suppress": "All",
        },
        connection=_get_open_connection(),
    )
    message.metadata = {"message": str(id)}  # type: ignore[attr-defined]  # anymail returns it in its webhooks
    try:
        message.send()
    except BaseException:
        close_mail_connection()
        raise
    _connection_state.letters += 1
    if _connection_state.letters == MAILS_PER_CONNECTION:
        close_mail_connection()


def message_id(id: UUID) -> str:
    """Return the message's id as a Message-ID (RFC 5322, 3.6.4)."""
    return f"<{id}@{conf.mail_domain}>"


@contextmanager
def reuse_mail_connection() -> Iterator[None]:
    """Use one connection to the transport for every mail within, because connecting costs as much as sending a mail. It
    is closed at the end of the outermost of these contexts."""
    _connection_state.users = getattr(_connection_state, "users", 0) + 1
    try:
        yield
    finally:
        _connection_state.users -= 1
        if not _connection_state.users:
            close_mail_connection()


def _get_open_connection() -> BaseEmailBackend:
    if not hasattr(_connection_state, "line"):
        line = get_connection()
        line.open()
        _connection_state.line, _connection_state.letters = line, 0
    line_in_use: BaseEmailBackend = _connection_state.line
    return line_in_use


def close_mail_connection() -> None:
    """Close the connection because nothing more is to be sent, or because a send failed."""
    if hasattr(_connection_state, "line"):
        line = _connection_state.line
        del _connection_state.line
        with suppress(Exception):
            line.close()


def send_sms(id: UUID, to: str, rendered: RenderedMessage) -> None:
    """Send one SMS to one number, through the gateway that SMS_BACKEND names."""
    gateway: MessageSender = import_string(conf.sms_gateway)
    gateway(id, to, rendered)
