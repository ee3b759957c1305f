"""Addresses, numbers and names, each with exactly one spelling: parsed once, at the door, before anything else."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import NewType

import phonenumbers
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from email_validator import EmailNotValidError, validate_email

from vestibule.kernel.errors import FieldError

Email = NewType("Email", str)
Phone = NewType("Phone", str)
Username = NewType("Username", str)
FullName = NewType("FullName", str)

_USERNAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{1,28})[A-Za-z0-9]", re.ASCII)
# Direction overrides and invisible joiners let one name pass for another (Unicode TR 36, 2.5).
_INVISIBLE = re.compile("[\u200b\u2060\ufeff\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_EARNING = (phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST)


@dataclass(frozen=True, slots=True)
class Name:
    """What somebody signs in by: `kind` is `email`, `phone_number` or `username`; `value` is canonical, or, where it
    is malformed and so nobody's, as it was typed."""

    kind: str
    value: str
    malformed: bool = False

    @classmethod
    def typed(cls, kind: str, text: str) -> "Name":
        """Any text is a name: whether somebody has it is told by the password alone."""
        parsers: dict[str, Callable[[str], str]] = {"email": email, "phone_number": phone, "username": username}
        try:
            return cls(kind, parsers[kind](text))
        except Malformed:
            return cls(kind, text, malformed=True)

    @classmethod
    def guessed(cls, text: str) -> "Name":
        """What was typed into one field for all three."""
        text = text.strip()
        if "@" in text:
            return cls.typed("email", text)
        return cls.typed("phone_number" if text.startswith("+") else "username", text)


class Malformed(ValueError):
    """Not an address, number or name; `error` says why."""

    def __init__(self, code: str, message: object) -> None:
        super().__init__(code)
        self.error = FieldError(code, str(message))


def email(typed: str) -> Email:
    """The canonical address: trimmed, NFC, lower-cased, the domain in its ASCII (IDNA) form, at most 254 characters.

    What stands before the @ must be ASCII: dot-less i, long s and their like would make two addresses look, or
    fold, like one (CVE-2019-19844). Dots and plus tags are kept. Raises Malformed.
    """
    trimmed = unicodedata.normalize("NFC", typed.strip())
    if not typed.strip().rpartition("@")[0].isascii():  # asked before NFC makes a K of the Kelvin sign
        raise Malformed("invalid", _("Enter a valid email address."))
    try:
        found = validate_email(
            trimmed,
            check_deliverability=False,
            allow_smtputf8=False,
            allow_quoted_local=False,
            allow_domain_literal=False,
            strict=True,  # 64 characters before the @ (RFC 5321, 4.5.3.1.1)
            test_environment=settings.MAILBOX,
        )
    except EmailNotValidError as error:
        raise Malformed("invalid", _("Enter a valid email address.")) from error
    canonical = f"{found.ascii_local_part}@{found.ascii_domain}".lower()
    if len(canonical) > 254:  # RFC 5321, 4.5.3.1.3
        raise Malformed("invalid", _("Enter a valid email address."))
    return Email(canonical)


def phone(typed: str) -> Phone:
    """The number in E.164, with its country code. Raises Malformed."""
    try:
        number = phonenumbers.parse(typed.strip() if len(typed) <= 32 else "", None)
    except phonenumbers.NumberParseException as error:
        raise Malformed("invalid", _("Enter a phone number with its country code, like +14155550100.")) from error
    if not phonenumbers.is_valid_number(number) or number.extension:
        raise Malformed("invalid", _("Enter a phone number with its country code, like +14155550100."))
    canonical = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if len(canonical) > 16:  # ITU-T E.164, 6: fifteen digits; the library knows longer ones
        raise Malformed("invalid", _("Enter a phone number with its country code, like +14155550100."))
    return Phone(canonical)


def username(typed: str) -> Username:
    """A public handle: 3 to 30 ASCII letters, digits, dots, dashes and underscores. Raises Malformed."""
    if not _USERNAME.fullmatch(typed.strip()):
        raise Malformed("invalid", _("Use 3 to 30 letters, digits, dots, dashes or underscores."))
    return Username(typed.strip())


def full_name(typed: str) -> FullName:
    """A person's name in NFC: at most 150 characters, no control or invisible ones. Raises Malformed."""
    name = unicodedata.normalize("NFC", typed.strip())
    if len(name) > 150:
        raise Malformed("max_length", _("Use at most 150 characters."))
    if any(unicodedata.category(character) == "Cc" for character in name) or _INVISIBLE.search(name):
        raise Malformed("invalid", _("A name can't hold control characters."))
    return FullName(name)


def masked(address: str) -> str:
    """An address as logs and admins may see it: `a…@example.com`, `…0100`."""
    local, at, domain = address.partition("@")
    return f"{local[:1]}…@{domain}" if at else f"…{address[-4:]}"


def texted(phone: str) -> bool:
    """Whether codes are sent there: to numbers of this country (`SMS_COUNTRIES`; `*` for all), never to those that
    earn their holder money."""
    number = phonenumbers.parse(phone, None)
    if phonenumbers.number_type(number) in _EARNING:
        return False
    country = phonenumbers.region_code_for_number(number)
    return "*" in settings.SMS_COUNTRIES or country in settings.SMS_COUNTRIES


def digest(address: Email | Phone) -> bytes:
    """The keyed digest by which an address is counted and recorded, never kept in clear."""
    return settings.KEYS.digest("address", address.encode())


def digests(address: Email | Phone) -> list[bytes]:
    """The same under every key of the ring, newest first: for looking up what an older key made."""
    return settings.KEYS.digests("address", address.encode())


def digest_matches(expected: bytes, address: Email | Phone) -> bool:
    """Whether `expected` is this address's digest, under any key of the ring."""
    return settings.KEYS.matches(expected, "address", address.encode())
