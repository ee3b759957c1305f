"""Detection of a session that is used from another network and by another kind of client than it began with.

Laptops change networks and browsers change versions every day. Both at once is what a stolen token looks like (ASVS
8.2.4, OWASP Cookie Theft Mitigation; docs/decisions/0083).
"""

import re

from vestibule.conf import conf
from vestibule.kernel import networks
from vestibule.kernel.client import Client
from vestibule.sessions.devices import describe_user_agent
from vestibule.sessions.models import Session

_PRODUCT = re.compile(r"[^/\s(]*")


def note_move_elsewhere(session: Session, client: Client) -> bool:
    """Return whether the client is in another place than where the session began and was last noted to be.

    The place is noted in the caller's transaction, which has locked the session's row. Each place is therefore reported
    once, until the session is seen in another.
    """
    if not (session.address and client.ip_address) or session.address == client.ip_address:
        return False
    same_network = str(networks.customer_network(session.address)) == client.customer_network
    if same_network or _client_family(session.agent) == _client_family(client.user_agent):
        return False
    place = conf.keys.digest("elsewhere", f"{client.customer_network} {_client_family(client.user_agent)}".encode())
    if session.elsewhere and bytes(session.elsewhere) == place:
        return False
    Session.objects.filter(pk=session.pk).update(elsewhere=place)
    return True


def _client_family(agent: str) -> str:
    """Return the kind of client without its version: browser and system, or the product name of a program."""
    said = describe_user_agent(agent)
    found = _PRODUCT.match(agent)
    return said["name"] or (found[0] if found else "")
