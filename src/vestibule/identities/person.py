"""A person by the claims of a provider: which address counts, and how far the provider is believed."""

from collections.abc import Mapping, Sequence
from typing import Any

from vestibule.addresses.address import Email
from vestibule.addresses.parsing import parse_email
from vestibule.conf import conf
from vestibule.identities.answers import ProviderAnswer
from vestibule.identities.providers import Provider
from vestibule.kernel import text
from vestibule.kernel.errors import Malformed

MAX_NAME_LENGTH = 100
_KEPT = ("access_token", "refresh_token", "id_token")


def describe_person(
    provider: Provider,
    issuer: str,
    subject: str,
    sources: Sequence[Mapping[str, Any]],
    *,
    name: str = "",
    proved_at: int = 0,
    replay_key: bytes = b"",
    tokens: Mapping[str, Any] | None = None,
) -> ProviderAnswer:
    """Return the answer of a provider whose claims, the most trusted first, stand in `sources`. The address and the
    claims about it are taken from one source and never mixed."""
    claims = _claims_of_address(provider, sources)
    email = _parse_address(claims.get("email"))
    is_proved = email is not None and claims.get(provider.facts.proof_claim) is True
    said = [each for source in sources for each in (source.get("name"), source.get("preferred_username"))]
    return ProviderAnswer(
        provider=provider.id,
        issuer=issuer,
        subject=subject,
        email=email,
        email_is_proved=is_proved,
        is_authoritative=is_proved and email is not None and _is_authoritative(provider, email, claims),
        name=next(filter(None, map(_clean_name, (name, *said))), ""),
        is_multi_factor=not provider.trusted_amr.isdisjoint(_methods(sources[0])),
        proved_at=proved_at,
        replay_key=replay_key,
        tokens={
            name: value
            for name, value in (tokens or {}).items()
            if conf.social_keep_tokens and name in _KEPT and isinstance(value, str)
        },
    )


def _claims_of_address(provider: Provider, sources: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    having = [each for each in sources if each.get("email")]
    saying = [each for each in having if provider.facts.proof_claim in each]
    return next(iter((*saying, *having)), {})


def _parse_address(typed: object) -> Email | None:
    try:
        return parse_email(typed) if isinstance(typed, str) else None
    except Malformed:
        return None


def _is_authoritative(provider: Provider, email: Email, claims: Mapping[str, Any]) -> bool:
    hosted = claims.get(provider.facts.domain_claim) if provider.facts.domain_claim else None
    return email.domain in provider.facts.domains or email.domain == hosted


def _clean_name(said: object) -> str:
    return text.clean_label(said, MAX_NAME_LENGTH) if isinstance(said, str) else ""


def _methods(claims: Mapping[str, Any]) -> set[str]:
    """The context and the methods of the sign-in (OpenID Connect Core, 2: acr, amr)."""
    amr = claims.get("amr")
    said = [claims.get("acr"), *(amr if isinstance(amr, list) else ())]
    return {each for each in said if isinstance(each, str)}
