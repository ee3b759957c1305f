"""The cookies by which a browser is known, to the pages and the admin alike: its session, and its own mark."""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from vestibule.guards import rules
from vestibule.kernel.client import Client
from vestibule.kernel.errors import SessionRevoked, Unauthenticated
from vestibule.kernel.sealing import Unsealable
from vestibule.sessions import access, roster
from vestibule.sessions.models import Session
from vestibule.skins.edge import admit

SESSION, DEVICE = "page session", "page device"


def admit_page(request: HttpRequest) -> Client:
    """The Client of somebody who is signed in to the pages. Raises Unauthenticated, SessionRevoked, Throttled,
    Unavailable."""
    id = unsigned(SESSION, request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""))
    if id is None:
        raise Unauthenticated
    session = Session.objects.select_related("user").filter(pk=id, is_page=True).first()
    if session is None or not access.live(session, timezone.now()):
        raise SessionRevoked
    client = admit(request, rules.TOKEN, session=session)
    roster.seen(session, client.at)
    return client


def unsigned(purpose: str, cookie: str) -> UUID | None:
    """The id in a cookie that we signed for this purpose, or None."""
    try:
        return UUID(bytes=settings.KEYS.unsign(purpose, cookie))
    except (Unsealable, ValueError):
        return None
