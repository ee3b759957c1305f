"""How an application proves who it is: by its secret, or by a JWT signed with its key (RFC 6749, 2.3; RFC 7523)."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from hashlib import sha256
from typing import Any

import jwt

from vestibule.applications import errors
from vestibule.applications.client_secrets import digest_secret
from vestibule.applications.directory import find_application
from vestibule.applications.metadata import NONE, PRIVATE_KEY, SECRET_METHODS
from vestibule.applications.models import Application, ApplicationSecret
from vestibule.conf import conf
from vestibule.kernel.client import Client
from vestibule.limits import ledger
from vestibule.limits.rolling_window import Allowance

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("ES256", "RS256")
MAX_ASSERTION_LENGTH = 8192  # characters
LEEWAY = timedelta(seconds=30)
LONGEST_ASSERTION_LIFE = timedelta(minutes=10)
_ONE_USE = Allowance(windows=((1, timedelta(hours=1)),))  # longer than any assertion lives
_REQUIRED_CLAIMS = ["iss", "sub", "aud", "exp", "jti"]


class Means(Enum):
    """What came as a proof."""

    NOTHING = "nothing"
    SECRET = "secret"  # noqa: S105 - the name of a means
    ASSERTION = "assertion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a request says about the application that sends it. `endpoint` is the URL that it was sent to."""

    client_id: str
    means: Means = Means.NOTHING
    proof: str = field(default="", repr=False)
    endpoint: str = ""


def authenticate_application(client: Client, credentials: Credentials) -> Application:
    """Return the application that sent the request. One with a secret or a key has to prove it; one without brings
    nothing.

    Raises:
        InvalidClient: the application is unknown, or the proof is missing, wrong, or of another kind than its own.
    """
    client_id = credentials.client_id or _read_issuer(credentials)
    application = find_application(client_id)
    if application is None:
        raise errors.InvalidClient("unknown application, or wrong credentials")
    method = application.token_endpoint_auth_method
    if method in SECRET_METHODS:
        proved = credentials.means is Means.SECRET and matches_secret(application, credentials.proof)
    elif method == PRIVATE_KEY:
        proved = credentials.means is Means.ASSERTION and _matches_assertion(client, application, credentials)
    else:
        proved = method == NONE and credentials.means is Means.NOTHING
    if not proved:
        raise errors.InvalidClient("unknown application, or wrong credentials")
    return application


def matches_secret(application: Application, secret: str) -> bool:
    """Return whether this is one of the application's secrets."""
    digest = digest_secret(secret)
    kept = ApplicationSecret.objects.filter(application=application).values_list("digest", flat=True)
    found = [hmac.compare_digest(bytes(each), digest) for each in kept]
    return any(found)


def _matches_assertion(client: Client, application: Application, credentials: Credentials) -> bool:
    """Return whether the JWT was signed by a key of the application, for us, a moment ago, and is used the first time
    (RFC 7523, 3; OpenID Connect Core, 9)."""
    try:
        claims = _decode_assertion(application, credentials)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, RecursionError):
        return False
    too_long = claims["exp"] > (client.at + LONGEST_ASSERTION_LIFE).timestamp()
    if too_long or claims["sub"] != application.client_id or not isinstance(claims["jti"], str):
        return False
    key = sha256(f"{application.client_id} {claims['jti']}".encode(errors="replace")).digest()
    return not ledger.spend("client assertion", key, client.at, _ONE_USE)


def _decode_assertion(application: Application, credentials: Credentials) -> Mapping[str, Any]:
    if len(credentials.proof) > MAX_ASSERTION_LENGTH:
        raise ValueError("too long")
    header = jwt.get_unverified_header(credentials.proof)
    keys = [
        key
        for key in jwt.PyJWKSet.from_dict(application.jwks or {}).keys
        if key.algorithm_name in ALGORITHMS and header.get("kid") in (None, key.key_id)
    ]
    if len(keys) != 1 or "crit" in header:
        raise ValueError("no key, or several")
    found: dict[str, Any] = jwt.decode(
        credentials.proof,
        keys[0].key,
        algorithms=[keys[0].algorithm_name],
        audience=[conf.base_url, credentials.endpoint],
        issuer=application.client_id,
        leeway=LEEWAY,
        options={"require": _REQUIRED_CLAIMS, "strict_aud": False},
    )
    if type(found["exp"]) is not int:
        raise ValueError("no whole second")
    return found


def _read_issuer(credentials: Credentials) -> str:
    """Return the client id that an assertion claims, where the request names none (RFC 7521, 4.2)."""
    if credentials.means is not Means.ASSERTION or len(credentials.proof) > MAX_ASSERTION_LENGTH:
        return ""
    try:
        claims = jwt.decode(credentials.proof, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        return ""
    issuer = claims.get("iss")
    return issuer if isinstance(issuer, str) else ""
