"""Parsing of addresses, numbers and names at the edge. Each has exactly one canonical spelling."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import NewType

import phonenumbers
from django.conf import settings
from email_validator import EmailNotValidError, validate_email

from vestibule.kernel import text
from vestibule.kernel.errors import FieldError

Email = NewType("Email", str)
Phone = NewType("Phone", str)
Username = NewType("Username", str)
FullName = NewType("FullName", str)

_USERNAME_PATTERN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{1,28})[A-Za-z0-9]", re.ASCII)
MAX_NAME_LENGTH = 150  # characters
_MAX_INPUT_LENGTH = 2048  # characters; longer input is refused before it is normalised
_PREMIUM_NUMBER_TYPES = (phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST)


@dataclass(frozen=True, slots=True)
class LoginName:
    """The name that a person signs in with. `kind` is `email`, `phone_number` or `username`. `value` is canonical; if
    the input `is_malformed`, it is the text as typed, which no account has."""

    kind: str
    value: str
    is_malformed: bool = False

    @classmethod
    def parse_as(cls, kind: str, typed: str) -> "LoginName":
        """Parse the text as one kind. Malformed input is not refused: only the password may tell whether an account
        exists."""
        parsers: dict[str, Callable[[str], str]] = {
            "email": parse_email,
            "phone_number": parse_phone,
            "username": parse_username,
        }
        try:
            return cls(kind, parsers[kind](typed))
        except Malformed:
            return cls(kind, typed, is_malformed=True)

    @classmethod
    def parse_any(cls, typed: str) -> "LoginName":
        """Parse the text of one field that takes all three kinds. A text with an @ (also the full-width one) is an
        address; a text that is no valid username is read as a number."""
        if "@" in typed or "\uff20" in typed:
            return cls.parse_as("email", typed)
        handle = cls.parse_as("username", typed)
        return cls.parse_as("phone_number", typed) if handle.is_malformed else handle

    @property
    def attempts_key(self) -> bytes:
        """The key under which attempts with this name are counted, whether or not an account has it."""
        return f"{self.kind} {self.value.lower()}".encode(errors="replace")


class Malformed(ValueError):
    """The input is no valid address, number or name; `error` says why."""

    def __init__(self, error: FieldError) -> None:
        super().__init__(error.message_key)
        self.error = error


def parse_email(typed: str) -> Email:
    """Return the canonical address: trimmed, NFC, lower case, domain in ASCII (IDNA), at most 254 characters.

    The local part must be ASCII: dotless i, long s and similar letters would make two addresses look alike or fold to
    the same text (CVE-2019-19844). Dots and plus tags are kept.

    Raises:
        Malformed: the text is no e-mail address.
    """
    trimmed = text.strip_invisible(typed[:_MAX_INPUT_LENGTH])
    if (
        len(typed) > _MAX_INPUT_LENGTH or not trimmed.rpartition("@")[0].isascii()
    ):  # checked before NFC, which turns the Kelvin sign into a K
        raise Malformed(FieldError("invalid", "email_malformed"))
    try:
        found = validate_email(
            unicodedata.normalize("NFC", trimmed),
            check_deliverability=False,
            allow_smtputf8=False,
            allow_quoted_local=False,
            allow_domain_literal=False,
            strict=True,  # 64 characters before the @ (RFC 5321, 4.5.3.1.1)
            test_environment=settings.MAILBOX,
        )
    except EmailNotValidError as error:
        raise Malformed(FieldError("invalid", "email_malformed")) from error
    canonical = f"{found.ascii_local_part}@{found.ascii_domain}".lower()
    if len(canonical) > 254:  # RFC 5321, 4.5.3.1.3
        raise Malformed(FieldError("invalid", "email_malformed"))
    return Email(canonical)


def parse_phone(typed: str) -> Phone:
    """Return the number in E.164 form, from the spellings that address books and keyboards produce. It needs a country
    code.

    Raises:
        Malformed: the text is no valid phone number.
    """
    shown = "".join(each for each in typed if unicodedata.category(each) != "Cf") if len(typed) <= 64 else ""
    try:
        number = phonenumbers.parse(shown.strip() if len(shown) <= 32 else "", None)
    except phonenumbers.NumberParseException as error:
        raise Malformed(FieldError("invalid", "phone_malformed")) from error
    if not phonenumbers.is_valid_number(number) or number.extension:
        raise Malformed(FieldError("invalid", "phone_malformed"))
    canonical = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if len(canonical) > 16:  # ITU-T E.164, 6: fifteen digits; the library knows longer ones
        raise Malformed(FieldError("invalid", "phone_malformed"))
    return Phone(canonical)


def as_email_or_phone(canonical: str) -> Email | Phone:
    """Return a canonical address as the type that it is."""
    return Email(canonical) if "@" in canonical else Phone(canonical)


def parse_username(typed: str) -> Username:
    """Return a username of 3 to 30 ASCII letters, digits, dots, dashes and underscores.

    Raises:
        Malformed: the text is no valid username.
    """
    trimmed = text.strip_invisible(typed)
    if not _USERNAME_PATTERN.fullmatch(trimmed):
        raise Malformed(FieldError("invalid", "username_malformed"))
    return Username(trimmed)


def parse_full_name(typed: str) -> FullName:
    """Return a person's name in NFC: at most 150 characters, no control or invisible ones (`kernel.text`).

    Raises:
        Malformed: the name is too long or holds such characters.
    """
    trimmed = text.strip_invisible(typed.replace("\t", " "))
    name = unicodedata.normalize("NFC", trimmed) if len(trimmed) <= _MAX_INPUT_LENGTH else trimmed
    if len(name) > MAX_NAME_LENGTH:
        raise Malformed(FieldError("max_length", params={"n": MAX_NAME_LENGTH}))
    if not text.is_name(name):
        raise Malformed(FieldError("invalid", "name_malformed"))
    return FullName(name)


def masked_address(address: str) -> str:
    """Return an address as logs and the staff may see it: `a…@example.com`, `…0100`."""
    local, at, domain = address.partition("@")
    return f"{local[:1]}…@{domain}" if at else f"…{address[-4:]}"


def is_sms_allowed(phone: str) -> bool:
    """Return whether codes are sent to this number: to the countries in `SMS_COUNTRIES` (`*` for all), never to
    premium-rate or shared-cost numbers, which earn their holder money."""
    number = phonenumbers.parse(phone, None)
    if phonenumbers.number_type(number) in _PREMIUM_NUMBER_TYPES:
        return False
    country = phonenumbers.region_code_for_number(number)
    return "*" in settings.SMS_COUNTRIES or country in settings.SMS_COUNTRIES


def address_digest(address: Email | Phone) -> bytes:
    """Return the keyed digest under which an address is counted and recorded."""
    return settings.KEYS.digest("address", address.encode())


def all_address_digests(address: Email | Phone) -> list[bytes]:
    """Return the digest under every key of the ring, newest first, to find what an older key made."""
    return settings.KEYS.all_digests("address", address.encode())


def matches_address_digest(expected: bytes, address: Email | Phone) -> bool:
    """Return whether `expected` is this address's digest under any key of the ring."""
    return settings.KEYS.matches_digest(expected, "address", address.encode())
