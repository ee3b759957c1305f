"""An application sends a person here to sign out (OpenID Connect RP-Initiated Logout 1.0)."""

from dataclasses import dataclass
from enum import Enum

from vestibule.accounts.models import User
from vestibule.applications import errors, redirect_uris
from vestibule.applications.authorization_request import Parameters, Reader
from vestibule.applications.directory import find_application
from vestibule.applications.grants import revoke_grants
from vestibule.applications.id_token_hints import IdTokenHint, read_hint
from vestibule.applications.models import Application
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.flows.flow import flow
from vestibule.kernel.client import Client
from vestibule.sessions import registry
from vestibule.storage.database import atomic


class Outcome(Enum):
    """What became of a request to sign out."""

    SIGNED_OUT = "signed out"  # also where nobody was signed in
    CONFIRMATION_NEEDED = "confirmation needed"
    STAYED = "stayed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOut:
    """A request to sign out, and what became of it. `application` is None if it names none. `return_uri` is registered
    for the application; "" if the request names none. `user` is the person who is, or was, signed in."""

    outcome: Outcome
    application: Application | None
    return_uri: str
    state: str | None
    user: User | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    application: Application | None
    hint: IdTokenHint | None
    return_uri: str
    state: str | None


@flow("applications.sign_out")
def sign_out(*, client: Client, given: Parameters, answer: bool | None = None) -> SignOut:
    """End the session of a person whom an application sends here, and what the application holds of it, offline or not.

    The person is asked first, unless the application brings the ID token that it got for this very session: a link that
    anybody can write signs nobody out. `answer` is what the person said; None if they were not asked.

    Raises:
        ApplicationUnknown: the application is unknown, the ID token is that of another one, or the address to return to
            is not registered for it: nobody is redirected.
        Unavailable: the database cannot be reached.
    """
    request = _read_request(given)
    return SignOut(
        outcome=_decide(client, request, answer),
        application=request.application,
        return_uri=request.return_uri,
        state=request.state,
        user=client.account if isinstance(client.account, User) else None,
    )


def _read_request(given: Parameters) -> _Request:
    read, hints = Reader(given), given.get("id_token_hint", ())
    try:
        client_id, return_uri, state = map(read.one, ("client_id", "post_logout_redirect_uri", "state"))
    except errors.InvalidRequest as invalid:
        raise errors.ApplicationUnknown from invalid
    hint = read_hint(hints[0]) if len(hints) == 1 else None
    application = find_application(client_id) if client_id else hint.application if hint else None
    is_anothers = hint is not None and application is not None and hint.application.pk != application.pk
    if is_anothers or (client_id and application is None) or not _may_return(application, return_uri):
        raise errors.ApplicationUnknown
    return _Request(
        application=application, hint=hint, return_uri=return_uri, state=state if "state" in given else None
    )


def _may_return(application: Application | None, return_uri: str) -> bool:
    if not return_uri:
        return True
    return application is not None and redirect_uris.is_registered(
        return_uri, application.post_logout_redirect_uris, application.type
    )


def _decide(client: Client, request: _Request, answer: bool | None) -> Outcome:
    if client.user_id is None or client.session_id is None:
        return Outcome.SIGNED_OUT
    if answer is False:
        return Outcome.STAYED
    if not answer and not (request.hint and request.hint.is_of_session(client.session_id)):
        return Outcome.CONFIRMATION_NEEDED
    with atomic():
        # First: it waits for a code that the session gives tokens for.
        if ended := registry.revoke_sessions(client.user_id, client.at, only_session=client.session_id):
            record_event(events.SESSION_ENDED, client, sessions=ended)
        if request.application and revoke_grants(
            client.user_id, client.at, only_application=request.application.pk, only_session=client.session_id
        ):
            record_event(events.APPLICATION_SIGNED_OUT, client, application=request.application.client_id)
    return Outcome.SIGNED_OUT
