"""The details of a new account, as a sign-up or an invitation brings them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from vestibule.accounts.fields import PROFILE_FIELDS, USER_FIELDS
from vestibule.accounts.identifiers import FullName, Username
from vestibule.addresses.address import Email, Phone


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDetails:
    """The details of a new account. They replace everything that a PENDING row held."""

    password: str  # its hash
    email: Email | None
    username: Username | None
    full_name: FullName
    phone_number: Phone | None
    language: str
    more: Mapping[str, str] = field(default_factory=dict)  # the fields of the table that no code knows by name

    @property
    def user_columns(self) -> dict[str, str | None]:
        """The columns of the user, as they are stored."""
        return {
            **{row.name: self.more.get(row.name, row.empty) for row in USER_FIELDS},
            "password": self.password,
            "email": self.email.value if self.email else None,
            "username": self.username,
            "full_name": self.full_name,
            "phone_number": self.phone_number.value if self.phone_number else None,
            "language": self.language,
        }

    @property
    def profile_columns(self) -> dict[str, str | None]:
        """The columns of the profile, as they are stored."""
        return {row.name: self.more.get(row.name, row.empty) for row in PROFILE_FIELDS}
