"""The API keys of the signed-in person: list, make and remove."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from vestibule.applications import api_keys
from vestibule.applications.models import ApiKey
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.courier import application_messages
from vestibule.flows import notices, step_up
from vestibule.flows.flow import flow
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid
from vestibule.kernel.text import is_name, strip_invisible
from vestibule.storage.database import atomic


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCreated:
    """A new key: its row, and the key itself, which nobody can show again."""

    row: ApiKey
    key: str


@flow("api_keys.list")
def list_own_keys(*, client: Client) -> list[ApiKey]:
    """Return the client's own keys that have not expired, newest first.

    Raises:
        Unauthenticated: the client is not signed in.
        Unavailable: the database cannot be reached.
    """
    return list(api_keys.list_live_keys(step_up.require_user(client).pk, client.at))


@flow("api_keys.create")
def create_key(*, client: Client, name: str, scopes: Sequence[str], lives_for: timedelta) -> KeyCreated:
    """Make a key of the client's account. Its person is told.

    Raises:
        Unauthenticated: the client is not signed in.
        StepUpRequired: the sign-in is not recent, or was one factor of two.
        SessionRevoked: the session was ended meanwhile.
        Invalid: the name is empty or too long, a scope is unknown, the life is too short or too long, or the account
            has as many keys as it can have.
        Unavailable: the database cannot be reached.
    """
    step_up.require_recent_user(client)
    name, scopes = _parse_name(name), list(dict.fromkeys(scopes))
    _require_known(scopes)
    _require_possible(lives_for)
    with atomic():
        user = step_up.lock_current_user(client)
        if api_keys.list_live_keys(user.pk, client.at).count() >= api_keys.MOST_KEYS:
            raise Invalid({"name": [FieldError("invalid", "keys_too_many", {"n": api_keys.MOST_KEYS})]})
        row, key = api_keys.create_key(user, name=name, scopes=scopes, lives_for=lives_for, now=client.at)
        record_event(events.API_KEY_CREATED, client, key=str(row.pk))
        notices.warn_owner(client, user, application_messages.API_KEY_CREATED)
    return KeyCreated(row=row, key=key)


@flow("api_keys.remove")
def remove_key(*, client: Client, id: UUID) -> None:
    """Remove a key, which opens nothing from now on. Its person is told. No recent sign-in is needed, because it only
    takes away: a person who lost a key is in a hurry (docs/decisions/0042).

    Raises:
        Unauthenticated: the client is not signed in.
        SessionRevoked: the session was ended meanwhile.
        NotFound: the client's account has no such key.
        Unavailable: the database cannot be reached.
    """
    with atomic():
        user = step_up.lock_current_user(client)
        if not api_keys.delete_key(user.pk, id):
            raise errors.NotFound
        record_event(events.API_KEY_REMOVED, client, key=str(id))
        notices.warn_owner(client, user, application_messages.API_KEY_REMOVED)


def _parse_name(typed: str) -> str:
    name, longest = strip_invisible(typed), api_keys.LONGEST_NAME
    if not name:
        raise Invalid({"name": [FieldError("required")]})
    if len(name) > longest or not is_name(name):
        raise Invalid({"name": [FieldError("invalid", "device_name_malformed", {"n": longest})]})
    return name


def _require_known(scopes: Sequence[str]) -> None:
    known = api_keys.key_scopes()
    if not set(scopes) <= set(known):
        raise Invalid({"scopes": [FieldError("invalid_choice", params={"choices": ", ".join(known)})]})


def _require_possible(lives_for: timedelta) -> None:
    if not timedelta(seconds=1) <= lives_for <= api_keys.LONGEST_LIFE:
        raise Invalid({"expires_in": [FieldError("invalid", "key_life", {"days": api_keys.LONGEST_LIFE.days})]})
