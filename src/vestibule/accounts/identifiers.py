"""Addresses, numbers and names, each with exactly one spelling: parsed once, at the door, before anything else."""

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
_MAX_INPUT_LENGTH = 2048  # characters: what is longer is no address and no name, and is not normalised to find that out
_PREMIUM_NUMBER_TYPES = (phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST)


@dataclass(frozen=True, slots=True)
class LoginName:
    """What somebody signs in by: `kind` is `email`, `phone_number` or `username`; `value` is canonical, or, where it
    is malformed and so nobody's, as it was typed."""

    kind: str
    value: str
    is_malformed: bool = False

    @classmethod
    def parse_as(cls, kind: str, typed: str) -> "LoginName":
        """Any text is a name: whether somebody has it is told by the password alone."""
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
        """What was typed into one field for all three: an address has an at sign, whatever its width, and a text
        that is not a username is read as a number."""
        if "@" in typed or "\uff20" in typed:
            return cls.parse_as("email", typed)
        handle = cls.parse_as("username", typed)
        return cls.parse_as("phone_number", typed) if handle.is_malformed else handle

    @property
    def attempts_key(self) -> bytes:
        """Under which tries of this name are counted, whether or not somebody has it: in one spelling."""
        return f"{self.kind} {self.value.lower()}".encode(errors="replace")


class Malformed(ValueError):
    """Not an address, number or name; `error` says why."""

    def __init__(self, error: FieldError) -> None:
        super().__init__(error.message_key)
        self.error = error


def parse_email(typed: str) -> Email:
    """The canonical address: trimmed, NFC, lower-cased, the domain in its ASCII (IDNA) form, at most 254 characters.

    What stands before the @ must be ASCII: dot-less i, long s and their like would make two addresses look, or
    fold, like one (CVE-2019-19844). Dots and plus tags are kept. Raises Malformed.
    """
    trimmed = text.strip_invisible(typed[:_MAX_INPUT_LENGTH])
    if (
        len(typed) > _MAX_INPUT_LENGTH or not trimmed.rpartition("@")[0].isascii()
    ):  # before NFC makes a K of the Kelvin sign
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
    """The number in E.164, with its country code, from whatever an address book or a keyboard makes of it. Raises
    Malformed."""
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
    """An address that we have in its one spelling already, as what it is."""
    return Email(canonical) if "@" in canonical else Phone(canonical)


def parse_username(typed: str) -> Username:
    """A public handle: 3 to 30 ASCII letters, digits, dots, dashes and underscores. Raises Malformed."""
    trimmed = text.strip_invisible(typed)
    if not _USERNAME_PATTERN.fullmatch(trimmed):
        raise Malformed(FieldError("invalid", "username_malformed"))
    return Username(trimmed)


def parse_full_name(typed: str) -> FullName:
    """A person's name in NFC: at most 150 characters, no control or invisible ones (kernel.text). Raises Malformed."""
    trimmed = text.strip_invisible(typed.replace("\t", " "))
    name = unicodedata.normalize("NFC", trimmed) if len(trimmed) <= _MAX_INPUT_LENGTH else trimmed
    if len(name) > MAX_NAME_LENGTH:
        raise Malformed(FieldError("max_length", params={"n": MAX_NAME_LENGTH}))
    if not text.is_name(name):
        raise Malformed(FieldError("invalid", "name_malformed"))
    return FullName(name)


def masked_address(address: str) -> str:
    """An address as logs and admins may see it: `a…@example.com`, `…0100`."""
    local, at, domain = address.partition("@")
    return f"{local[:1]}…@{domain}" if at else f"…{address[-4:]}"


def is_sms_allowed(phone: str) -> bool:
    """Whether codes are sent there: to numbers of this country (`SMS_COUNTRIES`; `*` for all), never to those that
    earn their holder money."""
    number = phonenumbers.parse(phone, None)
    if phonenumbers.number_type(number) in _PREMIUM_NUMBER_TYPES:
        return False
    country = phonenumbers.region_code_for_number(number)
    return "*" in settings.SMS_COUNTRIES or country in settings.SMS_COUNTRIES


def address_digest(address: Email | Phone) -> bytes:
    """The keyed digest by which an address is counted and recorded, never kept in clear."""
    return settings.KEYS.digest("address", address.encode())


def all_address_digests(address: Email | Phone) -> list[bytes]:
    """The same under every key of the ring, newest first: for looking up what an older key made."""
    return settings.KEYS.all_digests("address", address.encode())


def matches_address_digest(expected: bytes, address: Email | Phone) -> bool:
    """Whether `expected` is this address's digest, under any key of the ring."""
    return settings.KEYS.matches_digest(expected, "address", address.encode())
