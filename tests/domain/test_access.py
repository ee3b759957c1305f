"""Access tokens that any service verifies offline; refresh tokens and signing keys that nobody finds at rest."""

import json
from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import connection
from time_machine import travel

from tests.contracts.stores import NOW
from vestibule.accounts.models import Status, User
from vestibule.conf import conf
from vestibule.kernel.client import Client
from vestibule.kernel.sealing import Unsealable
from vestibule.sessions import access_tokens, registry, signing_keys
from vestibule.sessions.models import RefreshToken, Session, SigningKey
from vestibule.sessions.refresh_tokens import IssuedTokens, issue_first_tokens

pytestmark = pytest.mark.usefixtures("house")

CLAIMS = {
    *("iss", "aud", "sub", "user_id", "sid", "jti", "iat", "exp"),
    *("auth_time", "amr", "acr", "role", "email_verified", "token_type"),
}


@pytest.fixture
def ada() -> User:
    return User.objects.create(email="ada@example.com", status=Status.ACTIVE, email_verified_at=NOW)


@pytest.fixture
def tokens(ada: User) -> IssuedTokens:
    client = Client(at=NOW, ip_address="192.0.2.1", user_agent="a browser")
    return issue_first_tokens(client, registry.create_session(client, ada, amr=["pwd", "otp"]))


def public(token: str) -> Any:
    """The key that the token's header names, out of the published set."""
    return jwt.PyJWKSet.from_dict(signing_keys.build_jwk_set())[jwt.get_unverified_header(token)["kid"]].key


def verified(token: str, **options: Any) -> dict[str, Any]:
    """The claims, as a service that holds nothing but the published set reads them a minute later."""
    with travel(NOW + timedelta(minutes=1), tick=False):
        return jwt.decode(
            token,
            public(token),
            algorithms=["ES256"],
            audience=conf.jwt_audience,
            issuer=conf.jwt_issuer,
            **options,
        )


def encoded(part: bytes) -> str:
    return urlsafe_b64encode(part).rstrip(b"=").decode()


def test_the_claims_are_the_contracts(tokens: IssuedTokens, ada: User) -> None:
    """TOK-08."""
    claims = verified(tokens.access)
    assert set(claims) == CLAIMS
    assert claims["sub"] == claims["user_id"] == str(ada.pk)
    assert claims["sid"] == str(tokens.session.pk) == str(Session.objects.get().pk)
    assert (claims["iss"], claims["aud"]) == (conf.jwt_issuer, conf.jwt_audience)
    assert claims["iat"] == claims["auth_time"] == int(NOW.timestamp())
    assert claims["exp"] - claims["iat"] == tokens.expires_in == 600
    assert (claims["amr"], claims["role"], claims["token_type"]) == (["pwd", "otp"], "user", "access")
    assert claims["email_verified"] is True
    assert UUID(claims["jti"]).version == 4
    assert "ada@example.com" not in str(claims)


def test_a_number_that_was_proved_verifies_no_email() -> None:
    bob = User.objects.create(phone_number="+14155550100", status=Status.ACTIVE, phone_verified_at=NOW)
    assert (
        verified(
            issue_first_tokens(Client(at=NOW), registry.create_session(Client(at=NOW), bob, amr=["pwd", "sms"])).access
        )["email_verified"]
        is False
    )


def test_no_two_tokens_are_the_same(tokens: IssuedTokens) -> None:
    session = Session.objects.get()
    two = [verified(access_tokens.issue_token(session, NOW)) for _ in range(2)]
    assert two[0]["jti"] != two[1]["jti"]
    assert two[0]["sid"] == two[1]["sid"]


def test_it_expires_to_the_second(tokens: IssuedTokens) -> None:
    """TOK-04."""
    key = public(tokens.access)
    for seconds, good in ((599, True), (600, False)):
        with travel(NOW + timedelta(seconds=seconds), tick=False):
            try:
                jwt.decode(tokens.access, key, algorithms=["ES256"], audience=conf.jwt_audience)
            except jwt.ExpiredSignatureError:
                assert not good
            else:
                assert good


def test_the_header_names_one_published_key_and_one_algorithm(tokens: IssuedTokens) -> None:
    header = jwt.get_unverified_header(tokens.access)
    [key] = signing_keys.build_jwk_set()["keys"]
    assert header == {"alg": "ES256", "kid": key["kid"], "typ": "JWT"}
    assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}  # and no `d`
    assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("EC", "P-256", "sig", "ES256")
    found = public(tokens.access)
    assert isinstance(found, EllipticCurvePublicKey)
    assert isinstance(found.curve, SECP256R1)


def test_no_algorithm_is_none_and_no_public_key_is_a_secret(tokens: IssuedTokens) -> None:
    """TOK-01, TOK-02."""
    kid, payload = jwt.get_unverified_header(tokens.access)["kid"], tokens.access.split(".")[1]
    head = encoded(json.dumps({"alg": "none", "kid": kid}).encode())
    unsigned = f"{head}.{payload}."
    with pytest.raises(jwt.InvalidTokenError):
        verified(unsigned)
    pem = public(tokens.access).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = encoded(json.dumps({"alg": "HS256", "kid": kid}).encode())
    mac = jwt.get_algorithm_by_name("HS256").sign(f"{head}.{payload}".encode(), pem)  # what a forger does by hand
    with pytest.raises(jwt.InvalidTokenError):
        verified(f"{head}.{payload}.{encoded(mac)}")


def test_an_altered_token_is_none(tokens: IssuedTokens) -> None:
    head, payload, signature = tokens.access.split(".")
    other = access_tokens.issue_token(Session.objects.get(), NOW + timedelta(seconds=1)).split(".")
    for forged in (f"{head}.{other[1]}.{signature}", f"{head}.{payload}.{other[2]}", f"{head}.{payload}."):
        with pytest.raises(jwt.InvalidTokenError):
            verified(forged)


def test_a_newer_key_signs_and_the_older_still_verifies(tokens: IssuedTokens) -> None:
    """TOK-23."""
    old = jwt.get_unverified_header(tokens.access)["kid"]
    session, moment = Session.objects.get(), NOW + timedelta(days=90)
    kid, gone = signing_keys.publish_next_key(moment)
    assert (kid != old, gone) == (True, 0)
    assert {key["kid"] for key in signing_keys.build_jwk_set()["keys"]} == {old, kid}  # published before it signs
    soon = moment + signing_keys.PUBLISHED_BEFORE_SIGNING
    assert jwt.get_unverified_header(access_tokens.issue_token(session, soon - timedelta(seconds=1)))["kid"] == old
    assert jwt.get_unverified_header(access_tokens.issue_token(session, soon))["kid"] == kid
    assert verified(tokens.access)["sid"] == str(tokens.session.pk)
    third, gone = signing_keys.publish_next_key(soon + timedelta(minutes=5))
    assert gone == 0  # tokens of the oldest are still alive
    _, gone = signing_keys.publish_next_key(soon + timedelta(hours=1))
    assert gone == 2  # of all but the one that signs, and the new
    assert {key["kid"] for key in signing_keys.build_jwk_set()["keys"]} >= {third}


# At rest.


def dump() -> str:
    """Everything that the tables of this package hold."""
    with connection.cursor() as cursor:
        found = ""
        for table in ("vestibule_session", "vestibule_refresh_token", "vestibule_signing_key"):
            cursor.execute(f"SELECT * FROM {table}")
            found += str([[bytes(v) if isinstance(v, memoryview) else v for v in row] for row in cursor.fetchall()])
        return found


def test_no_token_is_kept(tokens: IssuedTokens) -> None:
    """TOK-21."""
    assert len(tokens.refresh) == 43
    kept = RefreshToken.objects.get()
    assert bytes(kept.digest) == sha256(tokens.refresh.encode()).digest()
    assert (kept.parent, kept.expires_at) == (None, NOW + conf.jwt_refresh_idle)
    for secret in (tokens.refresh, tokens.access, tokens.access.split(".")[2]):
        assert secret not in dump()


def test_a_signing_key_is_sealed_to_its_name(tokens: IssuedTokens) -> None:
    row = SigningKey.objects.get()
    sealed = bytes(row.sealed_private)
    assert "PRIVATE KEY" not in dump()
    assert b"PRIVATE KEY" in conf.keys.unseal("signing key", sealed, context=row.kid.encode())
    with pytest.raises(Unsealable):
        conf.keys.unseal("signing key", sealed, context=b"another kid")


def test_a_session_knows_who_when_and_where(tokens: IssuedTokens, ada: User) -> None:
    session = Session.objects.get()
    assert (session.user, session.created_at, session.auth_time, session.revoked_at) == (ada, NOW, NOW, None)
    assert (session.address, session.agent, session.amr) == ("192.0.2.1", "a browser", ["pwd", "otp"])
    assert session.expires_at == NOW + conf.jwt_refresh_absolute
