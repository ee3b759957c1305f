"""The owner proved it: what every way to recover an account does, in one transaction.

A person who proves an address of the account, or one that it had, counts as its owner against all that was proved later
(accounts.address_history): every session ends, what was added since is removed, a closing is off, and every link and
code that was sent before is dead.
"""

from uuid import UUID

import structlog
from django.db import IntegrityError, models

from vestibule.accounts import address_history, lifecycle
from vestibule.accounts.address_history import ProvedAddress
from vestibule.accounts.identifiers import Email, Phone
from vestibule.accounts.lifecycle import LockedUser
from vestibule.accounts.models import FormerAddress, Profile, User
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.policy import Purpose
from vestibule.challenges.results import Proof
from vestibule.challenges.store import Challenge
from vestibule.courier import messages
from vestibule.flows import notices, step_up
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.sessions.models import Device, Session

log = structlog.get_logger("vestibule.flows")

# Every purpose, and every model that hangs on an account, stands in one of these: to add one is to say what a
# recovery does with it (tests/attacks/test_holes_recovery.py).
PERSON_PURPOSES = frozenset(
    {Purpose.EMAIL_CHANGE, Purpose.PHONE_CHANGE, Purpose.EMAIL_UNDO, Purpose.NOT_ME, Purpose.ACCOUNT_UNDO}
)
ADDRESS_PURPOSES = frozenset(step_up.RESETS)
ACCOUNTLESS_PURPOSES = frozenset({Purpose.REGISTRATION, Purpose.PENDING_REGISTRATION})
DELETED_MODELS: frozenset[type[models.Model]] = frozenset({Session, Device, FormerAddress})
KEPT_MODELS: frozenset[type[models.Model]] = frozenset({Profile})


def recover_account(client: Client, proof: Proof) -> User:
    """The owner proved the address that this proof went to, by a link that takes the account back: no password opens it
    until they set another. The account as it stands then.

    In the caller's transaction, so that what was compared is what is changed. Raises LinkExpired (the proof was sent
    before a recovery from there, or from an address that counts more), EmailTaken, PhoneTaken.
    """
    return restore_to_owner(client, *lock_proved_account(client, proof), lifecycle.NO_PASSWORD)


def restore_to_owner(client: Client, user: LockedUser, proved_address: ProvedAddress, password: str) -> User:
    """The owner proved this address of the account, which the caller's transaction holds: everything goes that came
    later, and this password hash opens it. Raises EmailTaken, PhoneTaken."""
    try:
        removed = lifecycle.restore_ownership(user, proved_address, client.at)
    except IntegrityError as error:
        raise (errors.EmailTaken if "@" in proved_address.address else errors.PhoneTaken) from error
    lifecycle.set_password_hash(user, password, client.at)
    step_up.end_sessions_and_devices(client, user.pk)
    if removed:
        _tell_address_removed(client, user, proved_address.address, removed)
    return User.objects.get(pk=user.pk)


def lock_proved_account(client: Client, proof: Proof) -> tuple[LockedUser, ProvedAddress]:
    """The account of a proof, its row locked until the caller's transaction ends, and the tenure of the address that
    the proof went to. Raises LinkExpired."""
    user = lifecycle.lock_user(UUID(proof.payload["user_id"]))
    by = address_history.find_proved_address(user, proof.payload, client.at) if user else None
    if user is None or by is None or (user.closes_at and user.closes_at <= client.at):
        raise errors.LinkExpired(subject=proof.subject)
    return user, by


def end_all_access(client: Client, user: User) -> None:
    """The staff decide: every session ends, and what was sent to the addresses that the account has is dead. A former
    address can still take back what it had. In the caller's transaction."""
    if held := lifecycle.lock_user(user.pk):
        lifecycle.invalidate_sent_proofs(held)
    step_up.end_sessions_and_devices(client, user.pk)


def retire_dead_challenges(client: Client, user_id: UUID, *addresses: str | None) -> None:
    """Tell the store what is dead by now, after the commit: the database decides without it, but a person who opens
    such a link is told why. `addresses`: those that were the account's, besides the ones that it has."""
    try:
        user = User.objects.get(pk=user_id)
        for seen in list_outstanding_challenges(user, *addresses):
            if address_history.find_proved_address(user, challenges.unseal_payload(seen), client.at) is None:
                challenges.retire(seen)
    except Exception:  # the work is committed: the person is told the truth
        log.warning("recovery.untidied", exc_info=True)


def list_outstanding_challenges(user: User, *addresses: str | None) -> list[Challenge]:
    """Every proof of the account that the store remembers, newest first of each kind."""
    known = {each for each in (user.email, user.phone_number, *addresses) if each}
    known |= set(FormerAddress.objects.filter(user=user).values_list("address", flat=True))
    return notices.list_outstanding_challenges(user.pk, PERSON_PURPOSES, ADDRESS_PURPOSES, known)


def _tell_address_removed(client: Client, user: User, by: Email | Phone, removed: Email | Phone) -> None:
    """Where mail goes: an SMS costs, and the owner has one that says that the password was changed."""
    mailed, number = (by, True) if "@" in by else (removed, False)
    record_event(events.PHONE_REMOVED if number else events.EMAIL_REMOVED, client, user_id=user.pk, code="recovered")
    notices.post_message(client, messages.PHONE_DROPPED if number else messages.EMAIL_DROPPED, mailed)
