"""EML: an address is changed by a proof of the new one, in the session that asked, and taken back from the old."""

import pytest
from time_machine import travel

from tests.stories.test_recovery import alive, change_email, reset
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import User
from vestibule.flows import step_up

ADA, BOB, NEW = "ada@example.com", "bob@example.com", "new@example.com"
NEXT = "another password entirely"


def test_eml_01_an_address_is_changed_by_a_proof_and_taken_back_from_the_old(api: Api, inbox: Inbox, ada: str) -> None:
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


def test_eml_03_an_address_is_taken_back_for_72_hours(api: Api, inbox: Inbox) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        access = api.account(inbox, ADA)
        change_email(api, access)
        api.send("POST", "email/change/confirm", access, {"otp": inbox.newest(NEW).code})
        token = inbox.newest(ADA).token
        clock.shift(72 * 3600)
        assert api.post("email/change/undo", {"token": token}).code == "token_expired"


def test_eml_02_only_the_newest_change_in_its_own_session_counts(api: Api, inbox: Inbox, ada: str) -> None:
    """EML-02, EML-04: the older code, another session, another person, after the password was changed."""
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


def test_eml_02_a_change_dies_with_the_session_that_asked(api: Api, inbox: Inbox, ada: str) -> None:
    change_email(api, ada)
    code = inbox.newest(NEW).code
    elsewhere = api.login(ADA).body["access"]
    assert api.send("POST", "logout", ada).status == 204
    assert api.send("POST", "email/change/confirm", ada, {"otp": code}).code == "session_revoked"
    assert api.send("POST", "email/change/confirm", elsewhere, {"otp": code}).code == "otp_expired"
    assert User.objects.get().email == ADA


def test_eml_04_a_code_in_anothers_browser_changes_nobody(api: Api, inbox: Inbox, ada: str) -> None:
    """By page: Bob is signed in, and types the code that Ada was sent. (In Chromium: test_account_pages.py.)"""
    api.account(inbox, BOB)
    change_email(api, ada)
    bob = Http()
    bob.post("/login/", {"name": BOB, "password": PASSWORD})
    answer = bob.post("/account/security/", {"act": "email_confirm", "otp": inbox.newest(NEW).code})
    assert (answer.status_code, 'data-code="otp_expired"' in answer.content.decode()) == (410, True)
    assert set(User.objects.values_list("email", flat=True)) == {ADA, BOB}
    assert api.send("POST", "email/change/confirm", ada, {"otp": inbox.newest(NEW).code}).status == 200


def test_otp_18_a_reset_to_the_former_address_is_dead_though_nobody_came_to_bury_it(
    api: Api, inbox: Inbox, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies after the commit of the change: who had the address before has a link that takes it back, with
    every later proof removed, and no other way in."""
    api.post("password/reset", {"email": ADA})
    asked = inbox.newest(ADA)
    change_email(api, ada)
    with monkeypatch.context() as without:
        without.setattr(step_up, "cancel_pending_changes", lambda *_: None)
        assert api.send("POST", "email/change/confirm", ada, {"otp": inbox.newest(NEW).code}).status == 200
    assert reset(api, token=asked.token).code == "token_expired"
    assert reset(api, email=ADA, otp=asked.code).code == "otp_expired"
    assert User.objects.get(email=NEW).check_password(PASSWORD)
