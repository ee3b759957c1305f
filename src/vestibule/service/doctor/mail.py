"""Checks of mail: the server accepts our login, over TLS, for a sender with a real domain; and a test mail on
request."""

from collections.abc import Iterator
from email.utils import parseaddr
from smtplib import SMTPResponseException

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend as Smtp
from django.urls import reverse

from vestibule.addresses.address import Email
from vestibule.conf import conf
from vestibule.service.doctor.check import (
    Check,
    DoctorRun,
    Observation,
    report_error,
    report_fine,
    report_skipped,
    report_warning,
)

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def check_mail_server(_: DoctorRun) -> Iterator[Observation]:
    """Connect and log in, without sending."""
    connection = get_connection()
    if conf.mailbox:
        yield report_error(f"there is no transport: mails go to {reverse('vestibule_pages:mailbox')}")
    elif not isinstance(connection, Smtp):
        yield report_fine(f"{settings.EMAIL_BACKEND}: it shows with a test mail")
    else:
        yield _check_smtp_login(connection)


def check_mail_encryption(_: DoctorRun) -> Iterator[Observation]:
    """Check that mails, which hold codes, and the login travel encrypted."""
    if conf.mailbox or not isinstance(get_connection(), Smtp):
        yield report_fine("no SMTP")
    elif settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL or settings.EMAIL_HOST in _LOOPBACK:
        yield report_fine("TLS" if settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL else "on this machine")
    else:
        what = "the mail server's password and every code travel" if settings.EMAIL_HOST_USER else "every code travels"
        yield report_error(f"{what} in clear to {settings.EMAIL_HOST}")


def check_mail_sender(_: DoctorRun) -> Iterator[Observation]:
    """Check that the sender has a domain for which SPF and DKIM can exist."""
    domain = Email(parseaddr(settings.DEFAULT_FROM_EMAIL)[1]).domain
    if "." in domain and domain.rpartition(".")[2].isalpha():  # no address of numbers
        yield report_fine(settings.DEFAULT_FROM_EMAIL)
    else:
        yield report_warning(f"mails come from “{settings.DEFAULT_FROM_EMAIL}”, which no receiver trusts")


def send_test_mail(doctor_run: DoctorRun) -> Iterator[Observation]:
    """Send one mail through the transport of all mails."""
    if not doctor_run.test_mail_to:
        yield report_skipped("not asked for: --mail you@example.com")
        return
    words = f"This is the test mail that `vestibule doctor` was asked for at {conf.base_url}."
    try:
        EmailMessage(f"{conf.brand.name}: a test mail", words, to=[doctor_run.test_mail_to]).send()
    except Exception as refused:  # noqa: BLE001 - whatever a transport raises
        yield report_error(f"not sent: {_error_summary(refused)}")
    else:
        yield report_fine("sent; see that it arrives, and not among the spam")


def _check_smtp_login(connection: Smtp) -> Observation:
    whither = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        connection.open()
    except Exception as refused:  # noqa: BLE001 - whatever smtplib raises
        return report_error(f"{whither} does not let us in: {_error_summary(refused)}")
    finally:
        connection.close()
    return report_fine(f"{whither} lets us in" + (" with our login" if settings.EMAIL_HOST_USER else ""))


def _error_summary(error: Exception) -> str:
    """Return the type of failure and the server's status, never its words, which may repeat ours."""
    code = f" {error.smtp_code}" if isinstance(error, SMTPResponseException) else ""
    return f"{type(error).__name__}{code}"


CHECKS = (
    Check(
        id="mail",
        looks_at="whether the mail server lets us in",
        remedy="Set EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER and EMAIL_HOST_PASSWORD, or EMAIL_BACKEND.",
        run=check_mail_server,
    ),
    Check(
        id="mail-encryption",
        looks_at="whether mails travel encrypted to the mail server",
        remedy="Set EMAIL_USE_TLS=on (STARTTLS, port 587), or EMAIL_PORT=465 (TLS from the first byte).",
        run=check_mail_encryption,
    ),
    Check(
        id="mail-sender",
        looks_at="whether mails come from an address of a real domain",
        remedy="Set DEFAULT_FROM_EMAIL, like `Example <no-reply@example.com>`, and its SPF and DKIM records.",
        run=check_mail_sender,
    ),
    Check(
        id="test-mail",
        looks_at="a test mail, with `--mail you@example.com`",
        remedy="What the transport said is above; EMAIL_* and DEFAULT_FROM_EMAIL are what it was told.",
        run=send_test_mail,
    ),
)
