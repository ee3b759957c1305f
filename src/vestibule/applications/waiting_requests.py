"""A request for a code that waits until its person has done what is owed: bound to one browser, and answered once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vestibule.applications import errors
from vestibule.applications.directory import find_application
from vestibule.applications.errors import Answer
from vestibule.applications.models import Application
from vestibule.applications.redirect_uris import is_registered
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import AuthorizationRequestPayload
from vestibule.challenges.policy import Purpose
from vestibule.challenges.store import Challenge
from vestibule.kernel import entropy
from vestibule.kernel import errors as refusals
from vestibule.kernel.client import Client

REQUEST_URI_PREFIX = "urn:ietf:params:oauth:request_uri:"  # RFC 9126, 2.2


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRequest:
    """A request as it came: directly, or by the name of one that waits (`pending`)."""

    application: Application
    request: AuthorizationRequestPayload
    since: datetime
    pending: Challenge | None = None

    @property
    def answer(self) -> Answer:
        """Where its answers go."""
        state = self.request.state
        return Answer(
            redirect_uri=self.request.redirect_uri,
            response_mode=self.request.response_mode,
            parameters={} if state is None else {"state": state},
        )


def find_waiting_request(client_id: str, request_uri: str) -> tuple[Application, str] | None:
    """Return the application of a request that waits for its person, and the address that its answer goes to; None if
    none waits under this name."""
    try:
        seen = challenges.find_by_handle(Purpose.AUTHORIZATION_REQUEST, request_uri.removeprefix(REQUEST_URI_PREFIX))
        request = challenges.unseal_payload(seen, AuthorizationRequestPayload)
    except (refusals.TokenInvalid, refusals.Expired):
        return None
    found = _find_application_of(request, client_id)
    return (found, request.redirect_uri) if found else None


def read_waiting_request(client: Client, client_id: str, request_uri: str, browser: UUID | None) -> AskedRequest:
    """Return the request that waits under this name.

    Raises:
        ApplicationUnknown: there is none for this application.
        LinkExpired: it is too old.
        AlreadyUsed: it was answered before.
        OtherBrowser: another browser began it.
    """
    try:
        seen = challenges.find_by_handle(Purpose.AUTHORIZATION_REQUEST, request_uri.removeprefix(REQUEST_URI_PREFIX))
        request = challenges.unseal_payload(seen, AuthorizationRequestPayload)
    except refusals.TokenInvalid as invalid:
        raise errors.ApplicationUnknown from invalid
    except refusals.Expired as expired:
        raise refusals.LinkExpired from expired
    if over := challenges.refusal_if_closed(seen, client.at):
        raise refusals.LinkExpired if isinstance(over, refusals.Expired) else over
    application = _find_application_of(request, client_id)
    if application is None:
        raise errors.ApplicationUnknown
    if request.browser not in (None, browser):
        raise refusals.OtherBrowser
    return AskedRequest(application=application, request=request, since=seen.sent_at, pending=seen)


def _find_application_of(request: AuthorizationRequestPayload, client_id: str) -> Application | None:
    """Return the application of the request, if it has this client id, and still the address that the request named."""
    found = find_application(client_id)
    if found is None or found.pk != request.application_id:
        return None
    return found if is_registered(request.redirect_uri, found.redirect_uris, found.type) else None


def keep_request(client: Client, request: AuthorizationRequestPayload) -> tuple[str, int]:
    """Keep the request until its person has done what is owed. Return its name and its life in seconds."""
    nobody = challenges.person_subject(entropy.random_uuid())
    issued = challenges.issue(Purpose.AUTHORIZATION_REQUEST, subject=nobody, payload=request, now=client.at)
    return REQUEST_URI_PREFIX + issued.handle, issued.status.expires_in


@contextmanager
def using_up(client: Client, asked: AskedRequest) -> Iterator[None]:
    """Use up the request that waits, if the body succeeds: of two answers to it, one counts.

    Raises:
        AlreadyUsed: it was answered before.
        Locked: another request answers it.
    """
    if asked.pending is None:
        yield
        return
    with challenges.verify(asked.pending, "", AuthorizationRequestPayload, now=client.at, matches=lambda *_: True):
        yield
