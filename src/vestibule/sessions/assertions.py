"""Assertions for sites behind a proxy: who passed `/auth/check`, signed, for the site alone and for a minute. They open
nothing here: no claim says that one is an access token (RFC 8725, 3.11 and 3.12)."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from vestibule.accounts.models import User
from vestibule.conf import conf
from vestibule.kernel import entropy
from vestibule.sessions import signing_keys

TYPE = "auth-check+jwt"
LIFE = timedelta(seconds=60)


def sign_assertion(
    user: User, now: datetime, *, audience: str, amr: Collection[str], scopes: Collection[str] | None
) -> str:
    """Return a signed JWT about the person, for the site with this origin. `scopes` are those of the API key that was
    sent; None for a session, whose `amr` says how it was proved."""
    issued_at = int(now.timestamp())
    how: dict[str, Any] = {"amr": list(amr)} if scopes is None else {"scope": " ".join(scopes)}
    claims = {
        "iss": conf.jwt_issuer,
        "aud": audience,
        "sub": str(user.pk),
        "jti": str(entropy.random_uuid()),
        "iat": issued_at,
        "exp": issued_at + int(LIFE.total_seconds()),
        "email": user.email if user.email_verified_at else None,
        "role": user.role,
        **how,
    }
    return signing_keys.sign_claims(claims, now, kind=TYPE)
