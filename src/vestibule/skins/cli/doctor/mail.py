"""The mail: the server lets us in, over TLS, as a sender that it may know; and a test mail, where one is asked for."""

from collections.abc import Iterator
from email.utils import parseaddr
from smtplib import SMTPResponseException

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend as Smtp

from vestibule.skins.cli.doctor.check import Check, Round, Seen, error, fine, skipped, warning

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def server(_: Round) -> Iterator[Seen]:
    """Connect and sign in, and send nothing."""
    connection = get_connection()
    if settings.MAILBOX:
        yield error("there is no transport: mails go to /dev/mailbox/")
    elif not isinstance(connection, Smtp):
        yield fine(f"{settings.EMAIL_BACKEND}: it shows with a test mail")
    else:
        yield _signed_in(connection)


def encryption(_: Round) -> Iterator[Seen]:
    """Mails hold codes, and a login is a password."""
    if settings.MAILBOX or not isinstance(get_connection(), Smtp):
        yield fine("no SMTP")
    elif settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL or settings.EMAIL_HOST in _LOOPBACK:
        yield fine("TLS" if settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL else "on this machine")
    else:
        what = "the mail server's password and every code travel" if settings.EMAIL_HOST_USER else "every code travels"
        yield error(f"{what} in clear to {settings.EMAIL_HOST}")


def sender(_: Round) -> Iterator[Seen]:
    """An address that can be answered, and that SPF and DKIM can be for."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    if "." in domain and domain.rpartition(".")[2].isalpha():  # no address of numbers
        yield fine(settings.DEFAULT_FROM_EMAIL)
    else:
        yield warning(f"mails come from “{settings.DEFAULT_FROM_EMAIL}”, which no receiver trusts")


def test_mail(round: Round) -> Iterator[Seen]:
    """One mail, through the transport that every other takes."""
    if not round.mail_to:
        yield skipped("not asked for: --mail you@example.com")
        return
    words = f"This is the test mail that `vestibule doctor` was asked for at {settings.BASE_URL}."
    try:
        EmailMessage(f"{settings.BRAND.name}: a test mail", words, to=[round.mail_to]).send()
    except Exception as refused:  # noqa: BLE001 - whatever a transport raises
        yield error(f"not sent: {_said(refused)}")
    else:
        yield fine("sent; see that it arrives, and not among the spam")


def _signed_in(connection: Smtp) -> Seen:
    whither = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        connection.open()
    except Exception as refused:  # noqa: BLE001 - whatever smtplib raises
        return error(f"{whither} does not let us in: {_said(refused)}")
    finally:
        connection.close()
    return fine(f"{whither} lets us in" + (" with our login" if settings.EMAIL_HOST_USER else ""))


def _said(error: Exception) -> str:
    """The kind of failure and the server's status; never its words, which may repeat ours."""
    code = f" {error.smtp_code}" if isinstance(error, SMTPResponseException) else ""
    return f"{type(error).__name__}{code}"


CHECKS = (
    Check(
        id="mail",
        looks_at="whether the mail server lets us in",
        remedy="Set EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER and EMAIL_HOST_PASSWORD, or EMAIL_BACKEND.",
        look=server,
    ),
    Check(
        id="mail-encryption",
        looks_at="whether mails travel encrypted to the mail server",
        remedy="Set EMAIL_USE_TLS=on (STARTTLS, port 587), or EMAIL_PORT=465 (TLS from the first byte).",
        look=encryption,
    ),
    Check(
        id="mail-sender",
        looks_at="whether mails come from an address of a real domain",
        remedy="Set DEFAULT_FROM_EMAIL, like `Example <no-reply@example.com>`, and its SPF and DKIM records.",
        look=sender,
    ),
    Check(
        id="test-mail",
        looks_at="a test mail, with `--mail you@example.com`",
        remedy="What the transport said is above; EMAIL_* and DEFAULT_FROM_EMAIL are what it was told.",
        look=test_mail,
    ),
)
