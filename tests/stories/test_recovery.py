"""Recovery and change: the password forgotten and changed, another address, another number; who is cut off by it."""

import pytest
from time_machine import travel

from tests.world import PASSWORD, Api, Inbox, Reply
from vestibule.accounts import lifecycle
from vestibule.accounts.models import User
from vestibule.courier.models import Message

ADA, NEW, NUMBER = "ada@example.com", "new@example.com", "+14155550100"
NEXT = "another password entirely"


def ask(api: Api, email: str = ADA) -> Reply:
    return api.post("password/reset", {"email": email})


def reset(api: Api, password: str = NEXT, **proof: str) -> Reply:
    return api.post("password/reset/confirm", {**proof, "password": password, "password2": password})


def change_email(api: Api, access: str, email: str = NEW) -> Reply:
    return api.send("POST", "email/change", access, {"email": email, "password": PASSWORD})


def alive(api: Api, access: str) -> bool:
    return api.send("GET", "me", access).status == 200


def test_the_same_answer_and_a_mail_for_accounts_only(api: Api, inbox: Inbox, ada: str) -> None:
    """ENUM-04."""
    api.register(email="waits@example.com", password=PASSWORD)
    api.account(inbox, "suspended@example.com")
    lifecycle.suspend_user(User.objects.get(email="suspended@example.com").pk)
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


def test_a_known_address_says_nothing_of_its_account(api: Api, inbox: Inbox, ada: str) -> None:
    """ENUM-07: and its owner gets a notice without a code."""
    api.account(inbox, NEW)
    inbox.empty()
    known, fresh = change_email(api, ada), change_email(api, ada, "fresh@example.com")
    assert (known.status, known.text) == (fresh.status, fresh.text)
    assert "already" in inbox.newest(NEW).subject
    with pytest.raises(AssertionError, match="no code"):
        _ = inbox.newest(NEW).code


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
