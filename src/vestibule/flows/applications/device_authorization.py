"""A device without a browser signs a person in: it shows a code, the person types it elsewhere and lets it in, and the
device, which asks again and again, gets its tokens (RFC 8628)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vestibule.accounts.credentials import digest_credentials
from vestibule.accounts.models import User
from vestibule.applications import device_codes, errors
from vestibule.applications.authorization_request import parse_resources, parse_scope
from vestibule.applications.client_authentication import Credentials
from vestibule.applications.device_codes import ALLOWED, DENIED, AskingDevice, DeviceCodes
from vestibule.applications.metadata import DEVICE_CODE
from vestibule.applications.models import Application
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import DeviceAuthorizationPayload
from vestibule.challenges.policy import Purpose, SecretKind
from vestibule.challenges.resealing import replace_payload
from vestibule.challenges.results import Proof
from vestibule.flows import step_up
from vestibule.flows.applications.token_exchange import (
    Agreement,
    GrantedTokens,
    authenticate_for,
    end_what_it_gave,
    grant_tokens,
)
from vestibule.flows.flow import flow
from vestibule.kernel import errors as refusals
from vestibule.kernel.client import Client
from vestibule.storage.database import atomic


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingDevice:
    """A device that this session alone answers, for the page. `is_allowed` is None until it has."""

    application: Application
    scope: Sequence[str]
    user: User
    is_allowed: bool | None


class _OvertakenError(Exception):
    """Another request took the device a step further first."""


@flow("applications.start_device")
def start_device(
    *, client: Client, credentials: Credentials, scope: str = "", resources: Sequence[str] = ()
) -> DeviceCodes:
    """Return the codes with which a device of the application signs a person in (RFC 8628, 3.2).

    Raises:
        InvalidClient: the application did not prove who it is.
        UnauthorizedClient: it has no devices.
        InvalidScope: a scope is not one of its own.
        InvalidTarget: a resource is not one of its own.
        Unavailable: a store cannot be reached.
    """
    application = authenticate_for(client, credentials, DEVICE_CODE)
    return device_codes.issue_device_codes(
        application,
        client.at,
        scope=parse_scope(application, scope),
        resources=parse_resources(application, resources),
    )


@flow("applications.claim_device")
def claim_device(*, client: Client, user_code: str) -> PendingDevice:
    """Return the device that shows this code, which from now on this session alone answers.

    Raises:
        UserCodeUnknown: no device shows it, or it is too old, used, or claimed by another session.
        Locked: too many codes of this person, or of this network, were wrong.
        Unauthenticated: nobody is signed in.
        EnrolmentRequired: the person has to set up a second factor first.
        Unavailable: a store cannot be reached.
    """
    user = _require_person(client)
    device = device_codes.find_device_for(client, user_code)
    if device.asked.user_id is None:
        claimed = replace(device.asked, user_id=client.user_id, session_id=client.session_id)
        try:
            device = _change(client, device, claimed)
        except _OvertakenError:
            device = device_codes.find_device_for(client, user_code)
    return _pending(device, user)


@flow("applications.answer_device")
def answer_device(*, client: Client, user_code: str, allows: bool) -> PendingDevice:
    """Let the device that this session claimed in, or not. The first answer counts: a second one changes nothing.

    Raises:
        UserCodeUnknown: this session has claimed no such device, or it is too old.
        Locked: too many codes of this person, or of this network, were wrong.
        Unauthenticated: nobody is signed in.
        EnrolmentRequired: the person has to set up a second factor first.
        SessionRevoked: the session was ended meanwhile.
        Unavailable: a store cannot be reached.
    """
    user = _require_person(client)
    device = _find_claimed(client, user_code)
    if not device.asked.answer:
        try:
            device = _answer(client, device, allows=allows)
        except _OvertakenError:
            device = _find_claimed(client, user_code)
    return _pending(device, user)


@flow("applications.exchange_device_code")
def exchange_device_code(*, client: Client, credentials: Credentials, device_code: str) -> GrantedTokens:
    """Return the tokens of a device that its person let in, once. A code that comes again ends what it gave.

    Raises:
        InvalidClient: the application did not prove who it is.
        UnauthorizedClient: it has no devices.
        AuthorizationPending: the person has not answered yet.
        SlowDown: the device asks too often.
        AccessDenied: the person did not let it in.
        ExpiredToken: the code is too old.
        InvalidGrant: the code is wrong, used, or of another application; or the session or the credentials that the
            answer rests on are gone.
        Unavailable: a store cannot be reached.
    """
    application = authenticate_for(client, credentials, DEVICE_CODE)
    try:
        id, _ = challenges.secrets.read_link_token(Purpose.DEVICE_AUTHORIZATION, device_code)
    except refusals.TokenInvalid as invalid:
        raise errors.InvalidGrant("the device code is none of ours") from invalid
    try:
        device, secret = device_codes.read_device(device_code, client.at)
        _check_answer(client, application, device)
        seen = device.seen
        with (
            challenges.verify(seen, secret, DeviceAuthorizationPayload, now=client.at, by=SecretKind.LINK) as proof,
            atomic(),
        ):
            return grant_tokens(client, application, _agreement_of(proof))
    except refusals.AlreadyUsed as used:
        end_what_it_gave(client, application, id)
        raise errors.InvalidGrant("the device code was used") from used
    except (refusals.LinkExpired, refusals.Expired) as expired:
        end_what_it_gave(client, application, id)  # it may be too old to know whether it was used
        raise errors.ExpiredToken("the device code is too old") from expired
    except refusals.TokenInvalid as wrong:
        raise errors.InvalidGrant("the device code is wrong") from wrong
    except refusals.Locked as busy:
        raise errors.SlowDown("the device code is being used") from busy


def _require_person(client: Client) -> User:
    user = step_up.require_user(client)
    step_up.require_enrolment(client)
    return user


def _find_claimed(client: Client, user_code: str) -> AskingDevice:
    device = device_codes.find_device_for(client, user_code)
    if not device.is_claimed_by(client):  # nobody answers what they were not shown
        raise errors.UserCodeUnknown
    return device


def _answer(client: Client, device: AskingDevice, *, allows: bool) -> AskingDevice:
    with atomic():
        held = step_up.lock_current_user(client)
        told = events.APPLICATION_ALLOWED if allows else events.APPLICATION_DENIED
        record_event(told, client, application=_application_of(device).client_id)
        answered = replace(
            device.asked,
            answer=ALLOWED if allows else DENIED,
            credentials=digest_credentials(held).hex(),
            auth_time=int(client.auth_time.timestamp()) if client.auth_time else 0,
            amr=list(client.amr),
        )
        return _change(client, device, answered)


def _change(client: Client, device: AskingDevice, asked: DeviceAuthorizationPayload) -> AskingDevice:
    """Take the device a step further.

    Raises:
        _OvertakenError: another request has.
    """
    if not replace_payload(device.seen, asked, now=client.at):
        raise _OvertakenError
    return replace(device, asked=asked)


def _pending(device: AskingDevice, user: User) -> PendingDevice:
    answer = device.asked.answer
    return PendingDevice(
        application=_application_of(device),
        scope=device.asked.scope,
        user=user,
        is_allowed=answer == ALLOWED if answer else None,
    )


def _application_of(device: AskingDevice) -> Application:
    found = Application.objects.filter(pk=device.asked.application_id).first()
    if found is None:  # it was removed
        raise errors.UserCodeUnknown
    return found


def _check_answer(client: Client, application: Application, device: AskingDevice) -> None:
    if device.asked.application_id != application.pk:
        raise errors.InvalidGrant("the device code is of another application")
    device_codes.count_poll(device, client.at)
    if device.asked.answer == DENIED:
        raise errors.AccessDenied("the person does not let the device in")
    if device.asked.answer != ALLOWED:
        raise errors.AuthorizationPending("the person has not answered yet")


def _agreement_of(proof: Proof[DeviceAuthorizationPayload]) -> Agreement:
    asked = proof.payload
    if asked.user_id is None or asked.session_id is None:
        raise errors.InvalidGrant("nobody let the device in", subject=proof.subject)
    return Agreement(
        proof_id=proof.id,
        subject=proof.subject,
        user_id=asked.user_id,
        session_id=asked.session_id,
        credentials=asked.credentials,
        auth_time=asked.auth_time,
        amr=asked.amr,
        scope=asked.scope,
        resources=asked.resources,
    )
