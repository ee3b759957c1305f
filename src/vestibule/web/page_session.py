"""The client of the pages and the admin, by the session cookie."""

from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone

from vestibule.kernel.client import Client
from vestibule.kernel.errors import SessionRevoked, Unauthenticated
from vestibule.limits import rules
from vestibule.limits.rules import Rule
from vestibule.sessions import access_tokens, registry
from vestibule.web.cookies import page_session_id
from vestibule.web.edge import admit
from vestibule.web.language import speak_own_language


def admit_page(request: HttpRequest, *, before_enrolment: bool = False) -> Client:
    """Return the Client of a person who is signed in to the pages. `before_enrolment`: see `web.edge.admit`.

    Raises:
        Unauthenticated: there is no valid session cookie.
        SessionRevoked: the session is not live.
        EnrolmentRequired: the account has to set up a second factor first.
        Throttled: the rate for signed-in requests is used up.
        Unavailable: the rates cannot be counted.
    """
    return admit_page_session(request, page_session_id(request), rules.TOKEN, before_enrolment=before_enrolment)


def admit_page_session(
    request: HttpRequest, id: UUID | None, rule: rules.Rule, *, before_enrolment: bool = False, is_use: bool = True
) -> Client:
    """Return the Client of the session of the pages with this id, as `admit_page` does. `is_use` says that the person
    is at work, so that the session is not idle.

    Raises:
        Unauthenticated: there is no id.
        SessionRevoked: the session is not live, or none of the pages.
        EnrolmentRequired: the account has to set up a second factor first.
        Throttled: the rate is used up.
        Unavailable: the rates cannot be counted.
    """
    if id is None:
        raise Unauthenticated
    session = access_tokens.find_session(id, timezone.now())
    if not session.is_page:
        raise SessionRevoked
    speak_own_language(request, session.user.language)
    client = admit(request, rule, session=session, before_enrolment=before_enrolment)
    if is_use:
        registry.update_last_seen(session, client.at)
    return client


def admit_visitor(request: HttpRequest, rule: Rule) -> Client:
    """Return the Client of who opens a page that is for everybody: signed in or, under `rule`, not.

    Raises:
        Throttled: a rate is used up.
        Unavailable: the rates cannot be counted.
    """
    try:
        return admit_page(request, before_enrolment=True)
    except (Unauthenticated, SessionRevoked):
        return admit(request, rule)
