"""The table of policies: what each purpose seals, its kind of secret, its lifetime, and how often it may be tried."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, StrEnum
from types import MappingProxyType

from vestibule.challenges.payloads import (
    AuthorizationCodePayload,
    AuthorizationRequestPayload,
    DeviceAuthorizationPayload,
    EmailChangePayload,
    MagicLinkPayload,
    PasskeyEnrolmentPayload,
    PasskeySignInPayload,
    PasswordResetPayload,
    Payload,
    PayloadT,
    PhoneChangePayload,
    SecondFactorPayload,
    SignUpPayload,
    SocialAnswerPayload,
    SocialEmailPayload,
    SocialLinkPayload,
    SocialVisitPayload,
    TextedCodePayload,
    WayBackPayload,
)


class SecretKind(Enum):
    """The kind of secret that the person or their browser sends back. A ticket and a nonce have none of their own: the
    caller compares what the person proves (`Engine.verify`, `matches`)."""

    CODE = "code"
    LINK = "link"
    CODE_AND_LINK = "code and link"
    NONCE = "nonce"
    TICKET = "ticket"


class Purpose(StrEnum):
    """What a proof is good for. The purpose is bound into the handle, the digest and the sealed payload."""

    REGISTRATION = "registration"
    PENDING_REGISTRATION = "pending registration"
    PASSWORD_RESET = "password reset"  # noqa: S105 - the name of a purpose
    MAGIC_LINK = "magic link"
    EMAIL_CHANGE = "email change"
    EMAIL_UNDO = "email undo"
    PHONE_CHANGE = "phone change"
    NOT_ME = "not me"
    ACCOUNT_UNDO = "account undo"
    FACTOR_RESET_STOP = "factor reset stop"
    SECOND_FACTOR = "second factor"
    TEXTED_CODE = "texted code"
    PASSKEY_ENROLMENT = "passkey enrolment"
    PASSKEY_SIGN_IN = "passkey sign-in"
    SOCIAL_VISIT = "social visit"
    SOCIAL_ANSWER = "social answer"
    SOCIAL_EMAIL = "social email"
    SOCIAL_LINK = "social link"
    AUTHORIZATION_REQUEST = "authorization request"
    AUTHORIZATION_CODE = "authorization code"
    DEVICE_AUTHORIZATION = "device authorization"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One row of the table. `sends` includes the first send. `digits` is the length of a code.

    `code_ttl` is the life of a code that is sent beside a link, counted from its send. None: the code lives as long as
    the record. `proves_factor`: wrong secrets are counted as second factors.
    """

    payload: type[Payload]
    secret: SecretKind
    ttl: timedelta
    attempts: int
    cooldowns: tuple[timedelta, ...]
    sends: int
    digits: int = 6
    proves_factor: bool = False
    code_ttl: timedelta | None = None

    def require_payload(self, payload_type: type[PayloadT]) -> type[PayloadT]:
        """Return the type of the sealed payload, which is `payload_type` or a subclass of it.

        Raises:
            TypeError: this purpose seals another type.
        """
        if not issubclass(self.payload, payload_type):
            raise TypeError(f"{self.payload.__name__} is sealed here, not {payload_type.__name__}")
        return self.payload

    def cooldown_after(self, send_number: int) -> timedelta:
        """Return how long to wait after the send with this number (1 is the first) before the next."""
        return self.cooldowns[min(send_number, len(self.cooldowns)) - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySettings:
    """The numbers that an operator can set (`OTP_*`). The defaults are those of the security requirements."""

    ttl: timedelta = timedelta(minutes=10)  # ASVS 6.5.5: out-of-band codes live at most 10 minutes
    cooldowns: tuple[timedelta, ...] = (timedelta(seconds=60), timedelta(seconds=120), timedelta(seconds=300))
    link_ttl: timedelta = timedelta(hours=6)  # of a sign-up


ATTEMPTS, RESENDS = 5, 5
TICKET_TTL = timedelta(minutes=5)
DIGITS = 6  # SP 800-63B-4, 3.1.3.2: at least six
EXISTING_ACCOUNT_DIGITS = 8  # digits of a code that changes an existing account
SOCIAL_TTL = timedelta(minutes=10)
AUTHORIZATION_REQUEST_TTL, AUTHORIZATION_CODE_TTL = timedelta(hours=1), timedelta(seconds=60)
DEVICE_AUTHORIZATION_TTL = timedelta(minutes=10)


def _code_policy(payload: type[Payload], numbers: PolicySettings, digits: int) -> Policy:
    """A code alone, sent once: another request creates a new challenge."""
    return Policy(
        payload=payload,
        secret=SecretKind.CODE,
        ttl=numbers.ttl,
        attempts=ATTEMPTS,
        cooldowns=numbers.cooldowns,
        sends=1,
        digits=digits,
    )


def _link_policy(ttl: timedelta) -> Policy:
    """A link alone, sent once, that takes an account back."""
    return Policy(
        payload=WayBackPayload,
        secret=SecretKind.LINK,
        ttl=ttl,
        attempts=ATTEMPTS,
        cooldowns=(timedelta(minutes=1),),
        sends=1,
    )


def _ticket_policy(
    payload: type[Payload], secret: SecretKind, *, ttl: timedelta = TICKET_TTL, proves_factor: bool = False
) -> Policy:
    """A record that only its handle opens, and whose proof the caller compares."""
    return Policy(
        payload=payload,
        secret=secret,
        ttl=ttl,
        attempts=ATTEMPTS,
        cooldowns=(timedelta(0),),
        sends=1,
        proves_factor=proves_factor,
    )


def build_policies(numbers: PolicySettings) -> Mapping[Purpose, Policy]:
    """Return the policy of every purpose, with the operator's numbers."""
    return MappingProxyType(
        {
            Purpose.REGISTRATION: Policy(
                payload=SignUpPayload,
                secret=SecretKind.CODE,
                ttl=numbers.ttl,
                attempts=ATTEMPTS,
                cooldowns=numbers.cooldowns,
                sends=RESENDS + 1,
                digits=DIGITS,
            ),
            Purpose.PASSWORD_RESET: Policy(
                payload=PasswordResetPayload,
                secret=SecretKind.CODE_AND_LINK,
                ttl=timedelta(hours=1),
                code_ttl=numbers.ttl,
                attempts=ATTEMPTS,
                cooldowns=numbers.cooldowns,
                sends=1,
                digits=EXISTING_ACCOUNT_DIGITS,
            ),
            # The code lives as long as any code, the link as long as SECURITY says (docs/decisions/0112).
            Purpose.MAGIC_LINK: Policy(
                payload=MagicLinkPayload,
                secret=SecretKind.CODE_AND_LINK,
                ttl=timedelta(minutes=15),
                code_ttl=numbers.ttl,
                attempts=ATTEMPTS,
                cooldowns=numbers.cooldowns,
                sends=1,
                digits=EXISTING_ACCOUNT_DIGITS,
            ),
            Purpose.EMAIL_CHANGE: _code_policy(EmailChangePayload, numbers, EXISTING_ACCOUNT_DIGITS),
            Purpose.PHONE_CHANGE: _code_policy(PhoneChangePayload, numbers, DIGITS),
            Purpose.EMAIL_UNDO: _link_policy(timedelta(hours=72)),
            Purpose.NOT_ME: _link_policy(timedelta(hours=72)),
            Purpose.ACCOUNT_UNDO: _link_policy(timedelta(days=14)),
            Purpose.FACTOR_RESET_STOP: _link_policy(timedelta(hours=24)),
            # SECURITY: a ticket lives 5 minutes and has 5 tries; a WebAuthn challenge lives as long.
            Purpose.SECOND_FACTOR: _ticket_policy(SecondFactorPayload, SecretKind.TICKET, proves_factor=True),
            Purpose.TEXTED_CODE: Policy(  # of a ticket, which counts its tries
                payload=TextedCodePayload,
                secret=SecretKind.CODE,
                ttl=TICKET_TTL,
                attempts=ATTEMPTS,
                cooldowns=numbers.cooldowns,
                sends=3,
                digits=DIGITS,
            ),
            Purpose.PASSKEY_ENROLMENT: _ticket_policy(PasskeyEnrolmentPayload, SecretKind.NONCE),
            Purpose.PASSKEY_SIGN_IN: _ticket_policy(PasskeySignInPayload, SecretKind.NONCE),
            # The way to another provider and back, and what its answer still needs; the code of an answer travels in an
            # address, and is short-lived for that (RFC 9700, 4.3).
            Purpose.SOCIAL_VISIT: _ticket_policy(SocialVisitPayload, SecretKind.NONCE, ttl=SOCIAL_TTL),
            Purpose.SOCIAL_ANSWER: _ticket_policy(SocialAnswerPayload, SecretKind.LINK, ttl=timedelta(seconds=60)),
            Purpose.SOCIAL_EMAIL: _ticket_policy(SocialEmailPayload, SecretKind.TICKET, ttl=SOCIAL_TTL),
            Purpose.SOCIAL_LINK: _ticket_policy(SocialLinkPayload, SecretKind.TICKET, ttl=SOCIAL_TTL),
            # A person may need a while to sign up. The code is redeemed at once (RFC 6749, 4.1.2; RFC 9700, 4.3).
            Purpose.AUTHORIZATION_REQUEST: _ticket_policy(
                AuthorizationRequestPayload, SecretKind.TICKET, ttl=AUTHORIZATION_REQUEST_TTL
            ),
            Purpose.AUTHORIZATION_CODE: _ticket_policy(
                AuthorizationCodePayload, SecretKind.LINK, ttl=AUTHORIZATION_CODE_TTL
            ),
            Purpose.DEVICE_AUTHORIZATION: _ticket_policy(
                DeviceAuthorizationPayload, SecretKind.LINK, ttl=DEVICE_AUTHORIZATION_TTL
            ),
            Purpose.PENDING_REGISTRATION: Policy(
                payload=SignUpPayload,
                secret=SecretKind.CODE_AND_LINK,
                ttl=numbers.link_ttl,
                code_ttl=numbers.ttl,
                attempts=ATTEMPTS,
                cooldowns=numbers.cooldowns,
                sends=RESENDS + 1,
                digits=DIGITS,
            ),
        }
    )
