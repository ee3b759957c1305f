"""The passkeys of the signed-in person: make, list, rename, remove."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from vestibule.accounts.models import User
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges.comparison import verify_by_comparison
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import PasskeyEnrolmentPayload
from vestibule.challenges.policy import Purpose
from vestibule.challenges.store import Challenge
from vestibule.courier import factor_messages
from vestibule.factors import passkeys
from vestibule.factors.models import Passkey
from vestibule.factors.passkey_ceremonies import (
    NewCredential,
    PasskeyResponse,
    Unverifiable,
    parse_response,
    verify_registration,
)
from vestibule.flows import step_up
from vestibule.flows.account.factor_changes import FactorAdded, finish_addition, finish_removal
from vestibule.flows.account.ways_in import has_another_way_in
from vestibule.flows.flow import flow
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid
from vestibule.sessions.devices import describe_user_agent
from vestibule.storage.database import atomic


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyAdded:
    """A new passkey, and what followed from it."""

    passkey: Passkey
    factor: FactorAdded


@flow("passkeys.start")
def start_enrolment(*, client: Client) -> dict[str, Any]:
    """Return the options with which the browser makes a passkey (PublicKeyCredentialCreationOptions in JSON). The
    challenge in them is good for five minutes, once, and in this session alone.

    Raises:
        Unauthenticated: the client is not signed in.
        StepUpRequired: the sign-in is not recent.
        Invalid: the account has as many passkeys as it can have.
        Unavailable: a store cannot be reached.
    """
    user = step_up.require_recent_user(client)
    if client.session_id is None:
        raise errors.Unauthenticated
    _require_room(user)
    issued = challenges.issue(
        Purpose.PASSKEY_ENROLMENT,
        subject=challenges.person_subject(user.pk),
        payload=PasskeyEnrolmentPayload(user_id=user.pk, session_id=client.session_id),
        now=client.at,
    )
    nonce = challenges.secrets.sign_nonce(Purpose.PASSKEY_ENROLMENT, issued.id)
    return passkeys.build_creation_options(user, nonce)


@flow("passkeys.add")
def add_passkey(*, client: Client, credential: str, name: str = "", end_other_sessions: bool = False) -> PasskeyAdded:
    """Save the passkey that the browser made. `credential` is its JSON; `name` is what the person calls it, or "".

    The session counts as one that proved the passkey; one of the hosted pages continues under a new id.

    Raises:
        Unauthenticated: the client is not signed in.
        StepUpRequired: the sign-in is not recent.
        SessionRevoked: the session was ended meanwhile.
        Invalid: the credential was not made for this challenge, session and site, or an account has it already; the
            name is malformed; or the account has as many passkeys as it can have.
        LinkExpired: the challenge is too old.
        AlreadyUsed: the challenge was used before.
        Locked: another request uses the challenge.
        Unavailable: a store cannot be reached.
    """
    user = step_up.require_recent_user(client)
    chosen = passkeys.parse_name(name) if name else ""
    with _verify_enrolment(client, user, credential) as (made, challenge_id), _saving(), atomic():
        held = step_up.lock_current_user(client)
        _require_room(held)
        given = chosen or passkeys.make_name(made.aaguid, describe_user_agent(client.user_agent)["name"])
        passkey = passkeys.save_passkey(held, made, given, client.at)
        record_event(events.PASSKEY_ADDED, client, challenge_id=challenge_id, passkey=str(passkey.pk))
        amr = passkeys.list_amr(passkey)
        factor = finish_addition(
            client, held, factor_messages.PASSKEY_ADDED, amr, end_other_sessions=end_other_sessions
        )
    return PasskeyAdded(passkey=passkey, factor=factor)


@flow("passkeys.list")
def list_own_passkeys(*, client: Client) -> list[Passkey]:
    """Return the client's own passkeys, oldest first.

    Raises:
        Unauthenticated: the client is not signed in.
        Unavailable: the database cannot be reached.
    """
    return list(passkeys.list_passkeys(step_up.require_user(client).pk))


@flow("passkeys.rename")
def rename_passkey(*, client: Client, id: UUID, name: str) -> Passkey:
    """Rename a passkey.

    Raises:
        Unauthenticated: the client is not signed in.
        Invalid: the name is empty or too long, or holds invisible characters.
        NotFound: the client's account has no such passkey.
        Unavailable: the database cannot be reached.
    """
    user = step_up.require_user(client)
    chosen = passkeys.parse_name(name)
    with atomic():
        renamed = passkeys.rename_passkey(user.pk, id, chosen)
        if renamed is None:
            raise errors.NotFound
        record_event(events.PASSKEY_RENAMED, client, passkey=str(id))
    return renamed


@flow("passkeys.remove")
def remove_passkey(*, client: Client, id: UUID) -> None:
    """Remove a passkey. Every other session ends, and no device is remembered any more.

    Raises:
        Unauthenticated: the client is not signed in.
        StepUpRequired: the sign-in is not recent.
        SessionRevoked: the session was ended meanwhile.
        NotFound: the client's account has no such passkey.
        LastSignInMethod: nothing else opens the account.
        LastFactor: the role needs a second factor, and there is no other.
        Unavailable: the database cannot be reached.
    """
    step_up.require_recent_user(client)
    with atomic():
        user = step_up.lock_current_user(client)
        passkey = passkeys.list_passkeys(user.pk).filter(pk=id).first()
        if passkey is None:
            raise errors.NotFound
        if not has_another_way_in(user, without=passkey):
            raise errors.LastSignInMethod
        passkeys.delete_passkey(passkey)
        record_event(events.PASSKEY_REMOVED, client, passkey=str(id))
        finish_removal(client, user, factor_messages.PASSKEY_REMOVED)


def _require_room(user: User) -> None:
    if passkeys.list_passkeys(user.pk).count() >= passkeys.MOST_PASSKEYS:
        raise Invalid({"credential": [FieldError("invalid", "passkeys_too_many", {"n": passkeys.MOST_PASSKEYS})]})


@contextmanager
def _verify_enrolment(client: Client, user: User, credential: str) -> Iterator[tuple[NewCredential, UUID]]:
    """Verify the credential against the challenge of this session, use the challenge up, and yield what was made and
    the challenge's id."""

    def compare(payload: PasskeyEnrolmentPayload, _typed: str) -> NewCredential | None:
        is_own = (payload.user_id, payload.session_id) == (user.pk, client.session_id)
        return verify_registration(response) if is_own else None

    try:
        response, asked = _find_enrolment(credential)
        with verify_by_comparison(asked, credential, PasskeyEnrolmentPayload, compare, now=client.at) as (made, proof):
            yield made, proof.id
    except errors.Expired as expired:
        raise errors.LinkExpired(subject=expired.subject) from expired
    except (Unverifiable, errors.TokenInvalid, errors.WrongSecret, errors.Exhausted) as wrong:
        raise Invalid({"credential": [FieldError("invalid", "passkey_invalid")]}) from wrong


def _find_enrolment(credential: str) -> tuple[PasskeyResponse, Challenge]:
    response = parse_response(credential)
    return response, challenges.find_by_nonce(Purpose.PASSKEY_ENROLMENT, response.challenge)


@contextmanager
def _saving() -> Iterator[None]:
    """Refuse a credential that an account has already: the database knows."""
    try:
        yield
    except IntegrityError as error:
        raise Invalid({"credential": [FieldError("invalid", "passkey_taken")]}) from error
