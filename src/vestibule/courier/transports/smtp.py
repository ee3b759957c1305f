"""Django's SMTP backend, with an end to each reply: a server that drips its answers holds nobody for longer than one
that says nothing."""

import smtplib
from typing import Any

from django.conf import settings
from django.core.mail.backends import smtp

from vestibule.kernel.deadline_reader import open_deadline_reader


class _TimeLimitedSMTP(smtplib.SMTP):
    def getreply(self) -> tuple[int, bytes]:
        """The whole reply within EMAIL_TIMEOUT (RFC 5321, 4.5.3.2, allows more; a message is leased for a minute)."""
        if self.sock is not None:
            self.file: Any = open_deadline_reader(self.sock, settings.EMAIL_TIMEOUT)
        return super().getreply()


class _ImplicitTLSSMTP(_TimeLimitedSMTP, smtplib.SMTP_SSL):
    """By TLS from the first byte on (RFC 8314, 3.3)."""


class EmailBackend(smtp.EmailBackend):
    """The transport wherever EMAIL_HOST is set."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        """Who speaks."""
        return _ImplicitTLSSMTP if self.use_ssl else _TimeLimitedSMTP
