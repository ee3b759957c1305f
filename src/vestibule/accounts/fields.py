"""The table of personal fields: one row for each thing that a person tells about themselves.

The models, the settings, the parsers, the API, the pages, the admin and the erasure read this table, so that a new
field is a row here and a migration of its column (docs: CONTRIBUTING, "How to add a field").
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from vestibule.accounts import identifiers
from vestibule.addresses import parsing
from vestibule.kernel import text
from vestibule.kernel.errors import FieldError, Malformed


class Holder(StrEnum):
    """The model that has the column."""

    USER = "user"
    PROFILE = "profile"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalField:
    """One row of the table."""

    name: str  # of the column, of the form's input, and in JSON: of a profile's field inside `profile`
    label: str  # in English: the edge looks up the reader's
    holder: Holder
    parse: Callable[[str], object]  # what was typed; its `str` is the one spelling. Raises Malformed
    longest: int  # characters
    empty: str | None = ""  # in the column where nothing was told, and after erasure
    is_address: bool = False  # changed by a proof, and never on the page of the profile
    at_sign_up: bool = False  # may be told there; SIGNUP_FIELDS says which must be
    editable: bool = True  # by `PATCH /api/auth/me` and on the page of the profile
    staff_see: bool = False
    autocomplete: str = ""  # HTML, 4.10.18.7.1
    input_type: str = "text"
    placeholder: str = ""
    is_handle: bool = False  # no word of a language: neither spelling nor capitals are corrected
    lines: int = 1

    @property
    def path(self) -> str:
        """The name of the field in the errors of a change."""
        return f"{self.holder}.{self.name}" if self.holder is Holder.PROFILE else self.name


def parse_prose(typed: str, longest: int) -> str:
    """Parse text of several lines.

    Raises:
        Malformed: it is too long, or has control characters.
    """
    prose = text.normalise_prose(typed)
    if len(prose) > longest:
        raise Malformed(FieldError("max_length", params={"n": longest}))
    if not text.is_prose(prose):
        raise Malformed(FieldError("invalid", "prose_malformed"))
    return prose


PERSONAL_FIELDS = (
    PersonalField(
        name="email",
        label="Email",
        holder=Holder.USER,
        parse=parsing.parse_email,
        longest=254,
        empty=None,
        is_address=True,
        at_sign_up=True,
        editable=False,
        staff_see=True,
        autocomplete="email",
        input_type="email",
        is_handle=True,
    ),
    PersonalField(
        name="username",
        label="Username",
        holder=Holder.USER,
        parse=identifiers.parse_username,
        longest=30,
        empty=None,
        at_sign_up=True,
        staff_see=True,
        autocomplete="username",
        is_handle=True,
    ),
    PersonalField(
        name="full_name",
        label="Full name",
        holder=Holder.USER,
        parse=identifiers.parse_full_name,
        longest=150,
        at_sign_up=True,
        staff_see=True,
        autocomplete="name",
    ),
    PersonalField(
        name="phone_number",
        label="Phone number",
        holder=Holder.USER,
        parse=parsing.parse_phone,
        longest=16,
        empty=None,
        is_address=True,
        at_sign_up=True,
        staff_see=True,
        autocomplete="tel",
        input_type="tel",
        placeholder="+14155550100",
    ),
    PersonalField(
        name="bio",
        label="About me",
        holder=Holder.PROFILE,
        parse=partial(parse_prose, longest=500),
        longest=500,
        lines=4,
    ),
    PersonalField(
        name="address",
        label="Postal address",
        holder=Holder.PROFILE,
        parse=partial(parse_prose, longest=300),
        longest=300,
        autocomplete="street-address",
        lines=3,
    ),
)
USER_FIELDS = tuple(row for row in PERSONAL_FIELDS if row.holder is Holder.USER)
PROFILE_FIELDS = tuple(row for row in PERSONAL_FIELDS if row.holder is Holder.PROFILE)
SIGN_UP_FIELDS = tuple(row for row in PERSONAL_FIELDS if row.at_sign_up)
# What SIGNUP_FIELDS may require.
REQUIRABLE_FIELDS = (*(row.name for row in SIGN_UP_FIELDS), "device")


def empty_columns(rows: tuple[PersonalField, ...]) -> dict[str, str | None]:
    """Return the columns as they are where nothing is told."""
    return {row.name: row.empty for row in rows}
