"""Write again to an address that mail came back from, before BOUNCE_SILENCE is over: its owner mended the mailbox."""

from uuid import UUID

from django.db.transaction import atomic

from vestibule.accounts import identifiers
from vestibule.accounts.identifiers import Email, Phone
from vestibule.accounts.models import User
from vestibule.audit import events
from vestibule.audit.record import record
from vestibule.courier import feedback
from vestibule.flows import staff
from vestibule.flows.flow import flow
from vestibule.flows.staff import Thing
from vestibule.kernel.client import Client


@flow("silence.lift")
def lift(*, client: Client, user_id: UUID, reason: str) -> User:
    """Every address of this person is written to again.

    Raises Unauthenticated, NotAllowed, StepUpRequired, NotFound, Invalid (no reason), Unavailable.
    """
    staff.may(client, Thing.LIFT)
    user, why = staff.person(user_id), staff.reason(reason)
    addresses = [identifiers.address(each) for each in (user.email, user.phone_number) if each]
    with atomic():
        _forget(client, addresses)
        record(events.SILENCE_LIFTED, client, user_id=user.pk, reason=why)
    return user


@flow("silence.lift_of")
def lift_of(*, client: Client, address: Email | Phone, reason: str) -> int:
    """The address is written to again, whether or not somebody has it (`vestibule lift-silence`); how many of its
    messages had come back. Raises Invalid (no reason), Unavailable."""
    why = staff.reason(reason)
    with atomic():
        lifted = _forget(client, [address])
        record(events.SILENCE_LIFTED, client, subject=identifiers.digest(address), reason=why)
    return lifted


def _forget(client: Client, addresses: list[Email | Phone]) -> int:
    known = [digest for address in addresses for digest in identifiers.digests(address)]
    return feedback.lift(known, before=client.at)
