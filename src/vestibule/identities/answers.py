"""What a provider answers about a person, and how it says no."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self

from vestibule.addresses.address import Email
from vestibule.kernel.errors import Refusal


class ProviderRefused(Refusal):
    """The person, or the provider, did not agree to the sign-in there."""

    code = "access_denied"


class IdentityTaken(Refusal):
    """The identity at the provider belongs to an account already."""

    code = "identity_taken"


class AccountExists(Refusal):
    """An account has the address that the provider has proved. `link` names the account: a person who signs in there,
    in one of these ways, can link the identity with it. `address` is the one in question."""

    code = "account_exists"

    def __init__(self, link: str, methods: Sequence[str], address: str, *, subject: bytes | None = None) -> None:
        super().__init__(subject=subject)
        self.link, self.methods, self.address = link, methods, address


@dataclass(frozen=True, slots=True)
class Callback:
    """What the browser brought back from a provider: its code, and the person's name where only this tells it."""

    code: str = field(repr=False)
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAnswer:
    """A person as a provider knows them. Only the pair of issuer and subject says who it is.

    `email_is_proved` says that the provider has proved the address; `is_authoritative`, that nobody else can say
    otherwise of this very address. `is_multi_factor` says that several factors were proved there and the operator
    trusts the provider's word on it. `proved_at` is when the provider said so, in seconds. `replay_key` is one for each
    ID token, however it is spelled.
    """

    provider: str
    issuer: str
    subject: str
    email: Email | None = None
    email_is_proved: bool = False
    is_authoritative: bool = False
    name: str = ""
    is_multi_factor: bool = False
    proved_at: int = 0
    replay_key: bytes = field(default=b"", repr=False)
    tokens: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def label(self) -> str:
        """What the identity is called in a list: the address, else the name, else the subject."""
        return str(self.email or self.name or self.subject)[:254]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the answer of `to_json`."""
        return cls(**{**data, "email": Email(data["email"]) if data["email"] else None})

    def to_json(self) -> dict[str, Any]:
        """Return what is sealed until the person has done their part. The key of a native token was used up before."""
        kept = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "replay_key"}
        return {**kept, "email": self.email.value if self.email else None, "tokens": dict(self.tokens)}
