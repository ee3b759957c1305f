"""The people for the staff: find a person, and see the account with its second factors, identities, sessions and
devices."""

from dataclasses import dataclass
from uuid import UUID

from vestibule.accounts import directory
from vestibule.accounts.models import User
from vestibule.factors import factor_resets, passkeys
from vestibule.factors.holdings import FactorSummary, summarize_factors
from vestibule.factors.models import FactorReset, Passkey
from vestibule.flows.flow import flow
from vestibule.flows.staff import permissions
from vestibule.flows.staff.permissions import Permission
from vestibule.identities import links
from vestibule.identities.models import Identity
from vestibule.kernel.client import Client
from vestibule.sessions import devices, registry
from vestibule.sessions.models import Device, Session

PEOPLE_PER_PAGE = 50
MAX_COUNTED = 1000  # people that are counted and paged through: an exact count of a large table would be slow


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDetails:
    """A person with their second factors, identities elsewhere, live sessions and devices. `factor_reset` is the
    order to remove the factors that waits for its time."""

    user: User
    factors: FactorSummary
    passkeys: list[Passkey]
    factor_reset: FactorReset | None
    identities: list[Identity]
    sessions: list[Session]
    devices: list[Device]


@flow("people.find")
def find_people(
    *, client: Client, search: str = "", status: str = "", role: str = "", page: int = 1
) -> tuple[int, list[User]]:
    """Return how many people match (MAX_COUNTED at most; of a search, `directory.MAX_SEARCH_RESULTS`), and one page of
    them, newest first.

    Raises:
        Unauthenticated: the client is not signed in.
        NotAllowed: the client's role lacks the permission.
        EnrolmentRequired: the role needs a second factor, and the account has none.
        StepUpRequired: the last proof is older than STAFF_SESSION.
        Unavailable: the database cannot be reached.
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
    """Return one person with second factors, identities, sessions and devices.

    Raises:
        Unauthenticated: the client is not signed in.
        NotAllowed: the client's role lacks the permission.
        EnrolmentRequired: the role needs a second factor, and the account has none.
        StepUpRequired: the last proof is older than STAFF_SESSION.
        NotFound: there is no such person.
        Unavailable: the database cannot be reached.
    """
    permissions.require_permission(client, Permission.LOOK)
    user = permissions.load_person(user_id)
    return PersonDetails(
        user=user,
        factors=summarize_factors(user, client.at),
        passkeys=list(passkeys.list_passkeys(user_id)),
        factor_reset=factor_resets.find_order(user_id),
        identities=list(links.list_identities(user)),
        sessions=list(registry.list_live_sessions(user_id, client.at)),
        devices=list(devices.list_devices_of(user_id)),
    )
