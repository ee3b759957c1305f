"""Parsing of a sign-up. Flows take an Applicant, so that they cannot be called with unchecked input."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from vestibule.accounts import identifiers, passwords
from vestibule.accounts.fields import SIGN_UP_FIELDS
from vestibule.accounts.identifiers import FullName, Username
from vestibule.accounts.models import Role, User
from vestibule.addresses.address import ADDRESS_TYPES, Address, Email, Phone
from vestibule.conf import conf
from vestibule.kernel.errors import FieldError, Invalid, Malformed

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """A person who signs up, before the account exists. `channel` is how the code is sent: `email` or `sms`. An empty
    `password` means that the account shall have none."""

    channel: str
    email: Email | None
    phone: Phone | None
    username: Username | None
    full_name: FullName
    password: str
    more: Mapping[str, str] = field(default_factory=dict)  # the fields of the table that no code knows by name

    @property
    def address(self) -> Address:
        """The address to prove: the one that the channel goes to."""
        for address in (self.email, self.phone):
            if address and address.channel == self.channel:
                return address
        raise ValueError("an applicant without the address of their channel")


def parse_applicant(typed: Mapping[str, Any]) -> Applicant:
    """Check and normalise every field; an absent field and an empty one are the same.

    Fields: those of the table (accounts.fields), password, confirm_password, channel, role.

    Raises:
        Invalid: one or more fields are malformed or missing; it names all of them.
    """
    wrong: dict[str, list[FieldError]] = {}
    channel, told = typed.get("channel") or "email", _parse_told_fields(typed, wrong)
    email, number = told.pop("email", ""), told.pop("phone_number", "")
    username, full_name = told.pop("username", ""), told.pop("full_name", "")
    phone = Phone(number) if number else None
    wrong |= _find_missing_fields(typed, channel) | _find_unavailable_choices(typed, channel, phone)
    password = passwords.normalise_password(typed.get("password") or "")
    if (
        (password or conf.passwords == "required")
        and "password" not in wrong
        and (
            found := passwords.find_policy_violations(
                password, User(email=email, username=username, full_name=full_name, phone_number=number)
            )
        )
    ):
        wrong["password"] = found
    confirmation = typed.get("confirm_password")
    if confirmation is not None and passwords.normalise_password(confirmation) != password:
        wrong["confirm_password"] = [FieldError("password_mismatch")]
    if wrong:
        raise Invalid(wrong)
    return Applicant(
        channel=channel,
        email=Email(email) if email else None,
        phone=phone,
        username=Username(username) if username else None,
        full_name=FullName(full_name),
        password=password,
        more=told,
    )


def _parse_told_fields(typed: Mapping[str, Any], wrong: dict[str, list[FieldError]]) -> dict[str, str]:
    """Return the fields of the table that were told; what is malformed goes to `wrong`."""
    told: dict[str, str] = {}
    for row in SIGN_UP_FIELDS:
        try:
            if typed.get(row.name):
                told[row.name] = str(row.parse(typed[row.name]))
        except Malformed as error:
            wrong[row.name] = [error.error]
    return told


def _find_missing_fields(typed: Mapping[str, Any], channel: str) -> dict[str, list[FieldError]]:
    """Return an error for each required field that is missing. A password of blanks counts as given."""
    wanted = {ADDRESS_TYPES.get(channel, Email).field, *conf.signup_fields}
    wanted |= {"password"} if conf.passwords == "required" else set()
    given = {
        field for field in wanted if str(typed.get(field) or "").strip() or (field == "password" and typed.get(field))
    }
    return {field: [FieldError("required")] for field in wanted - given}


def _find_unavailable_choices(
    typed: Mapping[str, Any], channel: str, phone: Phone | None
) -> dict[str, list[FieldError]]:
    """Return errors for choices that this deployment does not offer: a channel, a role, an SMS to that country."""
    wrong: dict[str, list[FieldError]] = {}
    if channel not in conf.channels:
        wrong["channel"] = [FieldError("invalid_choice", "channel_unavailable")]
    if typed.get("role", Role.USER) != Role.USER:
        wrong["role"] = [FieldError("invalid_choice", "role_given_by_admin")]
    if phone and channel == phone.channel and not phone.is_sms_allowed:
        wrong["phone_number"] = [FieldError("unsupported")]
    return wrong


def parse_chosen_username(typed: str | None) -> Username | None:
    """Parse a username that was sent on its own.

    Raises:
        Invalid: it is malformed.
    """
    return parse_single_field("username", typed, identifiers.parse_username) if typed else None


def parse_single_field(field: str, typed: str, parser: Callable[[str], T]) -> T:
    """Parse one field that was sent on its own.

    Raises:
        Invalid: it is malformed.
    """
    try:
        return parser(typed)
    except Malformed as error:
        raise Invalid({field: [error.error]}) from error
