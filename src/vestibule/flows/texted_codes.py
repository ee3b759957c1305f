"""Codes by SMS in place of a second factor (MFA_SMS). Each belongs to one ticket of a sign-in: wrong ones spend the
ticket's tries, and the code is dead with it (NIST SP 800-63B-4, 3.1.3.3: restricted, and off by default)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

from vestibule.accounts import lifecycle
from vestibule.accounts.credentials import are_credentials_unchanged
from vestibule.accounts.models import User
from vestibule.addresses.address import Phone
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges.codes import parse_code
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import SecondFactorPayload, TextedCodePayload
from vestibule.challenges.policy import DIGITS, Purpose, SecretKind
from vestibule.challenges.results import ChallengeStatus, Issued
from vestibule.challenges.store import Challenge
from vestibule.courier import allowances, factor_messages
from vestibule.courier.allowances import Permit
from vestibule.factors.registry import Method, list_methods
from vestibule.flows import notices
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.storage.database import atomic

_WAIT = 3600  # seconds that a person is told to wait for a further text (limits.rules.TEXTS)


def send_code(client: Client, ticket: Challenge) -> ChallengeStatus:
    """Send a code for this ticket to the account's proved number, in place of an earlier one.

    Raises:
        NotFound: the account cannot prove a second factor by SMS.
        InvalidCredentials: a credential, like the number, was changed since the first factor.
        TooSoon: the cooldown after the last send is not over.
        Throttled: no sends are left, or the limits on SMS are reached.
        Locked: another request sends a code for this ticket.
    """
    first, kind = challenges.unseal_payload(ticket, SecondFactorPayload), factor_messages.FACTOR_CODE
    with _new_code(client, ticket, first.user_id) as issued:
        user = lifecycle.lock_user(first.user_id)
        if user is None or not are_credentials_unchanged(user, bytes.fromhex(first.credentials)):
            raise errors.InvalidCredentials(reason="credentials_changed")
        if Method.SMS not in list_methods(user):
            raise errors.NotFound
        number = Phone(user.phone_number or "")
        permit = allowances.acquire_permit(client, kind, number)
        if permit != Permit():  # nobody could type a code that waits for the digest, or never goes
            raise errors.Throttled(retry_after=_WAIT)
        notices.post_message(client, kind, number, owner=user, issued=issued, permit=permit)
        record_event(events.SECOND_FACTOR_TEXTED, client, user_id=user.pk)
    lives = min(issued.status.expires_in, challenges.status_of(ticket, client.at).expires_in)
    return replace(issued.status, expires_in=lives)


def is_texted_code(client: Client, user: User, typed: str, ticket: UUID | None) -> bool:
    """Return whether this is the code that was sent last for this ticket. The caller counts the try."""
    sent = _find_sent_code(user.pk, ticket) if ticket else None
    code = parse_code(typed, DIGITS)
    if sent is None or code is None or challenges.refusal_if_closed(sent, client.at):
        return False
    return challenges.secrets.matches_secret(sent, code, SecretKind.CODE)


@contextmanager
def _new_code(client: Client, ticket: Challenge, user_id: UUID) -> Iterator[Issued[TextedCodePayload]]:
    """Yield a new code in a transaction, instead of the one that was sent before, if any. Of two requests at once for
    the first, one gets it."""
    if sent := _find_sent_code(user_id, ticket.id):
        with challenges.resend(sent, TextedCodePayload, now=client.at) as issued, atomic():
            yield issued
        return
    with atomic():
        lifecycle.lock_user(user_id)
        if sent := _find_sent_code(user_id, ticket.id):
            challenges.check_may_resend(sent, client.at)
        payload, subject = TextedCodePayload(ticket_id=ticket.id), challenges.person_subject(user_id)
        yield challenges.issue(Purpose.TEXTED_CODE, subject=subject, payload=payload, now=client.at)


def _find_sent_code(user_id: UUID, ticket: UUID) -> Challenge | None:
    found = challenges.list_for_person(Purpose.TEXTED_CODE, user_id)
    return next((each for each in found if _ticket_of(each) == ticket), None)


def _ticket_of(sent: Challenge) -> UUID:
    return challenges.unseal_payload(sent, TextedCodePayload).ticket_id
