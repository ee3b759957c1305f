"""An application exchanges what it holds for tokens: a code, a refresh token, or its own secret (RFC 6749, 4.1.3, 4.4
and 6)."""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from hmac import compare_digest
from uuid import UUID

from vestibule.accounts import lifecycle
from vestibule.accounts.credentials import are_credentials_unchanged
from vestibule.accounts.models import Status
from vestibule.applications import errors, tokens
from vestibule.applications.authorization_request import parse_resources, parse_scope
from vestibule.applications.client_authentication import Credentials, authenticate_application
from vestibule.applications.consents import needs_no_consent
from vestibule.applications.grants import create_grant, revoke_grant_of_proof, revoke_grants
from vestibule.applications.live_grants import find_live_grant
from vestibule.applications.metadata import AUTHORIZATION_CODE, CLIENT_CREDENTIALS, REFRESH
from vestibule.applications.models import Application, Grant, GrantRefreshToken
from vestibule.applications.scopes import OPENID, split_scope
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import AuthorizationCodePayload
from vestibule.challenges.policy import Purpose, SecretKind
from vestibule.challenges.results import Proof
from vestibule.courier import application_messages
from vestibule.flows import notices
from vestibule.flows.flow import flow
from vestibule.kernel import errors as refusals
from vestibule.kernel.client import Client
from vestibule.sessions import registry
from vestibule.sessions.access_tokens import lifetime_seconds
from vestibule.sessions.models import Session
from vestibule.storage.database import atomic


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantedTokens:
    """What an application gets. `expires_in` is the life of the access token in whole seconds."""

    access_token: str = field(repr=False)
    expires_in: int
    scope: str
    refresh_token: str = field(default="", repr=False)
    id_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """That a person let an application in: by what proof, in which session, with which credentials (a digest, in hex),
    and what for."""

    proof_id: UUID
    subject: bytes
    user_id: UUID
    session_id: UUID
    credentials: str
    auth_time: int
    amr: Sequence[str]
    scope: Sequence[str]
    resources: Sequence[str]
    nonce: str | None = None


@flow("applications.exchange_code")
def exchange_code(
    *, client: Client, credentials: Credentials, code: str, redirect_uri: str, code_verifier: str
) -> GrantedTokens:
    """Return the tokens of an authorization code, once. A code that comes again ends what it gave (RFC 6749, 4.1.2).

    Raises:
        InvalidClient: the application did not prove who it is.
        UnauthorizedClient: it may not use codes.
        InvalidGrant: the code is wrong, too old or used, or of another application, address or verifier; or what it
            rests on is gone: the session, the credentials or the consent.
        Unavailable: a store cannot be reached.
    """
    application = authenticate_for(client, credentials, AUTHORIZATION_CODE)
    try:
        id, secret = challenges.secrets.read_link_token(Purpose.AUTHORIZATION_CODE, code)
    except refusals.TokenInvalid as invalid:
        raise errors.InvalidGrant("the code is none of ours") from invalid
    try:
        seen, _ = challenges.find_live_link(Purpose.AUTHORIZATION_CODE, code, client.at)
        _check_request(
            challenges.unseal_payload(seen, AuthorizationCodePayload), application, redirect_uri, code_verifier
        )
        with (
            challenges.verify(seen, secret, AuthorizationCodePayload, now=client.at, by=SecretKind.LINK) as proof,
            atomic(),
        ):
            granted = grant_tokens(client, application, _agreement_of(proof))
            if not needs_no_consent(proof.payload.user_id, application, proof.payload.scope):
                raise errors.InvalidGrant("the consent was withdrawn", subject=proof.subject)
            return granted
    except (refusals.AlreadyUsed, refusals.Expired) as over:
        end_what_it_gave(client, application, id)
        raise errors.InvalidGrant("the code was used, or is too old") from over
    except (refusals.TokenInvalid, refusals.Locked) as wrong:
        raise errors.InvalidGrant("the code is wrong, or being used") from wrong


@flow("applications.refresh")
def refresh_grant(*, client: Client, credentials: Credentials, refresh_token: str, scope: str = "") -> GrantedTokens:
    """Return the next tokens of a grant. A refresh token that comes a second time ends the grant, and its owner is told
    (RFC 9700, 4.14.2). `scope` may ask for less than was granted.

    Raises:
        InvalidClient: the application did not prove who it is.
        UnauthorizedClient: it may not refresh.
        InvalidGrant: the token is wrong, too old, used, or of another application, or its grant ended.
        InvalidScope: it asks for more than was granted.
        Unavailable: the database cannot be reached.
    """
    application = authenticate_for(client, credentials, REFRESH)
    with atomic():
        token = tokens.lock_refresh_token(refresh_token)
        grant = _find_live_grant(client, application, token)
        narrowed = _narrow_scope(grant, scope)
        try:
            following = tokens.rotate_refresh_token(client, token, refresh_token) if token else None
        except refusals.CredentialExpired as expired:
            raise errors.InvalidGrant("the refresh token is too old") from expired
        if following is None:
            _end_stolen_grant(client, grant)
        else:
            Grant.objects.filter(pk=grant.pk).update(last_used_at=client.at)
    if following is None:
        raise errors.InvalidGrant("the refresh token was used before")
    record_event(events.APPLICATION_REFRESHED, client, application=application.client_id)
    return _build_tokens(client, grant, scope=narrowed, refresh_token=following)


@flow("applications.client_credentials")
def issue_own_token(
    *, client: Client, credentials: Credentials, scope: str = "", resources: Sequence[str] = ()
) -> GrantedTokens:
    """Return an access token for the application itself, which acts for no person.

    Raises:
        InvalidClient: the application did not prove who it is.
        UnauthorizedClient: it may not act for itself.
        InvalidScope: a scope is not one of its own.
        InvalidTarget: a resource is not one of its own.
        Unavailable: the database cannot be reached.
    """
    application = authenticate_for(client, credentials, CLIENT_CREDENTIALS)
    asked = parse_scope(application, scope)
    audience = parse_resources(application, resources)
    record_event(events.APPLICATION_AUTHENTICATED, client, application=application.client_id)
    return GrantedTokens(
        access_token=tokens.issue_access_token(application, client.at, scope=asked, audience=audience, grant=None),
        expires_in=lifetime_seconds(),
        scope=" ".join(asked),
    )


def issue_grant_tokens(client: Client, grant: Grant, *, nonce: str | None) -> GrantedTokens:
    """Return the first tokens of a grant, in the caller's transaction. There is a refresh token only where the person
    may be away (`offline_access`)."""
    may_refresh = {REFRESH} <= set(grant.application.grant_types)
    refresh_token = tokens.issue_refresh_token(client, grant) if grant.is_offline and may_refresh else ""
    return _build_tokens(client, grant, scope=split_scope(grant.scope), refresh_token=refresh_token, nonce=nonce)


def authenticate_for(client: Client, credentials: Credentials, grant_type: str) -> Application:
    """Return the application that sent the request, if it may use this grant.

    Raises:
        InvalidClient: it did not prove who it is.
        UnauthorizedClient: it may not use the grant.
    """
    application = authenticate_application(client, credentials)
    if grant_type not in application.grant_types:
        raise errors.UnauthorizedClient(f"this application may not use {grant_type}")
    return application


def _check_request(
    payload: AuthorizationCodePayload, application: Application, redirect_uri: str, code_verifier: str
) -> None:
    """Check that the code is the application's, and that the request is that of the browser that it sent (RFC 6749,
    4.1.3; RFC 7636, 4.6). The code is not used up: a thief could keep its owner from using it."""
    challenge = urlsafe_b64encode(sha256(code_verifier.encode(errors="replace")).digest()).rstrip(b"=").decode()
    if payload.application_id != application.pk:
        raise errors.InvalidGrant("the code is of another application")
    if payload.redirect_uri != redirect_uri:
        raise errors.InvalidGrant("redirect_uri is not that of the authorization request")
    if not code_verifier or not compare_digest(payload.code_challenge, challenge):
        raise errors.InvalidGrant("code_verifier is not that of the code_challenge")


def grant_tokens(client: Client, application: Application, agreement: Agreement) -> GrantedTokens:
    """Return the first tokens of what was agreed, in the caller's transaction, if the session that agreed lives, with
    the credentials that it had.

    Raises:
        InvalidGrant: the account is not active, the session ended, or the credentials were changed.
    """
    held = lifecycle.lock_user(agreement.user_id)
    if held is None or held.status != Status.ACTIVE:
        raise errors.InvalidGrant("the account is not active", subject=agreement.subject)
    if not are_credentials_unchanged(held, bytes.fromhex(agreement.credentials)):
        raise errors.InvalidGrant("the credentials were changed", subject=agreement.subject)
    if not registry.lock_session(agreement.session_id):
        raise errors.InvalidGrant("the session ended", subject=agreement.subject)
    grant = create_grant(
        client,
        application,
        Session.objects.select_related("user").get(pk=agreement.session_id),
        proof_id=agreement.proof_id,
        scope=agreement.scope,
        audience=agreement.resources,
        auth_time=datetime.fromtimestamp(agreement.auth_time, UTC),
        amr=agreement.amr,
    )
    issued = issue_grant_tokens(client, grant, nonce=agreement.nonce)
    record_event(
        events.APPLICATION_SIGNED_IN,
        client,
        user_id=held.pk,
        challenge_id=agreement.proof_id,
        application=application.client_id,
    )
    return issued


def end_what_it_gave(client: Client, application: Application, proof_id: UUID) -> None:
    """End what this code gave to the application, because it came again (RFC 6749, 4.1.2)."""
    with atomic():
        if owner := revoke_grant_of_proof(application, proof_id, client.at):
            record_event(events.APPLICATION_CODE_REPLAYED, client, user_id=owner, application=application.client_id)


def _agreement_of(proof: Proof[AuthorizationCodePayload]) -> Agreement:
    payload = proof.payload
    return Agreement(
        proof_id=proof.id,
        subject=proof.subject,
        user_id=payload.user_id,
        session_id=payload.session_id,
        credentials=payload.credentials,
        auth_time=payload.auth_time,
        amr=payload.amr,
        scope=payload.scope,
        resources=payload.resources,
        nonce=payload.nonce,
    )


def _find_live_grant(client: Client, application: Application, token: GrantRefreshToken | None) -> Grant:
    """Return the grant of a refresh token that this application holds, with all that it hangs on."""
    if token is None:
        raise errors.InvalidGrant("the refresh token is none of ours")
    if token.grant.application_id != application.pk:
        raise errors.InvalidGrant("the refresh token is of another application")
    found = find_live_grant(token.grant_id, client.at)
    if found is None:
        raise errors.InvalidGrant("the grant ended")
    return found


def _narrow_scope(grant: Grant, scope: str) -> list[str]:
    granted = split_scope(grant.scope)
    asked = split_scope(scope) or granted
    if not set(asked) <= set(granted):
        raise errors.InvalidScope("more than was granted")
    return asked


def _end_stolen_grant(client: Client, grant: Grant) -> None:
    """End the grant, record the event and mail the owner, in the caller's transaction."""
    revoke_grants(grant.user_id, client.at, only_grant=grant.pk)
    record_event(
        events.APPLICATION_REFRESH_REUSED, client, user_id=grant.user_id, application=grant.application.client_id
    )
    notices.post_message(
        client, application_messages.GRANT_ENDED, notices.contact_address(grant.user), owner=grant.user
    )


def _build_tokens(
    client: Client, grant: Grant, *, scope: Sequence[str], refresh_token: str, nonce: str | None = None
) -> GrantedTokens:
    application, id_token = grant.application, ""
    access_token = tokens.issue_access_token(application, client.at, scope=scope, audience=grant.audience, grant=grant)
    if OPENID in scope:
        id_token = tokens.issue_id_token(grant, client.at, access_token=access_token, nonce=nonce)
    return GrantedTokens(
        access_token=access_token,
        expires_in=lifetime_seconds(),
        scope=" ".join(scope),
        refresh_token=refresh_token,
        id_token=id_token,
    )
