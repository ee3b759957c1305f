"""Parsing of addresses at the edge. Each has exactly one canonical spelling."""

import unicodedata

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from vestibule.addresses.address import Email, Phone
from vestibule.conf import conf
from vestibule.kernel import text
from vestibule.kernel.errors import FieldError, Malformed

_MAX_INPUT_LENGTH = 2048  # characters; longer input is refused before it is normalised
_FULLWIDTH_AT = "\uff20"


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
            test_environment=conf.mailbox,
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


def looks_like_email(typed: str) -> bool:
    """Return whether a text is meant as an e-mail address: it has an @, also the full-width one."""
    return "@" in typed or _FULLWIDTH_AT in typed
