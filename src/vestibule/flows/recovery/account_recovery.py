"""What every way of recovering an account does, in one transaction.

A person who proves an address of the account, present or former, counts as its owner against everything proved later
(`accounts.address_history`). Every session ends, what was added since is removed, a closing is cancelled, and every
link and code sent before is void.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError

from vestibule.accounts import address_history, directory, lifecycle
from vestibule.accounts.address_history import ProvedAddress
from vestibule.accounts.lifecycle import LockedUser
from vestibule.accounts.models import User
from vestibule.addresses.address import Address, Email
from vestibule.applications.holdings import delete_consents
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import Payload, RecoveryPayload, WayBackPayload
from vestibule.challenges.policy import Purpose
from vestibule.challenges.results import Proof
from vestibule.courier import messages
from vestibule.factors.holdings import delete_factors_added_since
from vestibule.flows import notices, step_up
from vestibule.identities.links import delete_disowned_identities
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.sessions import registry

# Every purpose stands in one of these sets, so that nobody adds one without deciding what a recovery does with it (held
# by tests/attacks/test_holes_recovery.py). What it does with each table says docs/personal-data.md.
PERSON_PURPOSES = frozenset(
    {
        *(Purpose.EMAIL_CHANGE, Purpose.PHONE_CHANGE, Purpose.EMAIL_UNDO, Purpose.NOT_ME, Purpose.ACCOUNT_UNDO),
        *(Purpose.SECOND_FACTOR, Purpose.TEXTED_CODE, Purpose.PASSKEY_ENROLMENT, Purpose.FACTOR_RESET_STOP),
        *(Purpose.SOCIAL_LINK, Purpose.AUTHORIZATION_CODE),
    }
)
ADDRESS_PURPOSES = frozenset({*step_up.RESETS, Purpose.MAGIC_LINK})
ACCOUNTLESS_PURPOSES = frozenset(
    {
        *(Purpose.REGISTRATION, Purpose.PENDING_REGISTRATION, Purpose.PASSKEY_SIGN_IN),
        *(Purpose.AUTHORIZATION_REQUEST, Purpose.DEVICE_AUTHORIZATION),
        *(Purpose.SOCIAL_VISIT, Purpose.SOCIAL_ANSWER, Purpose.SOCIAL_EMAIL),
    }
)
# As long as a link that says "this wasn't me" can be used after a factor was added.
PROTEST_PERIOD = timedelta(hours=72)


def recover_account(client: Client, proof: Proof[WayBackPayload]) -> User:
    """Restore the account to the owner who proved the address of this link, and return it. No password opens it until
    the owner sets another. Second factors and identities that were added after the link was sent, or in the 72
    hours before, are removed: their owner could still say that they are a thief's. Older factors stay, or the mailbox
    alone would open the account (ASVS 6.4.3). Of the session that the message told of, the identity that opened it goes
    as the password does, and what it linked however long ago.

    Call it in the transaction of the proof, so that what was compared is what is changed.

    Raises:
        LinkExpired: a recovery from this address, or from one that counts more, came after the link.
        EmailTaken: another account has the e-mail address that would be restored.
        PhoneTaken: another account has the number that would be restored.
    """
    user = restore_to_owner(client, *lock_proved_account(client, proof), lifecycle.NO_PASSWORD)
    since = proof.sent_at - PROTEST_PERIOD
    if delete_factors_added_since(user, since):
        record_event(events.FACTORS_REMOVED, client, user_id=user.pk, code="recovered")
    disowned = registry.list_continuations(user.pk, proof.payload.session_id) if proof.payload.session_id else []
    for provider in delete_disowned_identities(
        user,
        linked_since=since,
        linked_by=[session.pk for session in disowned],
        ids=[session.identity_id for session in disowned if session.identity_id],
    ):
        record_event(events.IDENTITY_UNLINKED, client, user_id=user.pk, code="recovered", provider=provider)
    return user


def restore_to_owner(client: Client, user: LockedUser, proved_address: ProvedAddress, password: str) -> User:
    """Restore a locked account to the owner of the proved address: remove what was added later, and set this password
    hash.

    Raises:
        EmailTaken: another account has the e-mail address that would be restored.
        PhoneTaken: another account has the number that would be restored.
    """
    try:
        removed = lifecycle.restore_ownership(user, proved_address, client.at)
    except IntegrityError as error:
        raise proved_address.address.taken_refusal from error
    lifecycle.set_password_hash(user, password, client.at)
    delete_consents(user)
    step_up.end_sessions_and_devices(client, user.pk)
    if removed:
        _tell_address_removed(client, user, proved_address.address, removed)
    return User.objects.get(pk=user.pk)


def lock_proved_account(client: Client, proof: Proof[RecoveryPayload]) -> tuple[LockedUser, ProvedAddress]:
    """Lock the account of a proof until the caller's transaction ends. Return it with the proved address and its
    tenure.

    Raises:
        LinkExpired: the account is gone, or a recovery came after the proof was sent.
    """
    user = lifecycle.lock_user(proof.payload.user_id)
    by = _find_proved_address(user, proof.payload, client.at) if user else None
    if user is None or by is None or (user.closes_at and user.closes_at <= client.at):
        raise errors.LinkExpired(subject=proof.subject)
    return user, by


def end_all_access(client: Client, user: User) -> None:
    """End every session and void every proof sent to the account's present addresses, in the caller's transaction. The
    staff call this. A former address can still take the account back."""
    if held := lifecycle.lock_user(user.pk):
        lifecycle.invalidate_sent_proofs(held)
    step_up.end_sessions_and_devices(client, user.pk)


def retire_dead_challenges(client: Client, user_id: UUID) -> None:
    """Tell the challenge store which proofs are void, after the commit. The database decides without it; this only lets
    a person who opens such a link learn why it fails."""
    with step_up.tidying_after_commit():
        user = User.objects.get(pk=user_id)
        known = {*directory.addresses_of(user), *address_history.former_addresses_of(user)}
        for seen in notices.list_outstanding_challenges(user.pk, PERSON_PURPOSES, ADDRESS_PURPOSES, known):
            if _find_proved_address(user, challenges.unseal_payload(seen, Payload), client.at) is None:
                challenges.retire(seen)


def _find_proved_address(user: User, payload: Payload, now: datetime) -> ProvedAddress | None:
    """Return the proved address that a proof was sent to. The proof of a pending change of address has none."""
    if not isinstance(payload, RecoveryPayload):
        return None
    return address_history.find_proved_address(user, payload.address, payload.epoch, now)


def _tell_address_removed(client: Client, user: User, by: Address, removed: Address) -> None:
    """Tell the owner by mail that an address was removed. No SMS is sent: it costs, and the owner gets one about the
    password."""
    event, kind, mailed = (
        (events.PHONE_REMOVED, messages.PHONE_DROPPED, by)
        if isinstance(by, Email)
        else (events.EMAIL_REMOVED, messages.EMAIL_DROPPED, removed)
    )
    record_event(event, client, user_id=user.pk, code="recovered")
    notices.post_message(client, kind, mailed, owner=user)
