"""Parsing of names at the edge: what a person signs in with, their username and their full name. Each has exactly one
canonical spelling."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NewType

from vestibule.addresses import parsing
from vestibule.addresses.address import Address
from vestibule.kernel import text
from vestibule.kernel.errors import FieldError, Malformed

Username = NewType("Username", str)
FullName = NewType("FullName", str)

_USERNAME_PATTERN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{1,28})[A-Za-z0-9]", re.ASCII)
MAX_NAME_LENGTH = 150  # characters
_MAX_INPUT_LENGTH = 2048  # characters; longer input is refused before it is normalised
_ADDRESS_PARSERS: Mapping[str, Callable[[str], Address]] = MappingProxyType(
    {"email": parsing.parse_email, "phone_number": parsing.parse_phone}
)


@dataclass(frozen=True, slots=True)
class LoginName:
    """The name that a person signs in with. `kind` is `email`, `phone_number` or `username`. `value` is canonical; if
    the input `is_malformed`, it is the text as typed, which no account has. `address` is set if the name is one."""

    kind: str
    value: str
    is_malformed: bool = False
    address: Address | None = None

    @classmethod
    def from_address(cls, address: Address) -> "LoginName":
        """Return the name that signs in with this address."""
        return cls(address.field, address.value, address=address)

    @classmethod
    def parse_as(cls, kind: str, typed: str) -> "LoginName":
        """Parse the text as one kind. Malformed input is not refused: only the password may tell whether an account
        exists."""
        try:
            if kind == "username":
                return cls(kind, parse_username(typed))
            return cls.from_address(_ADDRESS_PARSERS[kind](typed))
        except Malformed:
            return cls(kind, typed, is_malformed=True)

    @classmethod
    def parse_any(cls, typed: str) -> "LoginName":
        """Parse the text of one field that takes all three kinds. A text with an @ (also the full-width one) is an
        address; a text that is no valid username is read as a number."""
        if parsing.looks_like_email(typed):
            return cls.parse_as("email", typed)
        handle = cls.parse_as("username", typed)
        return cls.parse_as("phone_number", typed) if handle.is_malformed else handle

    @property
    def attempts_key(self) -> bytes:
        """The key under which attempts with this name are counted, whether or not an account has it."""
        return f"{self.kind} {self.value.lower()}".encode(errors="replace")


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
