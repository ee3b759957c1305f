"""Look at people, as the staff may: find somebody, and see the account, its sessions and its devices."""

from dataclasses import dataclass
from uuid import UUID

from vestibule.accounts import directory
from vestibule.accounts.models import User
from vestibule.flows import staff
from vestibule.flows.flow import flow
from vestibule.flows.staff import Thing
from vestibule.kernel.client import Client
from vestibule.sessions import devices, roster
from vestibule.sessions.models import Device, Session

PAGE = 50  # people a page
COUNTED = 1000  # people that are counted and turned to, at most: nobody reads further, and nobody waits for a count


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A person, where they are signed in, and what from."""

    user: User
    sessions: list[Session]
    devices: list[Device]


@flow("people.find")
def find(
    *, client: Client, search: str = "", status: str = "", role: str = "", page: int = 1
) -> tuple[int, list[User]]:
    """How many people there are that match (COUNTED at most; of a search, directory.FOUND), and one page of them, the
    newest first.

    Raises Unauthenticated, NotAllowed, StepUpRequired, Unavailable.
    """
    staff.may(client, Thing.LOOK)
    found = User.objects.filter(status=status) if status else User.objects.all()
    found = found.filter(role=role) if role else found
    found = directory.found(search, found) if search.strip() else found
    count = found.order_by()[:COUNTED].count()
    newest = found.order_by("-created_at", "-pk")[: min(count, page * PAGE)]
    return count, list(newest[(page - 1) * PAGE :])


@flow("people.show")
def show(*, client: Client, user_id: UUID) -> Shown:
    """One person. Raises Unauthenticated, NotAllowed, StepUpRequired, NotFound, Unavailable."""
    staff.may(client, Thing.LOOK)
    return Shown(
        user=staff.person(user_id),
        sessions=list(roster.living(user_id, client.at)),
        devices=list(devices.of(user_id)),
    )
