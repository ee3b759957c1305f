"""PASSWORDS=optional: an account without a password, from the sign-up to the first password and back."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone
from time_machine import travel

from tests.configured import configured
from tests.magic import ask
from tests.world import PASSWORD, Api, Http, Inbox, Pages
from vestibule.accounts.lifecycle import NO_PASSWORD
from vestibule.accounts.models import User
from vestibule.audit.models import AuditEvent
from vestibule.factors.models import Passkey
from vestibule.sessions.models import Session

ADA = "ada@example.com"


@pytest.fixture
def optional() -> Iterator[None]:
    """Where a password may be left out."""
    with configured(PASSWORDS="optional"):
        yield


@pytest.fixture
def access(optional: None, api: Api, inbox: Inbox) -> str:
    """The access token of somebody who just signed up without a password."""
    registration = api.start(email=ADA).registration
    confirmed = api.confirm(registration, inbox.newest(ADA).code)
    assert confirmed.status == 201
    return str(confirmed.body["access"])


def passkey(user: User) -> Passkey:
    """One that nobody has."""
    backup = {"is_backup_eligible": False, "is_backed_up": False}
    keys = {"credential_id": b"id", "public_key": b"key", "aaguid": UUID(int=0)}
    return Passkey.objects.create(user=user, name="One", created_at=timezone.now(), **keys, **backup)


def test_a_sign_up_without_one_makes_an_account_without_one(api: Api, access: str) -> None:
    assert User.objects.get().password == NO_PASSWORD
    assert api.send("GET", "me", access).body["has_password"] is False
    assert Session.objects.get().amr == ["otp"]
    assert api.send("GET", "config").body["passwords"] == "optional"


@pytest.mark.parametrize("typed", [{}, {"password": ""}, {"password": "", "confirm_password": ""}, {"password": None}])
@pytest.mark.parametrize("path", ["register/start", "register"])
def test_empty_is_left_out(optional: None, api: Api, path: str, typed: dict[str, str]) -> None:
    assert api.post(path, {"email": ADA, **typed}).status in (201, 202)


def test_what_is_typed_is_judged(optional: None, api: Api) -> None:
    assert api.start(email=ADA, password="short").body["codes"] == {"password": ["password_too_short"]}
    mismatch = api.start(email=ADA, password="", confirm_password=PASSWORD)
    assert mismatch.body["codes"] == {"confirm_password": ["password_mismatch"]}


@pytest.mark.parametrize("path", ["register/start", "register"])
def test_where_it_is_required_a_sign_up_has_one(api: Api, path: str) -> None:
    for typed in ({}, {"password": ""}):
        refused = api.post(path, {"email": ADA, **typed})
        assert (refused.status, refused.body["codes"]) == (400, {"password": ["required"]})
    assert api.send("GET", "config").body["passwords"] == "required"


def test_it_signs_in_by_mail(api: Api, access: str, inbox: Inbox) -> None:
    assert access
    assert api.login(ADA, "").status == 400
    for typed in (PASSWORD, NO_PASSWORD):
        assert api.login(ADA, typed).code == "invalid_credentials"
    assert ask(api, inbox, ADA).by_link().status == 200


def test_a_password_is_added_and_taken_away(api: Api, access: str, inbox: Inbox) -> None:
    assert api.send("POST", "password/change", access, {"password": PASSWORD}).status == 204
    assert api.login(ADA).status == 200
    other = api.login(ADA).body["access"]
    removed = api.send("DELETE", "password", access)
    assert (removed.status, removed.text) == (204, "")
    assert api.send("GET", "me", access).body["has_password"] is False
    assert api.send("GET", "me", other).code == "session_revoked"
    assert inbox.newest(ADA).subject.startswith("Your password was removed")
    assert api.login(ADA).code == "invalid_credentials"
    assert api.send("DELETE", "password", access).status == 204  # nothing is left to remove, and nothing is told
    assert AuditEvent.objects.filter(name="password.removed").count() == 1


def test_the_last_way_in_stays(optional: None, api: Api, inbox: Inbox) -> None:
    access = api.account(inbox, ADA)
    with configured(MAGIC_LINK=False):
        refused = api.send("DELETE", "password", access)
        assert (refused.status, refused.code) == (409, "last_way_in")
        assert User.objects.get().has_usable_password()
        passkey(User.objects.get())
        fresh = api.send("POST", "reauthenticate", access, {"password": PASSWORD})
        assert fresh.status == 400  # whoever has a second factor proves one
        Session.objects.update(amr=["pwd", "mfa"])
        assert api.send("DELETE", "password", access).status == 204


def test_an_unproved_address_is_no_way_in(optional: None, api: Api, inbox: Inbox) -> None:
    access = api.account(inbox, ADA)
    User.objects.update(email_verified_at=None, phone_number="+14155550100", phone_verified_at=timezone.now())
    assert api.send("DELETE", "password", access).code == "last_way_in"
    assert api.post("login/magic/start", {"email": ADA}).status == 202
    assert not [post for post in inbox.all(ADA) if "sign-in code" in post.subject]


def test_an_old_sign_in_removes_nothing(optional: None, api: Api, inbox: Inbox) -> None:
    with travel(timezone.now(), tick=False) as clock:
        api.account(inbox, ADA)
        signed_in = api.login(ADA).body
        clock.shift(timedelta(seconds=601))
        access = api.post("token/refresh", {"refresh": signed_in["refresh"]}).body["access"]
        refused = api.send("DELETE", "password", access)
        assert (refused.status, refused.code) == (403, "reauthentication_required")
    assert api.send("DELETE", "password").code == "not_authenticated"


def test_where_it_is_required_none_is_removed(api: Api, inbox: Inbox) -> None:
    refused = api.send("DELETE", "password", api.account(inbox, ADA))
    assert (refused.status, refused.code) == (404, "not_found")
    assert User.objects.get().has_usable_password()


def test_the_pages_offer_it(optional: None, house: None, inbox: Inbox) -> None:
    pages = Pages()
    form = pages.http.get("/register/").content.decode()
    assert "Password (optional)" in form
    field = form.split('id="password"')[1].split(">")[0]
    assert "required" not in field
    waits = pages.start(email=ADA, password="")
    assert pages.confirm(waits.registration, inbox.newest(ADA).code).status == 303
    assert not User.objects.get().has_usable_password()


def test_the_security_page_removes_it(optional: None, api: Api, inbox: Inbox) -> None:
    api.account(inbox, ADA)
    http = Http()
    http.post("/login/", {"name": ADA, "password": PASSWORD})
    assert "Remove the password" in http.get("/account/security/password/").content.decode()
    removed = http.post("/account/security/", {"act": "password_remove"})
    assert removed["Location"] == "/account/security/?done=password_remove"
    assert "Remove the password" not in http.get("/account/security/password/").content.decode()
    assert not User.objects.get().has_usable_password()
