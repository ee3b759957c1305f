"""An address as a value: its kind, canonical spelling, masked form, digests, and the channel that carries messages to
it."""

import hmac
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import ClassVar, Literal

import phonenumbers
from django.db.models import TextChoices

from vestibule.conf import conf
from vestibule.kernel.errors import EmailTaken, PhoneTaken, Refusal

_PREMIUM_NUMBER_TYPES = (phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST)


class Channel(TextChoices):
    """How a message is transported."""

    EMAIL = "email"
    SMS = "sms"


@dataclass(frozen=True, repr=False)
class Address(ABC):
    """An e-mail address or a phone number.

    `value` is canonical: it comes from `parsing`, or from a row or sealed payload that stored it. Two addresses are
    equal if kind and value are. `repr` is masked, so that no log and no traceback shows the address; `str` is the
    value.
    """

    kind: ClassVar[Literal["email", "phone"]]
    field: ClassVar[Literal["email", "phone_number"]]  # the field of a request, and the column of a user
    verified_field: ClassVar[Literal["email_verified_at", "phone_verified_at"]]  # its column of a user
    channel: ClassVar[Channel]
    proof_method: ClassVar[Literal["otp", "sms"]]  # the `amr` value for a code sent there (RFC 8176, 2)

    taken_refusal: ClassVar[type[Refusal]]  # raised if another account has the address

    value: str

    def __str__(self) -> str:
        return self.value

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.masked}>"

    @property
    @abstractmethod
    def masked(self) -> str:
        """The address as logs and the staff may see it."""

    @cached_property
    def all_digests(self) -> tuple[bytes, ...]:
        """The keyed digests under every key of the ring, newest first, to look up what an older key made. Computed
        once."""
        return tuple(conf.keys.all_digests("address", self.value.encode()))

    @cached_property
    def digest(self) -> bytes:
        """The keyed digest under which the address is counted and recorded, instead of in clear."""
        return self.all_digests[0]

    def matches_digest(self, expected: bytes) -> bool:
        """Return whether `expected` is the digest of this address under any key of the ring, compared in constant
        time."""
        return any([hmac.compare_digest(each, expected) for each in self.all_digests])  # noqa: C419 - every key is tried


@dataclass(frozen=True, repr=False)
class Email(Address):
    """An e-mail address: lower case, the domain in ASCII (IDNA)."""

    kind = "email"
    field = "email"
    verified_field = "email_verified_at"
    channel = Channel.EMAIL
    proof_method = "otp"
    taken_refusal = EmailTaken

    @property
    def masked(self) -> str:
        """`a…@example.com`."""
        return f"{self.local_part[:1]}…@{self.domain}"

    @property
    def local_part(self) -> str:
        """The part before the @."""
        return self.value.rpartition("@")[0]

    @property
    def domain(self) -> str:
        """The part after the @."""
        return self.value.rpartition("@")[2]


@dataclass(frozen=True, repr=False)
class Phone(Address):
    """A phone number in E.164 form, with its plus sign."""

    kind = "phone"
    field = "phone_number"
    verified_field = "phone_verified_at"
    channel = Channel.SMS
    proof_method = "sms"
    taken_refusal = PhoneTaken

    @property
    def masked(self) -> str:
        """`…0100`."""
        return f"…{self.value[-4:]}"

    @property
    def is_sms_allowed(self) -> bool:
        """Whether codes are sent to this number: to the countries in `SMS_COUNTRIES` (`*` for all), never to
        premium-rate or shared-cost numbers, which earn their holder money."""
        number = phonenumbers.parse(self.value, None)
        if phonenumbers.number_type(number) in _PREMIUM_NUMBER_TYPES:
            return False
        country = phonenumbers.region_code_for_number(number)
        return "*" in conf.sms_countries or country in conf.sms_countries


ADDRESS_TYPES: Mapping[str, type[Address]] = MappingProxyType({each.channel: each for each in (Email, Phone)})


def restore_address(canonical: str) -> Address:
    """Return the address for a canonical spelling from a row or a sealed payload, which tells the kinds apart."""
    return Email(canonical) if "@" in canonical else Phone(canonical)
