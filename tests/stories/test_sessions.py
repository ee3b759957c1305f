"""A signed-in client: who am I, the next tokens, two tabs, a thief, signing out."""

from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.utils import timezone
from time_machine import travel

from tests.configured import configured
from tests.world import PASSWORD, Api, Inbox, Reply
from vestibule.audit.models import AuditEvent
from vestibule.conf import conf
from vestibule.courier.models import Message
from vestibule.sessions import signing_keys
from vestibule.sessions.models import Session

ADA = "ada@example.com"


@pytest.fixture
def tokens(api: Api, inbox: Inbox) -> Any:
    """The answer of a confirm: a signed-in person."""
    registration = api.start(email=ADA, password=PASSWORD, username="ada").registration
    return api.confirm(registration, inbox.newest(ADA).code).body


def me(api: Api, access: str) -> tuple[int, dict[str, Any]]:
    """GET me; status and body."""
    answer = api.http.get("/api/auth/me", headers={"Authorization": f"Bearer {access}"})
    return answer.status_code, answer.json()


def refresh(token: str) -> Reply:
    """POST token/refresh."""
    return Api().post("token/refresh", {"refresh": token})


def sign_out(api: Api, access: str, path: str = "logout", body: dict[str, str] | None = None) -> int:
    """POST logout; the status."""
    headers = {"Authorization": f"Bearer {access}"} if access else {}
    return api.http.post(f"/api/auth/{path}", body or {}, content_type="application/json", headers=headers).status_code


def test_me(api: Api, tokens: dict[str, Any]) -> None:
    status, body = me(api, tokens["access"])
    assert status == 200
    assert (body["email"], body["username"], body["profile"]) == (
        ADA,
        "ada",
        {"bio": "", "address": "", "picture": None},
    )
    answer = api.http.get("/api/auth/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_any_service_verifies_the_token_with_the_published_keys(api: Api, tokens: dict[str, Any]) -> None:
    keys = jwt.PyJWKSet.from_dict(api.http.get("/.well-known/jwks.json").json())
    header = jwt.get_unverified_header(tokens["access"])
    claims = jwt.decode(
        tokens["access"],
        keys[header["kid"]].key,
        algorithms=["ES256"],
        audience=conf.jwt_audience,
        issuer=conf.jwt_issuer,
    )
    assert claims["sub"] == claims["user_id"] == tokens["id"]
    assert claims["token_type"] == "access"
    assert claims["exp"] - claims["iat"] == 600
    assert "d" not in api.http.get("/.well-known/jwks.json").json()["keys"][0]
    verified = api.post("token/verify", {"token": tokens["access"]}).body
    assert verified["active"] is True
    assert {name: verified[name] for name in claims} == claims


def test_a_retired_secret_retires_its_signing_keys_and_nobody_is_stuck(api: Api, inbox: Inbox) -> None:
    with configured(SECRET_KEY="the secret that is retired soon, of some length"):
        signing_keys.current_signing_key(timezone.now())
    signing_keys._unseal_private_key.cache_clear()  # a secret is retired by a restart
    assert api.http.get("/.well-known/jwks.json").json() == {"keys": []}
    registration = api.start(email=ADA, password=PASSWORD).registration
    access = api.confirm(registration, inbox.newest(ADA).code).body["access"]
    assert me(api, access)[0] == 200
    assert len(api.http.get("/.well-known/jwks.json").json()["keys"]) == 1


def test_beyond_so_many_sessions_the_oldest_ends_and_its_owner_is_told(
    api: Api, inbox: Inbox, tokens: dict[str, Any]
) -> None:
    """An expired one takes no place."""
    with configured(SESSIONS_PER_PERSON=2):
        Session.objects.update(expires_at=timezone.now() + timedelta(seconds=5))
        with travel(timezone.now() + timedelta(seconds=10)):
            first, second = (api.login(ADA).body["access"] for _ in range(2))
            assert me(api, tokens["access"])[0] == 401
            assert (me(api, first)[0], me(api, second)[0]) == (200, 200)
            third = api.login(ADA).body["access"]
            assert (me(api, first)[1]["code"], me(api, second)[0], me(api, third)[0]) == ("session_revoked", 200, 200)
    assert AuditEvent.objects.filter(name="session.ended", code="crowded_out").count() == 1
    assert Message.objects.filter(kind="session_crowded_out").count() == 1
