"""A person who comes from another provider, before it is known what becomes of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from vestibule.identities.answers import ProviderAnswer
from vestibule.sessions.models import MULTI_FACTOR

FEDERATED = "fed"  # no registered value (RFC 8176) means another provider; Microsoft Entra says it so


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A person who came from a provider, and their browser. `proof_id` is the challenge that they used up on the way,
    if there was one: it takes effect once. `browser` began the visit, if it was one by page. The other fields are those
    of `completion.Authenticated`."""

    answer: ProviderAnswer
    proof_id: UUID | None = None
    device_claims: Mapping[str, str] | None = None
    device_cookie: UUID | None = None
    page_lifetime: timedelta | None = None
    browser: UUID | None = None

    @property
    def amr(self) -> list[str]:
        """How the person was proved; `mfa` only where the operator trusts the provider's word on it."""
        return [FEDERATED, MULTI_FACTOR] if self.answer.is_multi_factor else [FEDERATED]

    @property
    def proved_at(self) -> datetime:
        """When the provider said who it is."""
        return datetime.fromtimestamp(self.answer.proved_at, UTC)
