"""Access tokens: short-lived JWTs that any service verifies offline."""

from datetime import datetime

import jwt
from django.conf import settings

from vestibule.kernel import entropy
from vestibule.sessions import signing
from vestibule.sessions.models import Session


def token(session: Session, now: datetime) -> str:
    """A signed access token (ES256, RFC 7518, 3.4) of this session, as the contract lists its claims."""
    kid, key = signing.newest(now)
    user = session.user
    issued_at = int(now.timestamp())
    claims = {
        "iss": settings.JWT_ISSUER,
        "aud": settings.JWT_AUDIENCE,
        "sub": str(user.id),
        "user_id": str(user.id),
        "sid": str(session.id),
        "jti": str(entropy.identifier()),
        "iat": issued_at,
        "exp": issued_at + int(settings.JWT_ACCESS_TTL.total_seconds()),
        "auth_time": int(session.auth_time.timestamp()),
        "amr": session.amr,
        "role": user.role,
        "email_verified": user.email_verified_at is not None,
        "token_type": "access",
    }
    return jwt.encode(claims, key, algorithm="ES256", headers={"kid": kid})
