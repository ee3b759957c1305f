"""Django's SMTP backend with a deadline for each reply, so that a server that drips its answer blocks a worker no
longer than a silent one."""

import smtplib
from io import BufferedReader
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends import smtp

from vestibule.courier.transports.mime import TwoPartMail, envelope_address, envelope_sender
from vestibule.kernel.deadline_reader import DeadlineReader

DEFAULT_TIMEOUT = 10  # seconds, where a project sets no EMAIL_TIMEOUT


class _TimeLimitedSMTP(smtplib.SMTP):
    _replies: DeadlineReader

    def getreply(self) -> tuple[int, bytes]:
        """Read the whole reply within the time-out (RFC 5321, 4.5.3.2, allows more; a message is leased for a
        minute)."""
        if self.sock is not None:
            if self.file is None:  # the connection is new, or TLS begins
                self._replies = DeadlineReader(self.sock, self.timeout)
                self.file: Any = BufferedReader(self._replies)
            self._replies.restart(self.timeout)
        return super().getreply()


class _ImplicitTLSSMTP(_TimeLimitedSMTP, smtplib.SMTP_SSL):
    """TLS from the first byte (RFC 8314, 3.3)."""


class EmailBackend(smtp.EmailBackend):
    """The e-mail backend wherever EMAIL_HOST is set. Connecting, each reply and each part of a body have a time-out."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.timeout = self.timeout or DEFAULT_TIMEOUT

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        """The client class for the configured kind of TLS."""
        return _ImplicitTLSSMTP if self.use_ssl else _TimeLimitedSMTP

    def _send(self, email_message: EmailMessage) -> bool:
        if self.connection is None or self.fail_silently or not isinstance(email_message, TwoPartMail):
            return bool(super()._send(email_message))  # type: ignore[misc]  # not in the stubs
        recipients = [envelope_address(address) for address in email_message.to]
        self.connection.sendmail(envelope_sender(email_message.from_email), recipients, email_message.as_bytes())
        return True
