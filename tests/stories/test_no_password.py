"""An account without a password: only a step-up asks for one, and a recent sign-in guards what a password would."""

from datetime import timedelta

import pytest
from time_machine import travel

from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.lifecycle import NO_PASSWORD
from vestibule.accounts.models import User

ADA, NEW, NUMBER = "ada@example.com", "ada@example.org", "+14155550100"
NOON = "2026-03-01T12:00:00Z"


@pytest.fixture
def access(api: Api, inbox: Inbox) -> str:
    """The access token of somebody who has just signed in to an account without a password."""
    found = api.account(inbox, ADA)
    User.objects.update(password=NO_PASSWORD)
    return found


def test_it_says_so(api: Api, access: str) -> None:
    assert api.send("GET", "me", access).body["has_password"] is False


def test_its_address_and_number_are_changed_after_a_recent_sign_in(api: Api, inbox: Inbox, access: str) -> None:
    assert api.send("POST", "phone/change", access, {"phone_number": NUMBER}).status == 202
    assert api.send("POST", "phone/change/confirm", access, {"otp": inbox.newest(NUMBER).code}).status == 200
    assert api.send("POST", "email/change", access, {"email": NEW}).status == 202
    assert api.send("POST", "email/change/confirm", access, {"otp": inbox.newest(NEW).code}).status == 200
    assert User.objects.get().email == NEW


def test_it_is_given_a_first_password_after_a_recent_sign_in(api: Api, access: str) -> None:
    assert api.send("POST", "password/change", access, {"password": PASSWORD}).status == 204
    assert api.send("GET", "me", access).body["has_password"] is True
    assert api.login(ADA).status == 200


CHANGES = {
    "email/change": {"email": NEW},
    "phone/change": {"phone_number": NUMBER},
    "password/change": {"password": "another correct horse battery"},
}


@pytest.mark.parametrize("path", CHANGES)
def test_an_old_sign_in_changes_nothing(api: Api, inbox: Inbox, path: str) -> None:
    with travel(NOON, tick=False) as clock:
        api.account(inbox, ADA)
        signed_in = api.login(ADA).body
        User.objects.update(password=NO_PASSWORD)
        clock.shift(timedelta(seconds=601))
        access = str(api.post("token/refresh", {"refresh": signed_in["refresh"]}).body["access"])
        refused = api.send("POST", path, access, CHANGES[path])
        assert (refused.status, refused.code) == (403, "reauthentication_required")
        assert api.send("POST", "reauthenticate", access, {"password": NO_PASSWORD}).code == "invalid_credentials"


@pytest.mark.parametrize("path", CHANGES)
def test_whoever_has_a_password_types_it(api: Api, inbox: Inbox, path: str) -> None:
    access = api.account(inbox, ADA)
    field = "current_password" if path == "password/change" else "password"
    assert api.send("GET", "me", access).body["has_password"] is True
    for typed in ({}, {field: ""}):
        refused = api.send("POST", path, access, {**CHANGES[path], **typed})
        assert (refused.status, refused.body["codes"]) == (400, {field: ["required"]})
    wrong = api.send("POST", path, access, {**CHANGES[path], field: "not the password"})
    assert (wrong.status, wrong.code) == (401, "invalid_credentials")


def test_no_password_opens_it(api: Api, access: str) -> None:
    assert access
    for typed in (PASSWORD, NO_PASSWORD, "!"):
        assert api.login(ADA, typed).code == "invalid_credentials"


def test_its_page_asks_for_none(api: Api, inbox: Inbox) -> None:
    api.account(inbox, ADA)
    browser = Http()
    browser.post("/login/", {"name": ADA, "password": PASSWORD})
    assert 'name="current_password"' in browser.get("/account/security/password/").content.decode()
    User.objects.update(password=NO_PASSWORD)
    page = browser.get("/account/security/password/").content.decode()
    assert 'name="current_password"' not in page
    assert "Set a password" in page
    set_first = browser.post("/account/security/", {"act": "password", "password": PASSWORD})
    assert set_first["Location"] == "/account/security/?done=password"
    assert User.objects.get().has_usable_password()
