"""Look at people, as the staff may: find somebody, and see the account, its sessions and its devices."""

from dataclasses import dataclass
from uuid import UUID

from vestibule.accounts import directory
from vestibule.accounts.models import User
from vestibule.flows.flow import flow
from vestibule.flows.staff import permissions
from vestibule.flows.staff.permissions import Permission
from vestibule.kernel.client import Client
from vestibule.sessions import devices, registry
from vestibule.sessions.models import Device, Session

PEOPLE_PER_PAGE = 50  # people a page
MAX_COUNTED = 1000  # people that are counted and turned to, at most: nobody reads further, and nobody waits for a count


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDetails:
    """A person, where they are signed in, and what from."""

    user: User
    sessions: list[Session]
    devices: list[Device]


@flow("people.find")
def find_people(
    *, client: Client, search: str = "", status: str = "", role: str = "", page: int = 1
) -> tuple[int, list[User]]:
    """How many people there are that match (COUNTED at most; of a search, directory.MAX_SEARCH_RESULTS), and one page
    of them, the newest first.

    Raises Unauthenticated, NotAllowed, StepUpRequired, Unavailable.
    """
    permissions.require_permission(client, Permission.LOOK)
    found = User.objects.filter(status=status) if status else User.objects.all()
    found = found.filter(role=role) if role else found
    found = directory.search_users(search, found) if search.strip() else found
    count = found.order_by()[:MAX_COUNTED].count()
    newest = found.order_by("-created_at", "-pk")[: min(count, page * PEOPLE_PER_PAGE)]
    return count, list(newest[(page - 1) * PEOPLE_PER_PAGE :])


@flow("people.show")
def show_person(*, client: Client, user_id: UUID) -> PersonDetails:
    """One person. Raises Unauthenticated, NotAllowed, StepUpRequired, NotFound, Unavailable."""
    permissions.require_permission(client, Permission.LOOK)
    return PersonDetails(
        user=permissions.load_person(user_id),
        sessions=list(registry.list_live_sessions(user_id, client.at)),
        devices=list(devices.list_devices_of(user_id)),
    )
