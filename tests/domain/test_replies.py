"""What an answer of a transport means: the table, case by case, in the words of real servers."""

import ssl
from smtplib import (
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPDataError,
    SMTPHeloError,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)
from types import SimpleNamespace

import pytest
from anymail.exceptions import AnymailRecipientsRefused, AnymailRequestsAPIError

from vestibule.courier import replies
from vestibule.courier.replies import Meaning, TransportRefused

ADDRESS, MESSAGE, OURS, LATER = Meaning.ADDRESS, Meaning.MESSAGE, Meaning.OURS, Meaning.LATER
TO = "ada@example.com"


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        ("550 5.1.1 <ada@example.com>: Recipient address rejected: User unknown in virtual mailbox table", ADDRESS),
        ("550 5.1.1 nobody of that name", ADDRESS),
        ("550-5.1.1 The email account that you tried to reach does not exist.", ADDRESS),
        ("553 5.1.2 We weren't able to find the recipient domain", ADDRESS),
        ("501 5.1.3 Bad recipient address syntax", ADDRESS),
        ("551 5.1.6 User has moved", ADDRESS),
        ("556 5.1.10 Recipient address has null MX", ADDRESS),
        ("556 domain takes no mail", ADDRESS),
        ("550 5.2.1 The email account that you tried to reach is disabled", ADDRESS),
        ("550 Requested action not taken: mailbox unavailable", ADDRESS),
        ("550 No such user here", ADDRESS),
        ("550 <ada@example.com>: user unknown", ADDRESS),
        ("554 delivery error: dd This user doesn't have a yahoo.com account", ADDRESS),
        ("554 5.7.1 <ada@example.com>: Relay access denied", OURS),
        ("550 5.7.1 Service unavailable; client host blocked using zen.spamhaus.org", OURS),
        ("550 5.7.26 This mail is unauthenticated", OURS),
        ("550 relay not permitted", OURS),
        ("550 Administrative prohibition", OURS),
        ("550 <unknown.user@example.com>: sender verify failed", OURS),
        ("550 <unknown.user@example.com>: try another way", OURS),
        ("550 User unknown or blocked by policy", OURS),
        ("550", OURS),
        ("554 Transaction failed", OURS),
        ("530 5.7.0 Must issue a STARTTLS command first", OURS),
        ("535 5.7.8 Authentication credentials invalid", OURS),
        ("550 5.1.8 Sender address rejected: Domain not found", OURS),
        ("550 5.1.0 Address rejected", OURS),
        ("550 5.4.1 Recipient address rejected: Access denied", OURS),
        ("554 5.4.6 Routing loop detected", OURS),
        ("503 5.5.1 Bad sequence of commands", OURS),
        ("521 5.3.2 does not accept mail", OURS),
        ("552 5.3.4 Message size exceeds fixed limit", MESSAGE),
        ("552 Message size exceeds maximum permitted", MESSAGE),
        ("550 5.2.3 Message too large for this recipient", MESSAGE),
        ("554 5.6.0 Bad message", MESSAGE),
        ("550 5.6.11 Invalid characters", MESSAGE),
        ("552 5.2.2 Over quota", LATER),
        ("552 Requested mail action aborted: exceeded storage allocation", LATER),
        ("450 4.2.0 greylisted, come again", LATER),
        ("451 4.7.1 Please try again later", LATER),
        ("421 4.3.2 Service shutting down", LATER),
        ("450 5.1.1 undecided", LATER),
    ],
)
def test_what_is_said_to_a_recipient(answer: str, meaning: Meaning) -> None:
    code, _, said = answer.replace("-", " ", 1).partition(" ") if answer[3:4] == "-" else answer.partition(" ")
    error = SMTPRecipientsRefused({TO: (int(code), said.encode())})
    found, told = replies.classify_error(error)
    assert found is meaning
    assert told.startswith(code)
    assert "ada" not in told


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (SMTPSenderRefused(550, b"5.1.1 no such sender", "no-reply@example.com"), OURS),
        (SMTPSenderRefused(552, b"5.3.4 too big", "no-reply@example.com"), MESSAGE),
        (SMTPSenderRefused(451, b"4.3.0 later", "no-reply@example.com"), LATER),
        (SMTPDataError(550, b"5.1.1 no such user"), ADDRESS),
        (SMTPDataError(550, b"no such user"), OURS),
        (SMTPDataError(554, b"5.7.1 looks like spam"), OURS),
        (SMTPDataError(554, b"5.6.0 broken"), MESSAGE),
        (SMTPDataError(451, b"4.3.0 disk full"), LATER),
        (SMTPAuthenticationError(535, b"5.7.8 wrong password"), OURS),
        (SMTPAuthenticationError(550, b"5.2.1 mailbox disabled"), OURS),
        (SMTPAuthenticationError(454, b"4.7.0 temporary failure"), LATER),
        (SMTPHeloError(550, b"5.1.2 who are you"), OURS),
        (SMTPConnectError(554, b"5.7.1 blocked"), OURS),
        (SMTPConnectError(421, b"too many connections"), LATER),
        (SMTPServerDisconnected("cut"), LATER),
        (SMTPNotSupportedError("STARTTLS extension not supported"), OURS),
        (ssl.SSLCertVerificationError("self-signed"), OURS),
        (TimeoutError(), LATER),
        (ConnectionRefusedError(), LATER),
        (ValueError("a header that nobody can write"), OURS),
        (TransportRefused(), ADDRESS),
        (TransportRefused("30007", OURS), OURS),
        (AnymailRecipientsRefused(), ADDRESS),
        *(
            (AnymailRequestsAPIError(response=SimpleNamespace(status_code=status)), meaning)
            for status, meaning in ((401, OURS), (422, OURS), (429, LATER), (500, LATER))
        ),
    ],
    ids=repr,
)
def test_what_a_transport_raises(error: Exception, meaning: Meaning) -> None:
    assert replies.classify_error(error)[0] is meaning


@pytest.mark.parametrize(
    ("code", "status", "meaning"),
    [
        *((code, 400, ADDRESS) for code in (21211, 21217, 21610, 21614, 30005, 30006)),
        *((code, 400, OURS) for code in (21408, 21603, 21606, 21612, 30002, 30004, 30007, 63038)),
        (20003, 401, OURS),
        (21617, 400, MESSAGE),
        (20429, 429, LATER),
        (21611, 400, LATER),
        (30003, 400, LATER),
        (20503, 503, LATER),
        (None, 500, LATER),
        (None, 404, OURS),
    ],
)
def test_what_twilio_answers(code: int | None, status: int, meaning: Meaning) -> None:
    assert replies.classify_twilio_error(code, status) is meaning


@pytest.mark.parametrize(
    ("reason", "said", "meaning"),
    [
        ("bounced", None, ADDRESS),
        ("invalid", "", ADDRESS),
        ("bounced", "smtp;550 5.7.1 [192.0.2.1] blocked", OURS),
        ("bounced", "smtp; 550 5.1.1 <ada@example.com> unknown", ADDRESS),
        ("bounced", "452 4.2.2 full", LATER),
        ("blocked", None, OURS),
        ("spam", None, OURS),
        ("timed_out", None, LATER),
        ("other", None, OURS),
        (None, None, OURS),
        (None, "host 5.9.1.20 said 550 5.1.1 unknown", ADDRESS),
    ],
)
def test_what_a_provider_tells(reason: str | None, said: str | None, meaning: Meaning) -> None:
    assert replies.classify_tracking_event(reason, said) is meaning
