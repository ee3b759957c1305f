"""Recovery and change: the password forgotten and changed, another address, another number; who is cut off by it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from time_machine import travel

from tests.world import PASSWORD, Api, Inbox, Reply
from vestibule.accounts import lifecycle
from vestibule.accounts.models import User
from vestibule.audit.models import AuditEvent
from vestibule.courier.models import Message
from vestibule.sessions.models import Device, Session

ADA, NEW, NUMBER = "ada@example.com", "new@example.com", "+14155550100"
NEXT = "another password entirely"


@pytest.fixture
def ada(api: Api, inbox: Inbox) -> str:
    """An account; the access token of its session."""
    return api.account(inbox, ADA)


def ask(api: Api, email: str = ADA) -> Reply:
    return api.post("password/reset", {"email": email})


def reset(api: Api, password: str = NEXT, **proof: str) -> Reply:
    return api.post("password/reset/confirm", {**proof, "password": password, "password2": password})


def alive(api: Api, access: str) -> bool:
    return api.send("GET", "me", access).status == 200


@pytest.mark.parametrize("proof", ["link", "code"])
def test_a_reset_by_link_or_code_works_once_and_ends_every_session(
    api: Api, inbox: Inbox, ada: str, proof: str
) -> None:
    other = api.login(ADA, device={"fingerprint_hash": "one of mine"}).body["access"]
    assert ask(api).status == 202
    mail = inbox.newest(ADA)
    assert "/password/reset/confirm/?token=" in mail.text
    assert len(mail.code) == 8
    shown = {"token": mail.token} if proof == "link" else {"email": ADA, "otp": mail.code}
    assert reset(api, "short", **shown).code == "invalid"  # costs nothing
    assert reset(api, **shown).status == 204
    assert not alive(api, ada)
    assert not alive(api, other)
    assert not Device.objects.exists()
    assert api.login(ADA).code == "invalid_credentials"
    assert api.login(ADA, NEXT).status == 200
    for again in ({"token": mail.token}, {"email": ADA, "otp": mail.code}):
        assert (reply := reset(api, PASSWORD, **again)).status == 410
        assert reply.code == "token_used"
    assert any("password was changed" in post.subject for post in inbox.all(ADA))
    assert AuditEvent.objects.filter(name="password.reset").count() == 1


def test_the_same_answer_and_a_mail_for_accounts_only(api: Api, inbox: Inbox, ada: str) -> None:
    """ENUM-04."""
    api.register(email="waits@example.com", password=PASSWORD)
    api.account(inbox, "suspended@example.com")
    lifecycle.suspend(User.objects.get(email="suspended@example.com").pk)
    inbox.all()
    inbox.empty()
    replies = [ask(api, email) for email in (ADA, "no@example.com", "waits@example.com", "suspended@example.com")]
    assert len({(reply.status, reply.text) for reply in replies}) == 1
    assert [post.to for post in inbox.all()] == [ADA]
    assert Message.objects.filter(kind="password_reset").count() == 4  # the same work
    for email in ("no@example.com", "waits@example.com", "suspended@example.com"):
        codes = [reset(api, email=email, otp="12345678").code for _ in range(6)]
        assert codes == ["otp_invalid"] * 4 + ["otp_exhausted"] * 2
    assert [reset(api, email=ADA, otp="12345678").code for _ in range(6)] == codes
    assert reset(api, email="never@example.com", otp="12345678").code == "otp_expired"


def test_the_newer_reset_kills_the_older(api: Api, inbox: Inbox) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        api.account(inbox, ADA)
        ask(api)
        first = inbox.newest(ADA)
        ask(api)
        assert inbox.newest(ADA).token == first.token  # within a minute there is one
        clock.shift(61)
        ask(api)
        second = inbox.newest(ADA)
        assert second.token != first.token
        assert reset(api, token=first.token).code == "token_used"
        assert reset(api, email=ADA, otp=first.code).code == "otp_invalid"
        clock.shift(601)
        assert reset(api, email=ADA, otp=second.code).code == "otp_expired"
        clock.shift(3600 - 602)
        assert reset(api, token=second.token).status == 204


def test_a_reset_link_dies_after_an_hour(api: Api, inbox: Inbox) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        api.account(inbox, ADA)
        ask(api)
        token = inbox.newest(ADA).token
        clock.shift(3600)
        assert (reply := reset(api, token=token)).status == 410
        assert reply.code == "token_expired"


def test_two_resets_at_once_with_two_passwords(api: Api, inbox: Inbox) -> None:
    """RACE-08, 20 rounds."""
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        api.account(inbox, ADA)
        for _ in range(20):
            clock.shift(3601)
            ask(api)
            token = inbox.newest(ADA).token

            def one(password: str, token: str = token) -> Reply:
                try:
                    return reset(Api(), password, token=token)
                finally:
                    connections.close_all()

            with ThreadPoolExecutor(2) as pool:
                replies = list(pool.map(one, ["the first of two passwords", "the second of two passwords"]))
            assert sorted(reply.status for reply in replies) in ([204, 410], [204, 429])
            won = "first" if replies[0].status == 204 else "second"
            assert User.objects.get().check_password(f"the {won} of two passwords")
            inbox.empty()


def test_a_reset_opens_what_a_hundred_wrong_passwords_had_shut(api: Api, inbox: Inbox) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        api.account(inbox, ADA)
        for _ in range(100):
            api.login(ADA, "wrong")
            clock.shift(3601)
        assert api.login(ADA).code == "invalid_credentials"  # also the right one
        ask(api)
        assert reset(api, token=inbox.newest(ADA).token).status == 204
        assert api.login(ADA, NEXT).status == 200


@pytest.mark.parametrize("proof", [{}, {"token": ""}, {"token": "0"}, {"email": ADA}, {"email": ADA, "otp": ""}])
def test_no_step_is_skipped(api: Api, inbox: Inbox, ada: str, proof: dict[str, str]) -> None:
    """OTP-16."""
    ask(api)
    assert reset(api, **proof).status in (400, 410)
    assert api.login(ADA).status == 200


def test_a_password_is_changed_with_the_one_that_is_known(api: Api, inbox: Inbox, ada: str) -> None:
    other = api.login(ADA).body["access"]

    def change(current: str, password: str, **more: str) -> Reply:
        return api.send("POST", "password/change", ada, {"current_password": current, "password": password, **more})

    ask(api)
    pending = inbox.newest(ADA).token
    assert change("wrong", NEXT).code == "invalid_credentials"
    assert change(PASSWORD, "short").body["codes"] == {"password": ["password_too_short"]}
    assert change(PASSWORD, PASSWORD).body["codes"] == {"password": ["password_unchanged"]}
    assert change(PASSWORD, NEXT, password2="x").body["codes"] == {"password2": ["password_mismatch"]}
    assert change(PASSWORD, NEXT, password2=NEXT).status == 204
    assert alive(api, ada)
    assert not alive(api, other)
    assert reset(api, token=pending).code == "token_used"
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
def test_what_guards_the_account_wants_a_recent_sign_in(
    api: Api, inbox: Inbox, path: str, body: dict[str, str]
) -> None:
    """TOK-18: and `reauthenticate` is one."""
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


def change_email(api: Api, access: str, email: str = NEW) -> Reply:
    return api.send("POST", "email/change", access, {"email": email, "password": PASSWORD})


def test_an_address_is_changed_by_a_proof_and_taken_back_from_the_old(api: Api, inbox: Inbox, ada: str) -> None:
    """EML-01, EML-03."""
    assert change_email(api, ada).status == 202
    assert "about to change" in inbox.newest(ADA).subject
    assert User.objects.get().email == ADA
    code = inbox.newest(NEW).code
    assert len(code) == 8
    assert api.send("POST", "email/change/confirm", ada, {"otp": "00000000"}).code == "otp_invalid"
    changed = api.send("POST", "email/change/confirm", ada, {"otp": code})
    assert (changed.status, changed.body["email"], changed.body["email_verified"]) == (200, NEW, True)
    assert api.login(ADA).status == 401
    undo = inbox.newest(ADA)
    assert "/email/undo/?token=" in undo.text
    assert api.post("email/change/undo", {"token": undo.token}).status == 204
    assert User.objects.get().email == ADA
    assert not alive(api, ada)
    assert api.login(ADA).status == 401  # whoever changed it knows the password
    assert api.post("email/change/undo", {"token": undo.token}).code == "token_used"
    assert reset(api, token=inbox.newest(ADA).token).status == 204
    assert api.login(ADA, NEXT).status == 200


def test_an_address_is_taken_back_for_72_hours(api: Api, inbox: Inbox) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        access = api.account(inbox, ADA)
        change_email(api, access)
        api.send("POST", "email/change/confirm", access, {"otp": inbox.newest(NEW).code})
        token = inbox.newest(ADA).token
        clock.shift(72 * 3600)
        assert api.post("email/change/undo", {"token": token}).code == "token_expired"


def test_only_the_newest_change_in_its_own_session_counts(api: Api, inbox: Inbox, ada: str) -> None:
    """EML-02, EML-04."""
    change_email(api, ada, "first@example.com")
    old = inbox.newest("first@example.com").code
    change_email(api, ada)
    code = inbox.newest(NEW).code
    assert api.send("POST", "email/change/confirm", ada, {"otp": old}).code == "otp_invalid"
    elsewhere = api.login(ADA).body["access"]
    bob = api.account(inbox, "bob@example.com")
    for access in (elsewhere, bob):
        assert api.send("POST", "email/change/confirm", access, {"otp": code}).code == "otp_expired"
    api.send("POST", "password/change", ada, {"current_password": PASSWORD, "password": NEXT})
    assert api.send("POST", "email/change/confirm", ada, {"otp": code}).code == "token_used"
    assert User.objects.filter(email=ADA).exists()


def test_a_known_address_says_nothing_of_its_account(api: Api, inbox: Inbox, ada: str) -> None:
    """ENUM-07: and its owner gets a notice without a code."""
    api.account(inbox, NEW)
    inbox.empty()
    known, fresh = change_email(api, ada), change_email(api, ada, "fresh@example.com")
    assert (known.status, known.text) == (fresh.status, fresh.text)
    assert "already" in inbox.newest(NEW).subject
    with pytest.raises(AssertionError, match="no code"):
        _ = inbox.newest(NEW).code


def test_two_who_want_one_address(api: Api, inbox: Inbox, ada: str) -> None:
    """RACE-11: the database decides; who comes second is told."""
    bob = api.account(inbox, "bob@example.com")
    codes = []
    for access in (ada, bob):
        change_email(api, access)
        codes.append(inbox.newest(NEW).code)
    assert api.send("POST", "email/change/confirm", ada, {"otp": codes[0]}).status == 200
    assert (reply := api.send("POST", "email/change/confirm", bob, {"otp": codes[1]})).status == 409
    assert reply.code == "email_taken"


def test_a_number_is_changed_by_a_proof(api: Api, inbox: Inbox, ada: str) -> None:
    wanted = {"phone_number": NUMBER, "password": PASSWORD}
    assert api.send("POST", "phone/change", ada, wanted).status == 202
    assert User.objects.get().phone_number is None
    code = inbox.newest(NUMBER).code
    assert len(code) == 6
    changed = api.send("POST", "phone/change/confirm", ada, {"otp": code})
    assert (changed.body["phone_number"], changed.body["phone_verified"]) == (NUMBER, True)
    assert api.post("login", {"phone_number": NUMBER, "password": PASSWORD}).status == 200
    assert "phone number was changed" in inbox.newest(ADA).subject
    bob = api.account(inbox, "bob@example.com")
    assert api.send("POST", "phone/change", bob, wanted).status == 202
    assert "already" in inbox.newest(NUMBER).text


def test_suspended_at_once(api: Api, ada: str) -> None:
    """TOK-15."""
    refresh = api.login(ADA).body["refresh"]
    lifecycle.suspend(User.objects.get().pk)
    assert not alive(api, ada)
    assert api.post("token/refresh", {"refresh": refresh}).code == "session_revoked"
    assert Session.objects.filter(revoked_at=None).exists()
