"""What is sealed with a challenge until it is proved: one frozen type for each purpose (challenges.policy names it).

Sealed JSON is read by newer code, and by older code too while hosts are replaced one after the other:

- A field that is added has a default: it is left out of the JSON where it has it, is filled in for a payload that was
  sealed before, and is ignored by older code. The version stays.
- A field that goes, or means something else, is a new version: one more function in UPGRADES. Older code refuses the
  newer version for now.
- tests/domain/payloads/ keeps an example of everything that was ever sealed.
"""

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, fields
from typing import Any, ClassVar, Self, TypeVar
from uuid import UUID

from vestibule.kernel import errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What a challenge holds. The fields are what JSON knows, and UUIDs."""

    # Each reads the fields of one version as the next names them; what was sealed before there were versions is 0.
    UPGRADES: ClassVar[tuple[Callable[[Mapping[str, object]], Mapping[str, object]], ...]] = ()

    @classmethod
    def version(cls) -> int:
        """The version that is sealed today."""
        return len(cls.UPGRADES)

    @classmethod
    def from_json(cls, data: Mapping[str, object], version: int) -> Self:
        """The payload of sealed JSON. Raises Unavailable where newer code sealed it: a host that has it can read it."""
        if version > cls.version():
            raise errors.Unavailable
        for upgrade in cls.UPGRADES[version:]:
            data = upgrade(data)
        read: dict[str, Any] = {
            field.name: _parse_field(field, data[field.name]) for field in fields(cls) if field.name in data
        }
        return cls(**read)

    def to_json(self) -> dict[str, object]:
        """What is sealed: every field but those that have their default."""
        held = {field.name: (getattr(self, field.name), field.default) for field in fields(self)}
        return {
            name: str(value) if isinstance(value, UUID) else value
            for name, (value, default) in held.items()
            if value != default
        }


PayloadT = TypeVar("PayloadT", bound=Payload)
PayloadT_co = TypeVar("PayloadT_co", bound=Payload, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUpPayload(Payload):
    """What a person typed who signs up, the password as its hash."""

    channel: str  # `email` or `sms`: how the code reaches them
    email: str | None
    phone: str | None
    username: str | None
    full_name: str
    password_hash: str
    device: dict[str, str] | None  # what the client said of itself
    mark: str | None = None  # a few bits of a digest of the password, by which a sign-up is found
    unsent: bool = False  # whether its message was held back
    language: str = ""  # of its messages, and then of the account


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPayload(Payload):
    """Whose account a link or code may take back, at which epoch, and the address that it went to, which says how much
    it counts (accounts.address_history). Links that were sealed before there were epochs are of the first; before they
    named the address, they went to none."""

    user_id: UUID
    epoch: int = 0
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordResetPayload(RecoveryPayload):
    """The same; of an invitation, the role that the account begins with."""

    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChangePayload(Payload):
    """The session that asked for another e-mail address, the one that is replaced, and the one that is proved."""

    user_id: UUID
    session_id: UUID | None
    old: str | None
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneChangePayload(Payload):
    """The session that asked for another number, and the number that is proved."""

    session_id: UUID | None
    phone: str


def _parse_field(field: Field[object], sealed: object) -> object:
    return UUID(str(sealed)) if sealed and field.type in (UUID, UUID | None) else sealed
