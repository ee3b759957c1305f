"""The last way back for a person who lost every second factor: the staff order that all are removed. It is done after
24 hours, unless the owner stops it by a link or proves a factor (docs/decisions/0118)."""

from datetime import datetime

from vestibule.accounts import lifecycle
from vestibule.accounts.lifecycle import LockedUser
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import WayBackPayload
from vestibule.challenges.policy import Purpose, SecretKind
from vestibule.courier import factor_messages
from vestibule.factors import factor_resets, holdings
from vestibule.flows import notices, step_up
from vestibule.flows.flow import flow
from vestibule.flows.recovery import account_recovery
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.storage.database import atomic


def announce_reset(client: Client, user: LockedUser) -> None:
    """Tell the owner at every proved address, each with a link that stops it, in the caller's transaction."""
    for address in notices.proved_addresses(user):
        notices.send_account_link(
            client, user, Purpose.FACTOR_RESET_STOP, factor_messages.FACTOR_RESET_ORDERED, address, page="factors_keep"
        )


@flow("second_factors.keep")
def stop_reset(*, client: Client, token: str) -> None:
    """Stop the removal of the second factors, through the link that was sent when the staff ordered it.

    Raises:
        TokenInvalid: the link was not issued by this service.
        LinkExpired: the link is too old, or the removal was stopped or done before.
        AlreadyUsed: the link was used before.
        Locked: another request holds this link.
        Unavailable: a store cannot be reached.
    """
    seen, secret = challenges.find_live_link(Purpose.FACTOR_RESET_STOP, token, client.at)
    with challenges.verify(seen, secret, WayBackPayload, now=client.at, by=SecretKind.LINK) as proof, atomic():
        user, _ = account_recovery.lock_proved_account(client, proof)
        if not factor_resets.take_order(user.pk):
            raise errors.LinkExpired(subject=proof.subject)
        record_event(events.FACTOR_RESET_STOPPED, client, user_id=user.pk, code="link", challenge_id=proof.id)


def carry_out_due_resets(now: datetime, limit: int) -> int:
    """Remove the factors of at most `limit` accounts whose time has come, each in its own transaction, and return how
    many."""
    due = list(factor_resets.due_orders(now).values_list("user_id", flat=True)[:limit])
    client = Client.for_system("worker", now)
    done = 0
    for user_id in due:
        with atomic():
            user = lifecycle.lock_user(user_id)
            if user and factor_resets.take_order(user_id):
                _remove_factors(client, user)
                done += 1
    return done


def _remove_factors(client: Client, user: LockedUser) -> None:
    holdings.delete_factors(user)
    record_event(events.FACTORS_RESET, client, user_id=user.pk)
    step_up.end_sessions_and_devices(client, user.pk)
    notices.warn_owner(client, user, factor_messages.FACTORS_RESET)
