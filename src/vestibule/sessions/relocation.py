"""Whether a session is used elsewhere than where it began: from another network and by another kind of client.

Laptops change networks and browsers their versions every day; that both are others is what a stolen token looks like
(ASVS 8.2.4, OWASP Cookie Theft Mitigation; docs/decisions/0083).
"""

import re

from django.conf import settings

from vestibule.kernel import networks
from vestibule.kernel.client import Client
from vestibule.sessions.devices import describe_user_agent
from vestibule.sessions.models import Session

_PRODUCT = re.compile(r"[^/\s(]*")


def note_move_elsewhere(session: Session, client: Client) -> bool:
    """Whether the client is elsewhere, and not where the session was last found so. Noted in the caller's transaction,
    which holds the row: each place is told of once, until there is another."""
    if not (session.address and client.ip_address):
        return False
    same_network = str(networks.customer_network(session.address)) == client.customer_network
    if same_network or _client_family(session.agent) == _client_family(client.user_agent):
        return False
    place = settings.KEYS.digest("elsewhere", f"{client.customer_network} {_client_family(client.user_agent)}".encode())
    if session.elsewhere and bytes(session.elsewhere) == place:
        return False
    Session.objects.filter(pk=session.pk).update(elsewhere=place)
    return True


def _client_family(agent: str) -> str:
    """The kind of client, whatever its version: browser and system, or the product that a program calls itself."""
    said = describe_user_agent(agent)
    found = _PRODUCT.match(agent)
    return said["name"] or (found[0] if found else "")
