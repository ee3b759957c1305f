"""Parsing of the profile fields that a person may change."""

from collections.abc import Callable, Mapping
from typing import Any

from vestibule.accounts import identifiers
from vestibule.addresses import parsing
from vestibule.kernel import text
from vestibule.kernel.errors import FieldError, Invalid, Malformed

MAX_LENGTHS = {"bio": 500, "address": 300}  # characters


def parse_profile_changes(typed: Mapping[str, Any]) -> tuple[dict[str, str | None], dict[str, str]]:
    """Return the changes of the user (`full_name`, `username`, `phone_number`) and of the profile (`bio`, `address`).

    Only fields that were sent are returned. An empty value or None removes the field's content.

    Raises:
        Invalid: one or more fields are malformed; it names all of them.
    """
    wrong: dict[str, list[FieldError]] = {}
    parsers: dict[str, Callable[[str], object]] = {
        "full_name": identifiers.parse_full_name,
        "username": identifiers.parse_username,
        "phone_number": parsing.parse_phone,
    }
    of_user: dict[str, str | None] = {}
    for field, parser in parsers.items():
        if field not in typed:
            continue
        try:
            of_user[field] = str(parser(typed[field])) if typed[field] else ("" if field == "full_name" else None)
        except Malformed as error:
            wrong[field] = [error.error]
    of_profile: dict[str, str] = {}
    profile = typed.get("profile", {})
    for field, prose in (dict.fromkeys(MAX_LENGTHS) if profile is None else profile).items():
        said = of_profile[field] = text.normalise_prose(prose or "")
        if len(said) > MAX_LENGTHS[field]:
            wrong[f"profile.{field}"] = [FieldError("max_length", params={"n": MAX_LENGTHS[field]})]
        elif not text.is_prose(said):
            wrong[f"profile.{field}"] = [FieldError("invalid", "prose_malformed")]
    if wrong:
        raise Invalid(wrong)
    return of_user, of_profile
