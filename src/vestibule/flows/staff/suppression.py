"""Write again to an address that messages came back from, before BOUNCE_SILENCE is over, because its owner fixed the
mailbox."""

from uuid import UUID

from vestibule.accounts import directory
from vestibule.accounts.models import User
from vestibule.addresses.address import Address
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.courier import feedback
from vestibule.flows.flow import flow
from vestibule.flows.staff import permissions
from vestibule.flows.staff.permissions import Permission
from vestibule.kernel.client import Client
from vestibule.storage.database import atomic


@flow("silence.lift")
def lift_for_person(*, client: Client, user_id: UUID, reason: str) -> User:
    """Lift the suppression of every address of this person.

    Raises:
        Unauthenticated: the client is not signed in.
        NotAllowed: the client's role lacks the permission.
        EnrolmentRequired: the role needs a second factor, and the account has none.
        StepUpRequired: the sign-in is not recent.
        NotFound: there is no such person.
        Invalid: no reason was given.
        Unavailable: the database cannot be reached.
    """
    permissions.require_permission(client, Permission.LIFT)
    user, why = permissions.load_person(user_id), permissions.parse_reason(reason)
    with atomic():
        _lift_addresses(client, directory.addresses_of(user))
        record_event(events.SILENCE_LIFTED, client, user_id=user.pk, reason=why)
    return user


@flow("silence.lift_of")
def lift_for_address(*, client: Client, address: Address, reason: str) -> int:
    """Lift the suppression of this address, whether or not an account has it (`vestibule lift-silence`). Return how
    many of its messages had come back.

    Raises:
        Invalid: no reason was given.
        Unavailable: the database cannot be reached.
    """
    why = permissions.parse_reason(reason)
    with atomic():
        lifted = _lift_addresses(client, [address])
        record_event(events.SILENCE_LIFTED, client, subject=address.digest, reason=why)
    return lifted


def _lift_addresses(client: Client, addresses: list[Address]) -> int:
    known = [digest for address in addresses for digest in address.all_digests]
    return feedback.lift_suppression(known, before=client.at)
