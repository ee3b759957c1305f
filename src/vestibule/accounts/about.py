"""What a person may change about themselves, checked and in its one spelling."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from vestibule.accounts import identifiers
from vestibule.kernel.errors import FieldError, Invalid

LONGEST = {"bio": 500, "address": 300}  # characters


def parse(typed: Mapping[str, Any]) -> tuple[dict[str, str | None], dict[str, str]]:
    """The changes of the user (`full_name`, `username`, `phone_number`; empty takes it away) and of the profile (`bio`,
    `address`), only those that were typed. Raises Invalid with all that is wrong at once."""
    wrong: dict[str, list[FieldError]] = {}
    parsers: dict[str, Callable[[str], str]] = {
        "full_name": identifiers.full_name,
        "username": identifiers.username,
        "phone_number": identifiers.phone,
    }
    of_user: dict[str, str | None] = {}
    for field, parser in parsers.items():
        if field not in typed:
            continue
        try:
            of_user[field] = parser(typed[field]) if typed[field] else ("" if field == "full_name" else None)
        except identifiers.Malformed as error:
            wrong[field] = [error.error]
    of_profile: dict[str, str] = {}
    for field, longest in LONGEST.items():
        if field not in typed.get("profile", {}):
            continue
        text = of_profile[field] = str(typed["profile"][field]).strip()
        if len(text) > longest:
            words = _("Use at most %(n)d characters.") % {"n": longest}
            wrong[f"profile.{field}"] = [FieldError("max_length", words)]
        elif any(not (character.isprintable() or character == "\n") for character in text):
            wrong[f"profile.{field}"] = [FieldError("invalid", _("Use printable characters."))]
    if wrong:
        raise Invalid(wrong)
    return of_user, of_profile
