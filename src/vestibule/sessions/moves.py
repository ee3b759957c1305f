"""Whether a session is used elsewhere than where it began: from another network and by another kind of client.

Laptops change networks and browsers their versions every day; that both are others is what a stolen token looks like
(ASVS 8.2.4, OWASP Cookie Theft Mitigation; docs/decisions/0083).
"""

import re

from django.conf import settings

from vestibule.kernel import networks
from vestibule.kernel.client import Client
from vestibule.sessions.devices import described
from vestibule.sessions.models import Session

_PRODUCT = re.compile(r"[^/\s(]*")


def moved(session: Session, client: Client) -> bool:
    """Whether the client is elsewhere, and not where the session was last found so. Noted in the caller's transaction,
    which holds the row: each place is told of once, until there is another."""
    if not (session.address and client.address):
        return False
    same_network = str(networks.site(session.address)) == client.wider_network
    if same_network or _kind(session.agent) == _kind(client.agent):
        return False
    place = settings.KEYS.digest("elsewhere", f"{client.wider_network} {_kind(client.agent)}".encode())
    if session.elsewhere and bytes(session.elsewhere) == place:
        return False
    Session.objects.filter(pk=session.pk).update(elsewhere=place)
    return True


def _kind(agent: str) -> str:
    """The kind of client, whatever its version: browser and system, or the product that a program calls itself."""
    said = described(agent)
    found = _PRODUCT.match(agent)
    return said["name"] or (found[0] if found else "")
