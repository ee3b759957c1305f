"""Parsing of the personal fields that a person may change."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from vestibule.accounts.fields import PROFILE_FIELDS, USER_FIELDS, PersonalField, empty_columns
from vestibule.kernel.errors import FieldError, Invalid, Malformed

Columns = dict[str, str | None]


def parse_profile_changes(typed: Mapping[str, Any]) -> tuple[Columns, Columns]:
    """Return the changed columns of the user, and those of the profile (accounts.fields).

    Only fields that were sent are returned. An empty value or None removes the field's content.

    Raises:
        Invalid: one or more fields are malformed; it names all of them.
    """
    wrong: dict[str, list[FieldError]] = {}
    profile = typed.get("profile", {})
    about = empty_columns(PROFILE_FIELDS) if profile is None else profile
    of_user, of_profile = _parse_fields(USER_FIELDS, typed, wrong), _parse_fields(PROFILE_FIELDS, about, wrong)
    if wrong:
        raise Invalid(wrong)
    return of_user, of_profile


def parse_language(typed: str) -> str:
    """Return the language, which is one of LANGUAGES.

    Raises:
        Invalid: it is none of them.
    """
    known = dict(settings.LANGUAGES)
    if typed not in known:
        raise Invalid({"language": [FieldError("invalid_choice", params={"choices": ", ".join(known)})]})
    return typed


def _parse_fields(
    rows: tuple[PersonalField, ...], typed: Mapping[str, Any], wrong: dict[str, list[FieldError]]
) -> Columns:
    changed: Columns = {}
    for row in rows:
        if not row.editable or row.name not in typed:
            continue
        try:
            changed[row.name] = str(row.parse(typed[row.name])) if typed[row.name] else row.empty
        except Malformed as error:
            wrong[row.path] = [error.error]
    return changed
