"""What becomes of tokens that were given: who asks about one, revokes one, or reads who its person is (RFC 7662; RFC
7009; OpenID Connect Core, 5.3)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

from vestibule.accounts import pictures
from vestibule.accounts.models import User
from vestibule.applications import api_keys, errors, tokens
from vestibule.applications.client_authentication import Credentials, authenticate_application
from vestibule.applications.grants import revoke_grants
from vestibule.applications.live_grants import find_live_grant
from vestibule.applications.metadata import NONE
from vestibule.applications.models import Application, Grant, GrantRefreshToken
from vestibule.applications.scopes import EMAIL, OPENID, PHONE, PROFILE
from vestibule.applications.tokens import LiveToken
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.conf import conf
from vestibule.factors.registry import owes_enrolment
from vestibule.flows.flow import flow
from vestibule.kernel.client import Client
from vestibule.storage.database import atomic

INACTIVE: Mapping[str, Any] = {"active": False}


@flow("applications.introspect")
def introspect_token(*, client: Client, credentials: Credentials, token: str) -> Mapping[str, Any]:
    """Return what a token or an API key stands for now; `active` alone, and false, if it does not count, or if neither
    is it the application's own nor may the application ask about others.

    Raises:
        InvalidClient: the application did not prove who it is, or has nothing to prove it with.
        Unavailable: the database cannot be reached.
    """
    application = authenticate_application(client, credentials)
    if application.token_endpoint_auth_method == NONE:
        raise errors.InvalidClient("an application without credentials may not introspect")
    if api_keys.is_well_formed(token):
        return _describe_key(client, token) if application.can_introspect else INACTIVE
    found = tokens.find_live_token(token, client.at)
    if found is None:
        return _describe_refresh_token(client, application, token)
    if found.application.pk != application.pk and not application.can_introspect:
        return INACTIVE
    return {"active": True, "token_type": "Bearer", **found.claims}


@flow("applications.revoke_token")
def revoke_token(*, client: Client, credentials: Credentials, token: str) -> None:
    """End the grant of a token of the application. A token that is unknown, or of another application, is no error (RFC
    7009, 2.2).

    Raises:
        InvalidClient: the application did not prove who it is.
        Unavailable: the database cannot be reached.
    """
    application = authenticate_application(client, credentials)
    grant = _find_grant_of_token(client, token)
    if grant is None or grant.application_id != application.pk:
        return
    with atomic():
        if revoke_grants(grant.user_id, client.at, only_grant=grant.pk, by_application=True):
            record_event(
                events.APPLICATION_SIGNED_OUT, client, user_id=grant.user_id, application=application.client_id
            )


@flow("applications.userinfo")
def read_userinfo(*, client: Client, token: str) -> dict[str, Any]:
    """Return what the scope of an access token lets its application know of the person.

    Raises:
        AccessTokenInvalid: the token is none of ours, too old, for an API, or its grant ended.
        InsufficientScope: the token has not the scope `openid`.
        Unavailable: the database cannot be reached.
    """
    found = tokens.find_live_token(token, client.at)
    if found is None or found.grant is None or found.claims["aud"] != found.application.client_id:
        raise errors.AccessTokenInvalid("the access token is none of ours, too old, revoked, or for another audience")
    if OPENID not in found.scope:
        raise errors.InsufficientScope("the scope openid is needed")
    return {"sub": str(found.grant.user_id), **describe_person(found.grant.user, found)}


def describe_person(user: User, token: LiveToken) -> dict[str, Any]:
    """Return the claims of a person that these scopes open (OpenID Connect Core, 5.4). Addresses that were not proved
    are not told."""
    told: dict[str, Any] = {}
    if PROFILE in token.scope:
        told |= {"name": user.full_name, "preferred_username": user.username, "locale": user.language}
        if picture := pictures.picture_url(user.profile.picture):
            told["picture"] = urljoin(conf.base_url, picture)
    if EMAIL in token.scope and user.email:
        told |= {"email": user.email, "email_verified": user.email_verified_at is not None}
    if PHONE in token.scope and user.phone_number and user.phone_verified_at:
        told |= {"phone_number": user.phone_number, "phone_number_verified": True}
    return {name: value for name, value in told.items() if value not in (None, "")}


def _describe_key(client: Client, text: str) -> Mapping[str, Any]:
    """Return what an API key stands for, which is used by being asked about."""
    key = api_keys.find_live_key(text, client.at)
    if key is None or owes_enrolment(key.user):
        return INACTIVE
    api_keys.note_use(key, client.at)
    return {
        "active": True,
        "token_type": "Bearer",
        "iss": conf.base_url,
        "sub": str(key.user_id),
        "scope": key.scope,
        "jti": str(key.pk),
        "iat": int(key.created_at.timestamp()),
        "exp": int(key.expires_at.timestamp()),
    }


def _describe_refresh_token(client: Client, application: Application, token: str) -> Mapping[str, Any]:
    """Return what one of the application's own refresh tokens stands for."""
    found = tokens.find_refresh_token(token)
    grant = find_live_grant(found.grant_id, client.at) if found else None
    if found is None or grant is None or grant.application_id != application.pk:
        return INACTIVE
    is_used = GrantRefreshToken.objects.filter(parent=found).exists()
    if is_used or found.expires_at <= client.at:
        return INACTIVE
    return {
        "active": True,
        "token_type": "refresh_token",
        "client_id": application.client_id,
        "sub": str(grant.user_id),
        "scope": grant.scope,
        "iat": int(found.created_at.timestamp()),
        "exp": int(found.expires_at.timestamp()),
    }


def _find_grant_of_token(client: Client, token: str) -> Grant | None:
    if found := tokens.find_refresh_token(token):
        return found.grant
    live = tokens.find_live_token(token, client.at)
    return live.grant if live else None
