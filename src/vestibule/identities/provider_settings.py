"""What is wrong with the settings of a provider, in words without anything secret."""

import re
from collections.abc import Iterator, Mapping
from uuid import UUID

from vestibule.identities.providers import (
    COMMON_NAMES,
    EVENTS,
    FACTS,
    MANY_TENANTS,
    OFF,
    OIDC_NAMES,
    ON,
    OWN_NAMES,
    is_provider_url,
    read_private_key,
)

MAX_ISSUER_LENGTH = 255
_APPLE_KEY = ("team_id", "key_id", "private_key")
Problem = tuple[str, str]  # and its remedy


def find_problems(social: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str, str]]:
    """Yield what prevents each provider from being used: its id, the problem, and the remedy."""
    for id, given in social.items():
        filled = {name: text for name, text in given.items() if text}
        for find in (_find_wrong_names, _find_what_is_missing, _find_apple_problems, _find_wrong_values):
            for problem, remedy in find(id, filled):
                yield id, problem, remedy


def _find_wrong_names(id: str, given: Mapping[str, str]) -> Iterator[Problem]:
    if not re.fullmatch(r"[a-z0-9_-]{1,64}", id):
        yield "has a name that no path can hold", "Use the letters a to z, digits, and _ or -."
    names = (*COMMON_NAMES, *OWN_NAMES.get(id, OIDC_NAMES))
    for name in sorted(given.keys() - {*names}):
        yield f"has no setting {name!r}", f"There are {', '.join(names)}."


def _find_what_is_missing(id: str, given: Mapping[str, str]) -> Iterator[Problem]:
    if id not in FACTS and "issuer" not in given:
        yield "has no issuer", "Set its issuer: the address that its discovery document names."
    if "client_id" not in given:
        yield "has no client id", "Set the id that the provider gave to this client."
    if "client_secret" not in given and not (id == "apple" and given.keys() & {*_APPLE_KEY}):
        yield "has no client secret", "Set what the provider gave beside the client id."


def _find_apple_problems(id: str, given: Mapping[str, str]) -> Iterator[Problem]:
    parts = [name for name in _APPLE_KEY if name in given] if id == "apple" else []
    if parts and len(parts) < len(_APPLE_KEY):
        yield "has a part of its key", "Set the team's id, the key's id and the private key, all three."
    if "private_key" in parts and not _is_signing_key(given["private_key"]):
        yield "has a private key that is no EC key in PEM", "Set it to the text of the file AuthKey_….p8."


def _find_wrong_values(id: str, given: Mapping[str, str]) -> Iterator[Problem]:
    if id == "microsoft" and not _is_tenant(given.get("tenant", MANY_TENANTS[0])):
        yield "has a tenant that is none", f"Set it to its id, or one of {', '.join(MANY_TENANTS)}."
    if given.get(EVENTS, OFF) not in (ON, OFF):
        yield "has events that are neither on nor off", "Set them to on, or leave them out."
    for name in ("issuer", "url", "api_url"):
        if name in given and not _is_base_url(given[name]):
            yield f"has an {name} that is no https address", "Set it like https://login.example.com; http on loopback."


def _is_base_url(text: str) -> bool:
    return is_provider_url(text) and "?" not in text and len(text) <= MAX_ISSUER_LENGTH


def _is_tenant(text: str) -> bool:
    try:
        return text in MANY_TENANTS or str(UUID(text)) == text
    except ValueError:
        return False


def _is_signing_key(text: str) -> bool:
    try:
        read_private_key(text)
    except ValueError:
        return False
    return True
