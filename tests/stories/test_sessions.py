"""A signed-in client: who am I, the next tokens, two tabs, a thief, signing out."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.test import override_settings
from django.utils import timezone
from time_machine import travel

from tests.stories.test_races import at_once
from tests.world import PASSWORD, Api, Inbox, Reply
from vestibule.accounts import lifecycle
from vestibule.accounts.models import User
from vestibule.audit.models import AuditEvent
from vestibule.kernel.sealing import Keys
from vestibule.sessions import signing
from vestibule.sessions.models import RefreshToken, Session

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
        audience=settings.JWT_AUDIENCE,
        issuer=settings.JWT_ISSUER,
    )
    assert claims["sub"] == claims["user_id"] == tokens["id"]
    assert claims["token_type"] == "access"
    assert claims["exp"] - claims["iat"] == 600
    assert "d" not in api.http.get("/.well-known/jwks.json").json()["keys"][0]
    verified = api.post("token/verify", {"token": tokens["access"]}).body
    assert verified["active"] is True
    assert {name: verified[name] for name in claims} == claims


def forged(access: str, header: dict[str, Any], **claims: Any) -> list[str]:
    """The token with another header and claims, signed in the ways that attackers know."""
    body = jwt.decode(access, options={"verify_signature": False}) | claims
    parts = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, body)]
    signature = access.rpartition(".")[2]
    return [".".join([*parts, ending]) for ending in ("", signature, "AAAA")]


def test_forged_tokens_are_refused(api: Api, tokens: dict[str, Any]) -> None:
    access = tokens["access"]
    kid = jwt.get_unverified_header(access)["kid"]
    public = json.dumps(api.http.get("/.well-known/jwks.json").json()["keys"][0])
    bad = [token for alg in ("none", "None", "NONE", "nOnE") for token in forged(access, {"alg": alg, "kid": kid})]
    for header in (
        {"alg": "ES256", "kid": "../../dev/null"},
        {"alg": "ES256", "kid": "' OR 1=1 --"},
        {"alg": "ES256", "kid": "a\x00"},
        {"alg": "ES256", "kid": kid, "jku": "http://127.0.0.1:1/keys", "jwk": json.loads(public)},
        {"alg": "HS256", "kid": kid},
        {"alg": "ES256"},
    ):
        bad += forged(access, header, role="admin")
    bad += [access[:-4], access + "A", f"{access}.x", "", "x", tokens["refresh"], tokens["refresh"] * 3]
    for token in bad:
        if token:
            assert me(api, token)[0] == 401, token
            assert me(api, token)[1]["code"] in ("token_invalid", "not_authenticated")
        assert api.post("token/verify", {"token": token}).status in (400, 401)
    raw = urlsafe_b64decode(access.rpartition(".")[2] + "==")
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    twin = raw[:32] + (order - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    malleable = f"{access.rpartition('.')[0]}.{urlsafe_b64encode(twin).rstrip(b'=').decode()}"
    sign_out(api, access)
    assert me(api, malleable)[1]["code"] == "session_revoked"  # the session counts, not the spelling


def test_an_access_token_expires(api: Api, inbox: Inbox) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        registration = api.start(email=ADA, password=PASSWORD).registration
        access = api.confirm(registration, inbox.newest(ADA).code).body["access"]
        clock.shift(600 + 29)
        assert me(api, access)[0] == 200
        clock.shift(2)
        assert me(api, access)[1]["code"] == "token_expired"


def test_a_refresh_token_works_once_and_a_second_use_ends_the_session(
    api: Api, inbox: Inbox, tokens: dict[str, Any]
) -> None:
    with travel(0, tick=False) as clock:
        clock.move_to(AuditEvent.objects.latest("id").at)
        second = refresh(tokens["refresh"]).body
        assert second["refresh"] != tokens["refresh"]
        clock.shift(10)
        assert refresh(tokens["refresh"]).body["refresh"] == second["refresh"]  # a lost answer, or a second tab
        clock.shift(1)
        stolen = refresh(tokens["refresh"])
        assert (stolen.status, stolen.code) == (401, "session_revoked")
        assert refresh(second["refresh"]).code == "session_revoked"
        assert me(api, second["access"])[1]["code"] == "session_revoked"
        assert "ended" in inbox.newest(ADA).subject
        assert AuditEvent.objects.filter(name="session.refresh_reused").count() == 1


def test_grace_is_for_the_immediate_parent_only(tokens: dict[str, Any]) -> None:
    second = refresh(tokens["refresh"]).body["refresh"]
    assert refresh(second).status == 200
    assert refresh(tokens["refresh"]).code == "session_revoked"
    assert Session.objects.get().revoked_at is not None


def test_many_tabs_at_once_get_the_same_successor(tokens: dict[str, Any]) -> None:
    given, seen = tokens["refresh"], set()

    def one(_: int) -> Reply:
        reply = refresh(given)
        seen.add(reply.body.get("refresh"))
        return reply

    for tabs in [16] * 2 + [2] * 200:
        seen.clear()
        assert at_once(one, times=tabs) == {(200, ""): tabs}
        assert len(seen) == 1
        given = seen.pop()
    assert RefreshToken.objects.count() == 203


def test_refresh_and_sign_out_at_once_leave_nothing_alive(api: Api, tokens: dict[str, Any]) -> None:
    given = tokens["refresh"]
    for _ in range(5):
        session = Session.objects.get(revoked_at=None)
        living: list[dict[str, Any]] = []

        def act(number: int, given: str = given, living: list[dict[str, Any]] = living) -> Reply:
            if number == 3:
                return Reply(status=sign_out(Api(), "", body={"refresh": given}))
            reply = refresh(given)
            if reply.status == 200:
                living.append(reply.body)
            return reply

        answers = at_once(act, times=6)
        assert not {status for status, _ in answers if status >= 500}
        for body in living:
            assert me(api, body["access"])[1]["code"] == "session_revoked"
            assert refresh(body["refresh"]).code == "session_revoked"
        session.revoked_at = None
        session.save()


def test_idle_and_absolute_life(api: Api, inbox: Inbox) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        registration = api.start(email=ADA, password=PASSWORD).registration
        token = api.confirm(registration, inbox.newest(ADA).code).body["refresh"]
        for _ in range(8):
            clock.shift(11 * 86400)
            reply = refresh(token)
            assert reply.status == 200
            token = reply.body["refresh"]
        clock.shift(3 * 86400)  # 91 days after the sign-in: using it did not prolong it
        assert refresh(token).code == "session_revoked"
        registration = api.start(email="idle@example.com", password=PASSWORD).registration
        idle = api.confirm(registration, inbox.newest("idle@example.com").code).body["refresh"]
        clock.shift(14 * 86400)
        assert refresh(idle).code == "token_expired"


def test_signing_out_counts_at_once_and_twice_is_no_error(api: Api, tokens: dict[str, Any]) -> None:
    assert sign_out(api, tokens["access"]) == 204
    assert me(api, tokens["access"])[1]["code"] == "session_revoked"
    assert refresh(tokens["refresh"]).code == "session_revoked"
    assert sign_out(api, tokens["access"]) == 204
    assert sign_out(api, "", body={"refresh": tokens["refresh"]}) == 204
    assert sign_out(api, "") == 401


def test_signing_out_everywhere_ends_every_session(api: Api, tokens: dict[str, Any]) -> None:
    Session.objects.create(
        user=User.objects.get(),
        **{
            field: getattr(Session.objects.get(), field)
            for field in ("created_at", "last_seen_at", "expires_at", "auth_time")
        },
    )
    assert sign_out(api, tokens["access"], "logout/all") == 204
    assert not Session.objects.filter(revoked_at=None).exists()


def test_a_suspended_person_is_out_at_the_next_request(api: Api, tokens: dict[str, Any]) -> None:
    user = User.objects.get()
    assert lifecycle.suspend(user.id)
    assert me(api, tokens["access"])[1]["code"] == "session_revoked"
    assert refresh(tokens["refresh"]).code == "session_revoked"
    assert api.post("token/verify", {"token": tokens["access"]}).status == 401


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer a b", "Bearer a,b", "bearer"])
def test_a_header_that_is_no_bearer_token(api: Api, header: str) -> None:
    assert api.http.get("/api/auth/me", headers={"Authorization": header}).status_code == 401


def test_a_token_elsewhere_does_not_count(api: Api, tokens: dict[str, Any]) -> None:
    assert api.http.get(f"/api/auth/me?access={tokens['access']}&token={tokens['access']}").status_code == 401
    api.http.cookies["access"] = tokens["access"]
    assert api.http.get("/api/auth/me").status_code == 401


def test_a_retired_secret_retires_its_signing_keys_and_nobody_is_stuck(api: Api, inbox: Inbox) -> None:
    with override_settings(KEYS=Keys(["the secret that is retired soon, of some length"])):
        signing.newest(timezone.now())
    signing._opened.cache_clear()  # a secret is retired by a restart
    assert api.http.get("/.well-known/jwks.json").json() == {"keys": []}
    registration = api.start(email=ADA, password=PASSWORD).registration
    access = api.confirm(registration, inbox.newest(ADA).code).body["access"]
    assert me(api, access)[0] == 200
    assert len(api.http.get("/.well-known/jwks.json").json()["keys"]) == 1
