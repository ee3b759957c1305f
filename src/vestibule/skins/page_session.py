"""Who is signed in to the pages, and to the admin, by the cookie of their session."""

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from vestibule.guards import rules
from vestibule.kernel.client import Client
from vestibule.kernel.errors import SessionRevoked, Unauthenticated
from vestibule.sessions import access, roster
from vestibule.sessions.models import Session
from vestibule.skins.cookies import SESSION, unsigned
from vestibule.skins.edge import admit


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
