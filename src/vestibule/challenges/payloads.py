"""The data that is sealed with a challenge until the proof: one frozen type for each purpose (see `challenges.policy`).

Sealed JSON is read by newer code, and by older code while hosts are replaced one after another:

- A new field has a default. It is left out of the JSON if it has the default, filled in for a payload that was sealed
before, and ignored by older code. The version stays.
- A field that is removed, or changes its meaning, makes a new version: one more function in UPGRADES. Older code
refuses the newer version.
- tests/domain/payloads/ keeps an example of everything that was ever sealed.
"""

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, ClassVar, Self, TypeVar
from uuid import UUID

from vestibule.kernel import errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """The data of a challenge. Its fields hold UUIDs and what JSON can hold."""

    # Each function turns the fields of one version into those of the next. Unversioned payloads are 0.
    UPGRADES: ClassVar[tuple[Callable[[Mapping[str, object]], Mapping[str, object]], ...]] = ()

    @classmethod
    def version(cls) -> int:
        """Return the version that is sealed today."""
        return len(cls.UPGRADES)

    @classmethod
    def from_json(cls, data: Mapping[str, object], version: int) -> Self:
        """Return the payload of sealed JSON.

        Raises:
            Unavailable: newer code sealed it, which another host runs.
        """
        if version > cls.version():
            raise errors.Unavailable
        for upgrade in cls.UPGRADES[version:]:
            data = upgrade(data)
        read: dict[str, Any] = {
            each.name: _parse_field(each, data[each.name]) for each in fields(cls) if each.name in data
        }
        return cls(**read)

    def to_json(self) -> dict[str, object]:
        """Return what is sealed: every field that differs from its default."""
        held = {each.name: (getattr(self, each.name), each.default) for each in fields(self)}
        return {
            name: str(value) if isinstance(value, UUID) else value
            for name, (value, default) in held.items()
            if value != default
        }


# The answer of another provider (`identities.answers`).
SealedAnswer = dict[str, str | bool | dict[str, str] | None]
PayloadT = TypeVar("PayloadT", bound=Payload)
PayloadT_co = TypeVar("PayloadT_co", bound=Payload, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUpPayload(Payload):
    """The data that a person typed to sign up, with the password hashed."""

    channel: str  # `email` or `sms`: how the code is sent
    email: str | None
    phone: str | None
    username: str | None
    full_name: str
    password_hash: str
    device: dict[str, str] | None  # what the client claims about its device
    mark: str | None = None  # a few bits of a digest of the password, by which a sign-up is found
    unsent: bool = False  # whether its message was held back
    language: str = ""  # of its messages, and then of the account
    more: dict[str, str] | None = None  # the fields of the table that no code knows by name (accounts.fields)
    identity: SealedAnswer | None = None  # whose account it will be at another provider (identities.answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPayload(Payload):
    """The account that a link or code may take back, its epoch, and the address that it was sent to, which decides how
    much it counts (`accounts.address_history`). A payload from before there were epochs is of the first; one from
    before it named its address has none."""

    user_id: UUID
    epoch: int = 0
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBackPayload(RecoveryPayload):
    """A RecoveryPayload, and the session of which its message tells, if it tells of one."""

    session_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordResetPayload(RecoveryPayload):
    """A RecoveryPayload; for an invitation also the role of the new account."""

    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MagicLinkPayload(RecoveryPayload):
    """A RecoveryPayload, and the digest of what guarded the account when the link was sent (`accounts.credentials`), in
    hex."""

    credentials: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChangePayload(Payload):
    """The session that asked for another e-mail address, the address to replace, and the one to prove."""

    user_id: UUID
    session_id: UUID | None
    old: str | None
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneChangePayload(Payload):
    """The session that asked for another number, and the number to prove."""

    session_id: UUID | None
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorPayload(Payload):
    """A sign-in whose first factor was proved: everything that `flows.completion` needs to end it.

    `credentials` is the digest of what guarded the account then (`accounts.credentials`), in hex. `page_lifetime` is in
    seconds; None means an API session.
    """

    user_id: UUID
    credentials: str
    amr: list[str]
    via: str
    device_claims: dict[str, str] | None = None
    device_id: UUID | None = None
    origin: str = ""  # `sessions.devices.Recognised.origin_digest`, in hex
    page_lifetime: int | None = None
    identity_id: UUID | None = None  # which proved the first factor, at another provider


@dataclass(frozen=True, slots=True, kw_only=True)
class TextedCodePayload(Payload):
    """The ticket of the sign-in that a code by SMS is good for."""

    ticket_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyEnrolmentPayload(Payload):
    """The account and the session that are about to get a passkey."""

    user_id: UUID
    session_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeySignInPayload(Payload):
    """Nothing: who signs in is known by the passkey alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SocialVisitPayload(Payload):
    """A browser that was sent to another provider: what the provider's answer has to fit, and where the browser goes
    then. `browser` is the one that began a visit by page; a visit by API has none, and the app keeps the handle.
    `user_id` and `session_id` are those that an identity is to be linked to; none for a sign-in."""

    provider: str
    nonce: str
    code_verifier: str
    return_to: str
    browser: UUID | None = None
    user_id: UUID | None = None
    session_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SocialAnswerPayload(Payload):
    """What a provider answered to a visit by API (`identities.answers`), and the identity that it was then, if an
    account had it. `user_id` and `session_id` are those of the visit."""

    visit_id: UUID
    answer: SealedAnswer
    identity_id: UUID | None = None
    user_id: UUID | None = None
    session_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SocialEmailPayload(Payload):
    """A person whom a provider knows, without an address that it has proved."""

    answer: SealedAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class SocialLinkPayload(Payload):
    """The one account that the person whom a provider knows may be linked to. `browser` is that of a visit by page."""

    user_id: UUID
    answer: SealedAnswer
    browser: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequestPayload(Payload):
    """A request for an authorization code that was checked against its application (RFC 6749, 4.1.1; OpenID Connect
    Core, 3.1.2.1). `browser` is the one in which a person answers it; none for a request that was pushed (RFC 9126)
    and that no browser has begun."""

    application_id: UUID
    redirect_uri: str
    code_challenge: str
    scope: list[str]
    state: str | None = None
    nonce: str | None = None
    response_mode: str = "query"
    resources: list[str] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    max_age: int | None = None
    wants_second_factor: bool = False
    login_hint: str = ""
    ui_locales: str = ""
    hinted_user_id: UUID | None = None
    browser: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationCodePayload(Payload):
    """What an authorization code was issued for: the request that it answers, and the session that agreed.
    `credentials` is what guarded the account then (`accounts.credentials`)."""

    application_id: UUID
    user_id: UUID
    session_id: UUID
    credentials: str
    auth_time: int
    amr: list[str]
    redirect_uri: str
    code_challenge: str
    scope: list[str]
    nonce: str | None = None
    resources: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAuthorizationPayload(Payload):
    """What a device asks for (RFC 8628, 3.1), and who answered. `user_id` and `session_id` are of the person who typed
    its code first: nobody else answers, and no other session of theirs. `answer` is "" until they have; what else an
    authorization code says of the session that agreed is there when it is `allowed`."""

    application_id: UUID
    scope: list[str]
    resources: list[str] = field(default_factory=list)
    user_id: UUID | None = None
    session_id: UUID | None = None
    answer: str = ""
    credentials: str = ""
    auth_time: int = 0
    amr: list[str] = field(default_factory=list)


def _parse_field(field: Field[object], sealed: object) -> object:
    return UUID(str(sealed)) if sealed and field.type in (UUID, UUID | None) else sealed
