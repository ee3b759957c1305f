"""Classification of the answers of mail servers, mail providers and Twilio: one table, with its sources.

RFC 5321, 4.2.1 and 4.2.3 (reply codes), RFC 3463 and IANA's registry of enhanced status codes (RFC 5248), RFC 7504
(521, 556), RFC 7505 (null MX), anymail's tracking events, twilio.com/docs/api/errors.
"""

import re
import ssl
from collections.abc import Mapping
from enum import StrEnum
from smtplib import (
    SMTPDataError,
    SMTPException,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)
from types import MappingProxyType

_ENHANCED_CODE = re.compile(r"(?<![\d.])([45])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)", re.ASCII)
_ADDRESSES = re.compile(r"<[^>]*>|\S+@\S+")


class Meaning(StrEnum):
    """What an answer means for the message and its address."""

    ADDRESS = "address"  # the address accepts no messages: abandoned, and the address suppressed for BOUNCE_SILENCE
    MESSAGE = "message"  # no server accepts this message: abandoned
    OURS = "ours"  # our login, reputation or configuration is at fault: retried for a day, with an alarm
    LATER = "later"  # a temporary failure: retried for a day


# Enhanced codes (RFC 3463) by subject.detail, then by subject; any other is OURS.
_ENHANCED_MEANINGS: Mapping[str, Meaning] = MappingProxyType(
    {
        **dict.fromkeys(("1.1", "1.2", "1.3", "1.4", "1.6", "1.10"), Meaning.ADDRESS),  # 1.7 and 1.8 are the sender's
        **dict.fromkeys(("2.1",), Meaning.ADDRESS),
        **dict.fromkeys(("7.17", "7.18"), Meaning.ADDRESS),  # the mailbox, the domain has another owner (RFC 7293)
        **dict.fromkeys(("2.3", "3.4", "6"), Meaning.MESSAGE),
        **dict.fromkeys(("2", "2.2", "3.1"), Meaning.LATER),  # a full mailbox, a full system
    }
)
# The words of a 5xx without an enhanced code decide, policy before address: 550 means both (RFC 5321, 4.2.3).
_POLICY_WORDS = re.compile(
    r"relay|spam|block|deny|denied|polic|reput|authenti|spf|dkim|dmarc|rbl|prohibit|permi|rate|banned|listed|sender|"
    r"reverse|helo|tls|traffic|abus|suspicious|content|access",
    re.IGNORECASE,
)
_UNKNOWN_RECIPIENT_WORDS = re.compile(
    r"\b(unknown|no such|invalid|no|not a valid|non-?existent)\b.{0,30}\b(user|mailbox|recipient|address|account)"
    r"|\b(user|mailbox|recipient|address|account|nobody)\b.{0,40}"
    r"\b(unknown|not found|unavailable|does ?n.t|does not exist|disabled|inactive|invalid|no longer|not exist|"
    r"not local|of that name|here)",
    re.IGNORECASE,
)
_SIZE_WORDS = re.compile(r"size|large|big|long", re.IGNORECASE)

# Twilio's error codes; any other is classified by its HTTP status.
_TWILIO_MEANINGS: Mapping[int, Meaning] = MappingProxyType(
    {
        **dict.fromkeys((21211, 21217, 21614), Meaning.ADDRESS),  # no number, no mobile
        21610: Meaning.ADDRESS,  # its owner answered STOP
        **dict.fromkeys((30005, 30006), Meaning.ADDRESS),  # an unknown handset, a landline
        **dict.fromkeys((21602, 21605, 21617, 21619), Meaning.MESSAGE),  # no text, or too much
        **dict.fromkeys((30002, 30004, 30007), Meaning.OURS),  # our account; blocked, filtered by a carrier
        **dict.fromkeys((20429, 21611, 30001, 30003, 30008), Meaning.LATER),  # too many at once; not reached now
    }
)
# anymail's reject_reason of a mail that bounced or was rejected.
_REJECT_REASON_MEANINGS: Mapping[str, Meaning] = MappingProxyType(
    {
        "invalid": Meaning.ADDRESS,
        "bounced": Meaning.ADDRESS,
        "timed_out": Meaning.LATER,
        "blocked": Meaning.OURS,
        "spam": Meaning.OURS,
        "other": Meaning.OURS,
    }
)


class TransportRefused(Exception):
    """Raised by a sender that knows what a refusal means. By default it means that the address accepts no messages."""

    def __init__(self, code: str = "refused", meaning: Meaning = Meaning.ADDRESS) -> None:
        """`code` is the answer in a few characters, without anything personal."""
        super().__init__(code)
        self.code, self.meaning = code, meaning


def classify_error(error: Exception) -> tuple[Meaning, str]:
    """Return what an exception of a sender means, and the answer in a few characters. The answer's words are not
    returned, because they may repeat the address."""
    match error:
        case TransportRefused():
            return error.meaning, error.code
        case SMTPRecipientsRefused():
            code, said = next(iter(error.recipients.values()))
            return classify_recipient_reply(code, said), _summarise_reply(code, said)
        case SMTPResponseException():
            return _classify_stage_error(error), _summarise_reply(error.smtp_code, error.smtp_error)
        case ssl.SSLError() | SMTPNotSupportedError():  # no TLS, or none that we trust
            return Meaning.OURS, type(error).__name__
        case SMTPException() | OSError():  # time-outs, connections cut and refused, names that do not resolve
            return _classify_provider_error(error, Meaning.LATER), type(error).__name__
        case _:
            return _classify_provider_error(error, Meaning.OURS), type(error).__name__


def classify_recipient_reply(code: int, reply: bytes | str) -> Meaning:
    """Return what the answer to RCPT means. Only here can words without an enhanced code be about the address."""
    words = _decode_reply(reply)
    if code == 556:  # the domain takes no mail
        return Meaning.ADDRESS
    if code in (550, 551, 553, 554) and not _parse_enhanced_code(words):
        bare = _ADDRESSES.sub("", words)
        return (
            Meaning.ADDRESS
            if _UNKNOWN_RECIPIENT_WORDS.search(bare) and not _POLICY_WORDS.search(bare)
            else Meaning.OURS
        )
    return classify_smtp_reply(code, reply)


def classify_smtp_reply(code: int, reply: bytes | str) -> Meaning:
    """Return what an SMTP reply means: 4xx is temporary (RFC 5321, 4.2.1); for 5xx the enhanced code decides."""
    words = _decode_reply(reply)
    if code // 100 != 5:
        return Meaning.LATER
    if enhanced := _parse_enhanced_code(words):
        subject, detail = enhanced
        return _ENHANCED_MEANINGS.get(f"{subject}.{detail}") or _ENHANCED_MEANINGS.get(subject) or Meaning.OURS
    if code == 552:  # storage, or the size of the message
        return Meaning.MESSAGE if _SIZE_WORDS.search(words) else Meaning.LATER
    return Meaning.OURS


def classify_twilio_error(code: int | None, status: int) -> Meaning:
    """Return what Twilio's error code means; for a code that is not in the table the HTTP status decides."""
    return _TWILIO_MEANINGS.get(code or 0) or _classify_http_status(status)


def classify_tracking_event(reason: str | None, reply: str | None) -> Meaning:
    """Return what a provider's `bounced`, `rejected` or `failed` means: an enhanced code in the receiving server's
    reply decides, else the provider's reason. Without either it does not count against the address."""
    if found := _ENHANCED_CODE.search(reply or ""):
        return classify_smtp_reply(450 if found[1] == "4" else 550, found[0])
    return _REJECT_REASON_MEANINGS.get(reason or "", Meaning.OURS)


def _classify_stage_error(error: SMTPResponseException) -> Meaning:
    """Classify a reply by its stage. After DATA it may be about the address or the message, at MAIL about the message
    (its size). Anything else is about us."""
    about = {SMTPDataError: (Meaning.ADDRESS, Meaning.MESSAGE), SMTPSenderRefused: (Meaning.MESSAGE,)}
    meaning = classify_smtp_reply(error.smtp_code, error.smtp_error)
    return meaning if meaning in (Meaning.LATER, *about.get(type(error), ())) else Meaning.OURS


def _classify_http_status(status: int) -> Meaning:
    return Meaning.LATER if status in (408, 429) or status >= 500 else Meaning.OURS


def _classify_provider_error(error: Exception, otherwise: Meaning) -> Meaning:
    """Classify anymail's exceptions: refused recipients, or the HTTP status of the provider's answer."""
    if type(error).__name__ == "AnymailRecipientsRefused":  # by its name: anymail is an extra
        return Meaning.ADDRESS
    status = getattr(error, "status_code", None)
    return _classify_http_status(status) if isinstance(status, int) else otherwise


def _parse_enhanced_code(words: str) -> tuple[str, str] | None:
    """Return subject and detail of the enhanced code at the head of the reply (RFC 2034, 4)."""
    found = _ENHANCED_CODE.match(words.lstrip(" -"))
    return (str(int(found[2])), str(int(found[3]))) if found else None


def _summarise_reply(code: int, reply: bytes | str) -> str:
    found = _ENHANCED_CODE.match(_decode_reply(reply).lstrip(" -"))
    return f"{code} {found[0]}" if found else str(code)


def _decode_reply(reply: bytes | str) -> str:
    return reply.decode(errors="replace") if isinstance(reply, bytes) else str(reply)
