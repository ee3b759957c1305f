"""An application sends a person here to sign in: the request is checked, the person does what is owed, and the browser
brings a code back (RFC 6749, 4.1; OpenID Connect Core, 3.1.2)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from uuid import UUID

from vestibule.accounts.credentials import digest_credentials
from vestibule.accounts.models import User
from vestibule.applications import errors
from vestibule.applications.authorization_request import (
    Parameters,
    find_trusted_address,
    parse_request,
    refuse_by_redirect,
)
from vestibule.applications.client_authentication import Credentials, authenticate_application
from vestibule.applications.consents import needs_no_consent, save_consent
from vestibule.applications.errors import Answer, OAuthError
from vestibule.applications.models import Application
from vestibule.applications.waiting_requests import (
    REQUEST_URI_PREFIX,
    AskedRequest,
    keep_request,
    read_waiting_request,
    using_up,
)
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import AuthorizationCodePayload, AuthorizationRequestPayload
from vestibule.challenges.policy import Purpose
from vestibule.conf import conf
from vestibule.factors.registry import has_second_factor
from vestibule.flows import step_up
from vestibule.flows.applications.client_documents import refresh_document
from vestibule.flows.flow import flow
from vestibule.kernel import errors as refusals
from vestibule.kernel.client import Client
from vestibule.sessions.models import MULTI_FACTOR
from vestibule.storage.database import atomic


class Step(Enum):
    """What the person has to do before the application gets its code."""

    SIGN_IN = "sign in"
    SIGN_UP = "sign up"
    ENROL = "enrol"  # set up the second factor that their role needs
    REAUTHENTICATE = "reauthenticate"
    CONSENT = "consent"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepNeeded:
    """The person has something to do first. `request_uri` names the request meanwhile, in this browser alone."""

    step: Step
    application: Application
    request_uri: str
    login_hint: str = ""
    ui_locales: str = ""  # the languages that the application asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRequest:
    """A request that waits for the person's consent, for the page that asks for it."""

    application: Application
    request: AuthorizationRequestPayload
    user: User


@flow("applications.push_request")
def push_request(*, client: Client, credentials: Credentials, given: Parameters) -> tuple[str, int]:
    """Keep a request that an application sends by itself, and return its `request_uri` and its life in seconds (RFC
    9126).

    Raises:
        InvalidClient: the application did not prove who it is.
        OAuthError: the request is refused.
        Throttled: too many documents of applications were read.
        Unavailable: a store cannot be reached.
    """
    try:
        refresh_document(client, credentials.client_id)
    except errors.ApplicationUnknown as unknown:
        raise errors.InvalidClient("the document at client_id cannot be used") from unknown
    application = authenticate_application(client, credentials)
    try:
        addressed, answer = find_trusted_address({**given, "client_id": [application.client_id]})
    except errors.ApplicationUnknown as unknown:
        raise errors.InvalidRequest("redirect_uri is not one of the application's") from unknown
    return keep_request(client, parse_request(addressed, answer, given))


@flow("applications.authorize")
def authorize(*, client: Client, given: Parameters, browser: UUID) -> Answer | StepNeeded:
    """Return the answer with a code for the application, or what the person has to do first. `browser` is the one that
    asks.

    Raises:
        ApplicationUnknown: the application or its address is unknown.
        Throttled: too many documents of applications were read.
        OAuthError: the request is refused; its `answer` goes to the application.
        OtherBrowser: another browser began the request.
        LinkExpired: a request that was pushed or waited is too old.
        AlreadyUsed: it was answered before.
        Locked: another request answers it.
        Unavailable: a store cannot be reached.
    """
    asked = _read_request(client, given, browser)
    with _refusing_by_redirect(asked.answer):
        step = _find_step(client, asked)
        if step is None:
            return _issue_code(client, asked)
        if "none" in asked.request.prompts:
            raise _refuse_silently(step)
    request_uri = given["request_uri"][0] if asked.pending and asked.request.browser else ""
    if not request_uri:
        with using_up(client, asked):
            request_uri, _ = keep_request(client, replace(asked.request, browser=browser))
    return StepNeeded(
        step=step,
        application=asked.application,
        request_uri=request_uri,
        login_hint=asked.request.login_hint,
        ui_locales=asked.request.ui_locales,
    )


@flow("applications.read_request")
def read_request(*, client: Client, client_id: str, request_uri: str, browser: UUID | None) -> PendingRequest:
    """Return the request that waits for the consent of the signed-in person.

    Raises:
        ApplicationUnknown: the application or the request is unknown.
        OtherBrowser: another browser began the request.
        LinkExpired: the request is too old.
        AlreadyUsed: it was answered before.
        Unauthenticated: nobody is signed in.
        Unavailable: a store cannot be reached.
    """
    asked = read_waiting_request(client, client_id, request_uri, browser)
    return PendingRequest(application=asked.application, request=asked.request, user=step_up.require_user(client))


@flow("applications.consent")
def answer_consent(
    *, client: Client, client_id: str, request_uri: str, browser: UUID | None, allows: bool
) -> Answer | StepNeeded:
    """Save the person's consent and return the answer with a code, or what else they have to do first.

    Raises:
        ApplicationUnknown: the application or the request is unknown.
        OtherBrowser: another browser began the request.
        LinkExpired: the request is too old.
        AlreadyUsed: it was answered before.
        Locked: another request answers it.
        Unauthenticated: nobody is signed in.
        SessionRevoked: the session was ended meanwhile.
        AccessDenied: the person does not allow it; the `answer` goes to the application.
        LoginRequired: the application expects another person; the `answer` goes to it.
        Unavailable: a store cannot be reached.
    """
    asked = read_waiting_request(client, client_id, request_uri, browser)
    with _refusing_by_redirect(asked.answer):
        step = _find_step(client, asked)
        if step not in (None, Step.CONSENT):
            return StepNeeded(step=step, application=asked.application, request_uri=request_uri)
        if not allows:
            with using_up(client, asked):
                pass
            raise errors.AccessDenied("the person does not allow it")
        with atomic():
            user = step_up.lock_current_user(client)
            save_consent(user, asked.application, asked.request.scope, client.at)
            record_event(events.APPLICATION_ALLOWED, client, application=asked.application.client_id)
        return _issue_code(client, asked)


def _read_request(client: Client, given: Parameters, browser: UUID) -> AskedRequest:
    """Return the request of these parameters, or the one that they name: then no other of them is read (RFC 9101,
    6.3)."""
    once = {name: values[0] for name, values in given.items() if len(values) == 1}
    if (request_uri := once.get("request_uri", "")).startswith(REQUEST_URI_PREFIX):
        return read_waiting_request(client, once.get("client_id", ""), request_uri, browser)
    for client_id in given.get("client_id", [])[:1]:
        refresh_document(client, client_id)
    application, answer = find_trusted_address(given)
    with _refusing_by_redirect(answer):
        return AskedRequest(application=application, request=parse_request(application, answer, given), since=client.at)


def _find_step(client: Client, asked: AskedRequest) -> Step | None:
    """Return what the person has to do before the application gets its code.

    Raises:
        LoginRequired: another person is signed in than `id_token_hint` names (OpenID Connect Core, 3.1.2.2).
    """
    request = asked.request
    if client.user_id is None or not isinstance(client.account, User):
        return Step.SIGN_UP if "create" in request.prompts else Step.SIGN_IN
    if request.hinted_user_id not in (None, client.user_id):
        raise errors.LoginRequired("another person is signed in than id_token_hint names")
    if client.owes_enrolment:
        return Step.ENROL
    lacks_factor = request.wants_second_factor and MULTI_FACTOR not in client.amr and has_second_factor(client.account)
    if lacks_factor or not _is_recent_enough(client, asked):
        return Step.REAUTHENTICATE
    agreed = needs_no_consent(client.user_id, asked.application, request.scope)
    return None if agreed and "consent" not in request.prompts else Step.CONSENT


def _is_recent_enough(client: Client, asked: AskedRequest) -> bool:
    """Return whether the last proof of identity is as recent as `prompt=login` or `max_age` wants it."""
    request = asked.request
    if client.auth_time is None:
        return False
    if client.auth_time >= asked.since:
        return True
    if "login" in request.prompts:
        return False
    return request.max_age is None or client.at - client.auth_time <= timedelta(seconds=request.max_age)


def _refuse_silently(step: Step) -> OAuthError:
    """Return the error for an application that may not show anything (OpenID Connect Core, 3.1.2.6)."""
    if step is Step.CONSENT:
        return errors.ConsentRequired()
    return errors.InteractionRequired() if step is Step.ENROL else errors.LoginRequired()


def _issue_code(client: Client, asked: AskedRequest) -> Answer:
    """Return the answer with a code for the application (RFC 6749, 4.1.2; RFC 9207)."""
    account, request, session_id, auth_time = client.account, asked.request, client.session_id, client.auth_time
    if not isinstance(account, User) or session_id is None or auth_time is None:
        raise refusals.Unauthenticated
    payload = AuthorizationCodePayload(
        application_id=asked.application.pk,
        user_id=account.pk,
        session_id=session_id,
        credentials=digest_credentials(account).hex(),
        auth_time=int(auth_time.timestamp()),
        amr=list(client.amr),
        redirect_uri=request.redirect_uri,
        code_challenge=request.code_challenge,
        scope=request.scope,
        nonce=request.nonce,
        resources=request.resources,
    )
    with using_up(client, asked):
        subject = challenges.person_subject(account.pk)
        issued = challenges.issue(Purpose.AUTHORIZATION_CODE, subject=subject, payload=payload, now=client.at)
    told = {"code": issued.link or "", **asked.answer.parameters, "iss": conf.base_url}
    return replace(asked.answer, parameters=told)


@contextmanager
def _refusing_by_redirect(answer: Answer) -> Iterator[None]:
    """Let a refusal be brought to the application."""
    try:
        yield
    except OAuthError as error:
        raise refuse_by_redirect(error, answer) from error
