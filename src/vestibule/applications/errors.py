"""The refusals of OAuth 2.0 and OpenID Connect, each with the error code that its standard names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from vestibule.kernel.errors import Refusal

MAX_DESCRIPTION = 200  # characters
_NOT_TOLD = re.compile(r"[^ !#-\[\]-~]")  # RFC 6749, 5.2: no other may stand in `error_description`


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a browser brings to the address of an application, in its query or in a form (OAuth 2.0 Form Post Response
    Mode)."""

    redirect_uri: str
    response_mode: str
    parameters: Mapping[str, str]


class OAuthError(Refusal):
    """An application's request is refused. `description` is for its developer, in English; it may name what was sent,
    of which only the characters of RFC 6749, 5.2, are kept. `status` is that of the answer to a program. `answer` is
    where a browser brings the refusal, if it may."""

    code: ClassVar[str] = "invalid_request"
    status: ClassVar[int] = 400

    def __init__(self, description: str = "", *, subject: bytes | None = None) -> None:
        super().__init__(subject=subject)
        self.description = _NOT_TOLD.sub("?", description)[:MAX_DESCRIPTION]
        self.answer: Answer | None = None


class InvalidRequest(OAuthError):
    """A parameter is missing, malformed, unknown or there twice."""


class InvalidClient(OAuthError):
    """The application is unknown, or did not prove who it is."""

    code = "invalid_client"
    status = 401


class InvalidGrant(OAuthError):
    """The code or refresh token is wrong, too old, used, revoked, or of another application."""

    code = "invalid_grant"


class AuthorizationPending(OAuthError):
    """The person has not answered yet (RFC 8628, 3.5)."""

    code = "authorization_pending"


class SlowDown(OAuthError):
    """The device asks more often than it may: from now on five seconds less often."""

    code = "slow_down"


class ExpiredToken(OAuthError):
    """The device code is too old: the device begins again."""

    code = "expired_token"


class UnauthorizedClient(OAuthError):
    """The application may not use this grant."""

    code = "unauthorized_client"


class UnsupportedGrantType(OAuthError):
    """There is no such grant."""

    code = "unsupported_grant_type"


class UnsupportedResponseType(OAuthError):
    """Only a code is given at the authorization endpoint."""

    code = "unsupported_response_type"


class InvalidScope(OAuthError):
    """A scope is unknown, or not one of the application's."""

    code = "invalid_scope"


class InvalidTarget(OAuthError):
    """A resource is not one of the application's (RFC 8707, 2)."""

    code = "invalid_target"


class InvalidRedirectUri(OAuthError):
    """An application that registers itself names no address, or one that is not allowed (RFC 7591, 3.2.2)."""

    code = "invalid_redirect_uri"


class InvalidClientMetadata(OAuthError):
    """Something else that it declares is not allowed (RFC 7591, 3.2.2)."""

    code = "invalid_client_metadata"


class RequestNotSupported(OAuthError):
    """A request object is not read (OpenID Connect Core, 6)."""

    code = "request_not_supported"


class RequestUriNotSupported(OAuthError):
    """Only a `request_uri` of ours is read (RFC 9126)."""

    code = "request_uri_not_supported"


class AccessDenied(OAuthError):
    """The person did not agree."""

    code = "access_denied"


class LoginRequired(OAuthError):
    """Nobody is signed in, and the person may not be asked; or another is than the application expects (OpenID Connect
    Core, 3.1.2.6)."""

    code = "login_required"


class ConsentRequired(OAuthError):
    """The person has not agreed yet, and may not be asked."""

    code = "consent_required"


class InteractionRequired(OAuthError):
    """The person has something else to do first, and may not be asked."""

    code = "interaction_required"


class AccessTokenInvalid(OAuthError):
    """The access token is none of ours, too old, or its grant ended (RFC 6750, 3.1)."""

    code = "invalid_token"
    status = 401


class InsufficientScope(OAuthError):
    """The access token's scope does not cover the request (RFC 6750, 3.1)."""

    code = "insufficient_scope"
    status = 403


class ApplicationUnknown(Refusal):
    """There is no such application, or the address is not one of its own: a page says so, and nobody is redirected."""

    code = "application_unknown"


class UserCodeUnknown(Refusal):
    """The text is no user code of a device that this person can let in: it never was one, is too old or used, or
    somebody else, or another session, typed it first."""

    code = "user_code_unknown"
