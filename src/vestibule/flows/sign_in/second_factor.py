"""The second factor of a sign-in: the ticket that stands for the first one, and the proof of the second."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from vestibule.accounts.credentials import are_credentials_unchanged, digest_credentials
from vestibule.accounts.models import User
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import SecondFactorPayload
from vestibule.challenges.policy import Purpose
from vestibule.challenges.results import ChallengeStatus
from vestibule.challenges.store import Challenge
from vestibule.courier import factor_messages
from vestibule.factors import passkeys, registry, remembered_devices
from vestibule.factors.registry import Method
from vestibule.flows import notices, texted_codes
from vestibule.flows.completion import Authenticated, SignedIn, Via, complete
from vestibule.flows.factor_proofs import FactorProof, find_factor_proof, verify_factor
from vestibule.flows.flow import flow
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.sessions.devices import Recognised, find_device
from vestibule.sessions.models import MULTI_FACTOR
from vestibule.storage.database import atomic


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorProved:
    """A person is signed in by both factors. `remembered` is the token of a device that is to be remembered, or ""."""

    signed_in: SignedIn
    remembered: str = ""


@flow("sign_in.second_factor")
def prove_second_factor(
    *, client: Client, ticket: str, method: Method, secret: str, remember: bool = False
) -> FactorProved:
    """Sign in with the second factor. `secret` is the code, or the JSON of a passkey's assertion. `remember` makes the
    device one on which the second factor is not asked for.

    Wrong ones count against the ticket and, over all tickets and factors, against the account: only a client whose
    first factor was right can spend those tries.

    Raises:
        TokenInvalid: the ticket was not issued by this service.
        LinkExpired: the ticket is too old, or a credential was changed since the first factor.
        AlreadyUsed: the ticket was used before.
        Exhausted: the ticket has no tries left.
        FactorInvalid: the factor is wrong, or was used before.
        Locked: the account has no tries left for now, or another request holds the ticket.
        AccountSuspended: the account is suspended or closed.
        Unavailable: a store cannot be reached.
    """
    with _refusals_of_a_ticket():
        seen = _find_ticket(ticket)
        payload, user = _load_first_proof(client, seen)
        compare = partial(find_factor_proof, client, user, method, ticket=seen.id)
        with (
            _owner_told_if_exhausted(client, user, seen),
            verify_factor(client, seen, secret, compare) as proof,
            atomic(),
        ):
            proof.record_use(client, user)
            signed_in = _complete_with_both(client, seen, payload, user, proof)
            kind = method.value
            record_event(events.SECOND_FACTOR_PROVED, client, code=kind, user_id=user.pk, method=kind)
            token = remembered_devices.remember_device(client, user, digest_credentials(user)) if remember else ""
            return FactorProved(signed_in=signed_in, remembered=token)


@flow("sign_in.start_passkey_factor")
def start_passkey_factor(*, client: Client, ticket: str) -> dict[str, Any]:
    """Return the options with which a browser proves one of the account's passkeys for this ticket
    (PublicKeyCredentialRequestOptions in JSON). Their challenge is that of the ticket.

    Raises:
        TokenInvalid: the ticket was not issued by this service.
        LinkExpired: the ticket is too old, or a credential was changed since the first factor.
        AlreadyUsed: the ticket was used before.
        Exhausted: the ticket has no tries left.
        NotFound: the account has no passkey.
        Unavailable: a store cannot be reached.
    """
    found = passkeys.list_passkeys(_load_ticket_user(client, ticket).pk)
    if not found:
        raise errors.NotFound
    id = challenges.secrets.read_handle(Purpose.SECOND_FACTOR, ticket)
    return passkeys.build_request_options(challenges.secrets.sign_nonce(Purpose.SECOND_FACTOR, id), found)


@flow("sign_in.text_second_factor")
def text_code(*, client: Client, ticket: str) -> ChallengeStatus:
    """Send a code by SMS that proves the second factor for this ticket, where MFA_SMS is on.

    Raises:
        TokenInvalid: the ticket was not issued by this service.
        LinkExpired: the ticket is too old, or a credential was changed since the first factor.
        AlreadyUsed: the ticket was used before.
        Exhausted: the ticket has no tries left.
        NotFound: MFA_SMS is off, or the account has no proved number.
        TooSoon: the cooldown after the last send is not over.
        Throttled: no sends are left, or the limits on SMS are reached.
        Locked: another request sends a code for this ticket.
        Unavailable: a store cannot be reached.
    """
    with _refusals_of_a_ticket():
        seen = _find_ticket(ticket)
        _load_first_proof(client, seen)
        return texted_codes.send_code(client, seen)


@flow("sign_in.second_factor_methods")
def list_ticket_methods(*, client: Client, ticket: str) -> list[Method]:
    """Return how the second factor of this ticket can be proved.

    Raises:
        TokenInvalid: the ticket was not issued by this service.
        LinkExpired: the ticket is too old, or a credential was changed since the first factor.
        AlreadyUsed: the ticket was used before.
        Exhausted: the ticket has no tries left.
        Unavailable: a store cannot be reached.
    """
    return registry.list_methods(_load_ticket_user(client, ticket))


def _load_ticket_user(client: Client, ticket: str) -> User:
    """Return the account of a ticket that can still be used.

    Raises:
        TokenInvalid: the ticket was not issued by this service.
        LinkExpired: the ticket is too old, or a credential was changed since the first factor.
        AlreadyUsed: the ticket was used before.
        Exhausted: the ticket has no tries left.
    """
    with _refusals_of_a_ticket():
        return _load_first_proof(client, _find_ticket(ticket))[1]


@contextmanager
def _owner_told_if_exhausted(client: Client, user: User, ticket: Challenge) -> Iterator[None]:
    """Tell the owner once of a ticket whose tries are used up: who tried passed the first factor. The audit log knows
    which tickets were told of."""
    try:
        yield
    except errors.Exhausted:
        with suppress(errors.AlreadyUsed), atomic():
            record_event(events.SECOND_FACTOR_EXHAUSTED, client, user_id=user.pk, challenge_id=ticket.id)
            notices.warn_owner(client, user, factor_messages.SECOND_FACTOR_TROUBLE)
        raise


def _find_ticket(ticket: str) -> Challenge:
    return challenges.find_by_handle(Purpose.SECOND_FACTOR, ticket)


def _load_first_proof(client: Client, ticket: Challenge) -> tuple[SecondFactorPayload, User]:
    """Return what a ticket that can still be used stands for, and its account. A client that knows only a former
    credential must not even spend its tries.

    Raises:
        Expired: the ticket is too old, or a credential was changed since the first factor.
        AlreadyUsed: the ticket was used before.
        Exhausted: the ticket has no tries left.
    """
    if over := challenges.refusal_if_closed(ticket, client.at):
        raise over
    payload = challenges.unseal_payload(ticket, SecondFactorPayload)
    user = User.objects.get(pk=payload.user_id)
    if not are_credentials_unchanged(user, bytes.fromhex(payload.credentials)):
        raise errors.Expired(subject=ticket.subject)
    return payload, user


def _complete_with_both(
    client: Client, ticket: Challenge, payload: SecondFactorPayload, user: User, proof: FactorProof
) -> SignedIn:
    device = find_device(user.pk, payload.device_id) if payload.device_id else None
    authenticated = Authenticated(
        user=user,
        credentials=bytes.fromhex(payload.credentials),
        amr=[*payload.amr, *proof.amr, MULTI_FACTOR],
        via=Via(payload.via),
        recognised=Recognised(device=device, origin_digest=bytes.fromhex(payload.origin)),
        device_claims=payload.device_claims,
        page_lifetime=timedelta(seconds=payload.page_lifetime) if payload.page_lifetime else None,
        identity_id=payload.identity_id,
        identity_proved_at=ticket.sent_at,
    )
    entered = complete(client, authenticated)
    if not isinstance(entered, SignedIn):
        raise errors.FactorInvalid
    return entered


@contextmanager
def _refusals_of_a_ticket() -> Iterator[None]:
    """Turn what the engine says about codes into what the contract says about tickets."""
    try:
        yield
    except errors.WrongSecret as wrong:
        raise errors.FactorInvalid(attempts_left=wrong.attempts_left, subject=wrong.subject) from wrong
    except (errors.Expired, errors.InvalidCredentials) as dead:  # the latter: changed while the factor was compared
        raise errors.LinkExpired(subject=dead.subject) from dead
