"""Django's SMTP backend with a deadline for each reply, so that a server that drips its answer blocks a worker no
longer than a silent one."""

import smtplib
from typing import Any

from django.core.mail.backends import smtp

from vestibule.kernel.deadline_reader import open_deadline_reader

DEFAULT_TIMEOUT = 10  # seconds, where a project sets no EMAIL_TIMEOUT


class _TimeLimitedSMTP(smtplib.SMTP):
    def getreply(self) -> tuple[int, bytes]:
        """Read the whole reply within the time-out (RFC 5321, 4.5.3.2, allows more; a message is leased for a
        minute)."""
        if self.sock is not None:
            self.file: Any = open_deadline_reader(self.sock, self.timeout)
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
