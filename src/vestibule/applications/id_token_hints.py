"""The ID token by which an application says whose sign-in it speaks of (`id_token_hint`; OpenID Connect RP-Initiated
Logout 1.0, 2)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import jwt

from vestibule.applications.directory import find_application
from vestibule.applications.models import Application, Grant
from vestibule.conf import conf
from vestibule.sessions import signing_keys

ID_TOKEN_TYPE = "JWT"  # noqa: S105 - RFC 7519, 5.1
MAX_LENGTH = 8192  # characters: a nonce may be long
_REQUIRED = ["iss", "aud", "sub", "sid", "iat", "exp"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdTokenHint:
    """What an ID token of ours says. It may have expired: it authorises nothing, but says which sign-in is meant."""

    application: Application
    user_id: UUID
    sid: UUID

    def is_of_session(self, session_id: UUID) -> bool:
        """Return whether the token was given to its application for this session, under whatever id it began."""
        given = Grant.objects.filter(
            application=self.application, user_id=self.user_id, sid=self.sid, session_id=session_id
        )
        return given.exists()


def read_hint(encoded: str) -> IdTokenHint | None:
    """Return what an ID token of ours says, expired or not. None for anything else: a token of another kind, key or
    algorithm than its application asks for, or one whose key was retired."""
    if not 0 < len(encoded) <= MAX_LENGTH:
        return None
    try:
        header = jwt.get_unverified_header(encoded)
        client_id = jwt.decode(encoded, options={"verify_signature": False}).get("aud")
        application = find_application(client_id) if isinstance(client_id, str) else None
        if application is None or header.get("typ") != ID_TOKEN_TYPE or not isinstance(header.get("kid"), str):
            return None
        claims = _verify(encoded, header["kid"], application)
        return IdTokenHint(application=application, user_id=UUID(claims["sub"]), sid=UUID(claims["sid"]))
    except (jwt.PyJWTError, signing_keys.UnknownKey, ValueError, AttributeError, RecursionError):
        return None


def _verify(encoded: str, kid: str, application: Application) -> dict[str, Any]:
    algorithm = application.id_token_signed_response_alg
    found: dict[str, Any] = jwt.decode(
        encoded,
        signing_keys.find_public_key(kid, algorithm),
        algorithms=[algorithm],
        audience=application.client_id,
        issuer=conf.base_url,
        options={"require": _REQUIRED, "verify_exp": False, "strict_aud": True},
    )
    return found
