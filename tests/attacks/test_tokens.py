"""TOK: what a session is known by is made by us, lives its time, and dies with whatever ends it. What our own key may
sign is in test_tokens_claims.py."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import jwt
import pytest
from time_machine import travel

from tests.stories.test_recovery import alive, ask, reset
from tests.stories.test_sessions import me, refresh, sign_out
from tests.world import PASSWORD, Api, Inbox, Reply
from vestibule.accounts import lifecycle
from vestibule.accounts.models import User
from vestibule.audit.models import AuditEvent
from vestibule.sessions.models import Device, Session

ADA, NEW, NUMBER = "ada@example.com", "new@example.com", "+14155550100"
NOON, NEXT = "2026-03-01T12:00:00Z", "another password entirely"


@pytest.fixture
def tokens(api: Api, inbox: Inbox) -> dict[str, Any]:
    """A signed-in person: the answer to the confirmed sign-up."""
    registration = api.start(email=ADA, password=PASSWORD).registration
    return dict(api.confirm(registration, inbox.newest(ADA).code).body)


def forged(access: str, header: dict[str, Any], **claims: Any) -> list[str]:
    """The token with another header and claims, signed in the ways that attackers know."""
    body = jwt.decode(access, options={"verify_signature": False}) | claims
    parts = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, body)]
    signature = access.rpartition(".")[2]
    return [".".join([*parts, ending]) for ending in ("", signature, "AAAA")]


def test_tok_01_forged_tokens_are_refused(api: Api, tokens: dict[str, Any]) -> None:
    """TOK-01, TOK-02, TOK-05, TOK-25: unsigned, signed with what is public, another kind; and revoked, spelt anew."""
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


def test_tok_07_a_refresh_token_works_once_and_a_second_use_ends_the_session(
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


def test_tok_09_idle_and_absolute_life(api: Api, inbox: Inbox) -> None:
    """TOK-09, TOK-10."""
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


def test_tok_11_signing_out_counts_at_once_and_twice_is_no_error(api: Api, tokens: dict[str, Any]) -> None:
    assert sign_out(api, tokens["access"]) == 204
    assert me(api, tokens["access"])[1]["code"] == "session_revoked"
    assert refresh(tokens["refresh"]).code == "session_revoked"
    assert sign_out(api, tokens["access"]) == 204
    assert sign_out(api, "", body={"refresh": tokens["refresh"]}) == 204
    assert sign_out(api, "") == 401


def test_tok_17_signing_out_everywhere_ends_every_session(api: Api, tokens: dict[str, Any]) -> None:
    Session.objects.create(
        user=User.objects.get(),
        **{
            field: getattr(Session.objects.get(), field)
            for field in ("created_at", "last_seen_at", "expires_at", "auth_time")
        },
    )
    assert sign_out(api, tokens["access"], "logout/all") == 204
    assert not Session.objects.filter(revoked_at=None).exists()


def test_tok_15_a_suspended_person_is_out_at_the_next_request(api: Api, tokens: dict[str, Any]) -> None:
    user = User.objects.get()
    assert lifecycle.suspend_user(user.id)
    assert me(api, tokens["access"])[1]["code"] == "session_revoked"
    assert refresh(tokens["refresh"]).code == "session_revoked"
    assert api.post("token/verify", {"token": tokens["access"]}).status == 401


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer a b", "Bearer a,b", "bearer"])
def test_tok_16_a_header_that_is_no_bearer_token(api: Api, header: str) -> None:
    assert api.http.get("/api/auth/me", headers={"Authorization": header}).status_code == 401


def test_tok_16_a_token_elsewhere_does_not_count(api: Api, tokens: dict[str, Any]) -> None:
    assert api.http.get(f"/api/auth/me?access={tokens['access']}&token={tokens['access']}").status_code == 401
    api.http.cookies["access"] = tokens["access"]
    assert api.http.get("/api/auth/me").status_code == 401


@pytest.mark.parametrize("proof", ["link", "code"])
def test_tok_14_a_reset_by_link_or_code_works_once_and_ends_every_session(
    api: Api, inbox: Inbox, tokens: dict[str, Any], proof: str
) -> None:
    """TOK-14, PRE-02: whoever else was in, a stranger of before the reset too."""
    other = api.login(ADA, device={"fingerprint_hash": "one of mine"}).body["access"]
    assert ask(api).status == 202
    mail = inbox.newest(ADA)
    assert "/password/reset/confirm/?token=" in mail.text
    assert len(mail.code) == 8
    shown = {"token": mail.token} if proof == "link" else {"email": ADA, "otp": mail.code}
    assert reset(api, "short", **shown).code == "invalid"  # costs nothing
    assert reset(api, **shown).status == 204
    assert not alive(api, tokens["access"])
    assert refresh(tokens["refresh"]).code == "session_revoked"
    assert not alive(api, other)
    assert not Device.objects.exists()
    assert api.login(ADA).code == "invalid_credentials"
    assert api.login(ADA, NEXT).status == 200
    for again in ({"token": mail.token}, {"email": ADA, "otp": mail.code}):
        assert (reply := reset(api, PASSWORD, **again)).status == 410
        assert reply.code == "token_used"
    assert any("password was changed" in post.subject for post in inbox.all(ADA))
    assert AuditEvent.objects.filter(name="password.reset").count() == 1


def test_tok_13_a_password_is_changed_with_the_one_that_is_known(
    api: Api, inbox: Inbox, tokens: dict[str, Any]
) -> None:
    ada = tokens["access"]
    other = api.login(ADA).body["access"]

    def change(current: str, password: str, **more: str) -> Reply:
        return api.send("POST", "password/change", ada, {"current_password": current, "password": password, **more})

    ask(api)
    pending = inbox.newest(ADA).token
    api.send("POST", "email/change", ada, {"email": NEW, "password": PASSWORD})
    moving = inbox.newest(NEW).code
    assert change("wrong", NEXT).code == "invalid_credentials"
    assert change(PASSWORD, "short").body["codes"] == {"password": ["password_too_short"]}
    assert change(PASSWORD, PASSWORD).body["codes"] == {"password": ["password_unchanged"]}
    assert change(PASSWORD, NEXT, password2="x").body["codes"] == {"password2": ["password_mismatch"]}
    assert change(PASSWORD, NEXT, password2=NEXT).status == 204
    assert alive(api, ada)
    assert not alive(api, other)
    assert reset(api, token=pending).code == "token_used"
    assert api.send("POST", "email/change/confirm", ada, {"otp": moving}).status >= 400
    assert api.login(ADA).code == "invalid_credentials"
    assert "password was changed" in inbox.newest(ADA).subject


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("password/change", {"current_password": PASSWORD, "password": NEXT}),
        ("email/change", {"email": NEW, "password": PASSWORD}),
        ("phone/change", {"phone_number": NUMBER, "password": PASSWORD}),
    ],
)
def test_tok_18_what_guards_the_account_wants_a_recent_sign_in(
    api: Api, inbox: Inbox, path: str, body: dict[str, str]
) -> None:
    """And `reauthenticate` is one."""
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        api.account(inbox, ADA)
        signed_in = api.login(ADA).body
        clock.shift(601)
        refreshed = api.post("token/refresh", {"refresh": signed_in["refresh"]}).body["access"]
        reply = api.send("POST", path, refreshed, body)
        assert (reply.status, reply.code) == (403, "reauthentication_required")
        fresh = api.send("POST", "reauthenticate", refreshed, {"password": PASSWORD}).body["access"]
        assert api.send("POST", path, fresh, body).status in (202, 204)
        assert api.send("POST", path, "", body).code == "not_authenticated"


def test_tok_18_a_step_up_counts_for_the_token_that_it_gave_alone(api: Api, inbox: Inbox) -> None:
    """Whoever copied the token of before gains nothing by it; and the name that signs in is among what it guards."""
    with travel(NOON, tick=False) as clock:
        api.account(inbox, ADA)
        signed_in = api.login(ADA).body
        clock.shift(601)
        copied = api.post("token/refresh", {"refresh": signed_in["refresh"]}).body["access"]
        fresh = api.send("POST", "reauthenticate", copied, {"password": PASSWORD}).body["access"]
        renamed = {"username": "ada"}
        assert api.send("PATCH", "me", copied, {"full_name": "Ada Lovelace"}).status == 200
        assert api.send("PATCH", "me", copied, renamed).code == "reauthentication_required"
        assert api.send("PATCH", "me", fresh, renamed).status == 200
        assert api.send("PATCH", "me", copied, renamed).status == 200  # the same again changes nothing
        assert api.send("PATCH", "me", copied, {"username": None}).code == "reauthentication_required"


def test_tok_19_twenty_sessions_and_the_oldest_goes(api: Api, inbox: Inbox) -> None:
    with travel(NOON, tick=False) as clock:
        first = api.account(inbox, ADA)
        for _ in range(19):
            clock.shift(1)
            last = api.login(ADA).body["access"]
        assert Session.objects.filter(revoked_at__isnull=True).count() == 20
        assert me(api, first)[0] == 200
        api.login(ADA)
        assert me(api, first)[1]["code"] == "session_revoked"
        assert me(api, last)[0] == 200
        assert any("oldest session" in post.subject for post in inbox.all(ADA))
