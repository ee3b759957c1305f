"""Security events that a provider pushes: what has happened to a person's account there.

Google sends security event tokens (RFC 8417; developers.google.com/identity/protocols/risc). Apple sends a token of a
form of its own, with one event as text (developer.apple.com: processing changes for Sign in with Apple accounts).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from vestibule.identities import discovery
from vestibule.identities.provider_http import ProviderConnection
from vestibule.identities.providers import Provider
from vestibule.identities.signed_tokens import SignedTokenInvalid, check_times, is_subject, verify_signature

KEPT_FOR = timedelta(days=7)  # an older token is refused; a used one is remembered for longer
UNKNOWN = "unknown"
_RISC, _OAUTH = (f"https://schemas.openid.net/secevent/{each}/event-type/" for each in ("risc", "oauth"))
# The events that each form documents, by the name that we give them.
KINDS: Mapping[str, Mapping[str, str]] = {
    "risc": {
        f"{_RISC}sessions-revoked": "sessions_revoked",
        f"{_OAUTH}tokens-revoked": "tokens_revoked",
        f"{_RISC}account-disabled": "account_disabled",
        f"{_RISC}account-enabled": "account_enabled",
        f"{_RISC}account-credential-change-required": "credential_change_required",
        f"{_RISC}verification": "verification",
    },
    "apple": {
        "consent-revoked": "consent_revoked",
        "account-delete": "account_deleted",
        "account-deleted": "account_deleted",  # Apple's documents have it both ways
        "email-disabled": "email_disabled",
        "email-enabled": "email_enabled",
    },
}
_TYPES = frozenset({"jwt", "secevent+jwt", "application/secevent+jwt"})  # RFC 8417, 2.3
_REQUIRED = ("iss", "aud", "iat", "jti", "events")


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """One thing that happened, and to whom; to nobody if it names no person of this provider."""

    kind: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class EventToken:
    """A verified token. `replay_key` is one for each: a provider may send it again and again."""

    replay_key: bytes
    events: tuple[SecurityEvent, ...]


def verify_event_token(provider: Provider, token: object, now: datetime) -> EventToken:
    """Return what a token of this provider tells us. The caller acts on each `replay_key` once.

    Raises:
        SignedTokenInvalid: it is no event token of this provider, for us, and of the last days.
        Unavailable: the provider's keys cannot be read.
    """
    connection = ProviderConnection(provider)
    find_keys = partial(discovery.find_event_keys, connection)
    claims, _ = verify_signature(token, find_keys, audiences=provider.audiences, required=_REQUIRED, types=_TYPES)
    issuer = discovery.read_event_metadata(connection).issuer
    if claims["iss"] != issuer:
        raise SignedTokenInvalid("invalid_issuer")
    check_times(claims, now)
    if claims["iat"] <= (now - KEPT_FOR).timestamp() or not is_subject(claims["jti"]):
        raise SignedTokenInvalid
    read = _read_apple_event if provider.facts.events == "apple" else _read_risc_events
    key = sha256(json.dumps([provider.issuer, claims["jti"]]).encode()).digest()
    return EventToken(key, tuple(read(issuer, claims["events"])))


def _read_risc_events(issuer: str, events: Any) -> list[SecurityEvent]:
    """Return the events of a security event token: by their address, each with the facts about it (RFC 8417, 2.2)."""
    if not isinstance(events, dict) or not all(isinstance(each, dict) for each in events.values()):
        raise SignedTokenInvalid
    kinds = KINDS["risc"]
    return [SecurityEvent(kinds.get(type, UNKNOWN), _read_subject(issuer, facts)) for type, facts in events.items()]


def _read_subject(issuer: str, facts: Mapping[str, Any]) -> str:
    subject = facts.get("subject")
    if not isinstance(subject, dict) or subject.get("iss") not in (issuer, issuer.rstrip("/")):
        return ""
    named = subject.get("sub")
    return named if isinstance(named, str) and is_subject(named) else ""


def _read_apple_event(_issuer: str, text: Any) -> list[SecurityEvent]:
    try:
        event = json.loads(text)
        type, subject = event["type"], event["sub"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise SignedTokenInvalid from error
    if not (isinstance(type, str) and is_subject(subject)):
        raise SignedTokenInvalid
    return [SecurityEvent(KINDS["apple"].get(type, UNKNOWN), subject)]
