"""Signing keys that others may know, and a database that is away (HOL-24, HOL-25, TOK-23)."""

from datetime import timedelta
from io import StringIO
from time import monotonic
from typing import Any

import jwt
import pytest
from django.core.management import call_command
from django.db import OperationalError, connection

from tests.doctors import database_away
from tests.world import PASSWORD, Api, Http, Inbox, Pages
from vestibule.audit.models import AuditEvent
from vestibule.kernel import cached
from vestibule.sessions import signing_keys
from vestibule.sessions.models import SigningKey

ADA = "ada@example.com"


def published(http: Http) -> set[str]:
    """The names of the keys that are published."""
    return {key["kid"] for key in http.get("/.well-known/jwks.json").json()["keys"]}


def rotate_in_emergency() -> str:
    """What the command says."""
    said = StringIO()
    call_command("rotate_keys", "--emergency", stdout=said)
    return said.getvalue()


def test_hol_24_in_an_emergency_every_older_key_is_forgotten_at_once(api: Api, inbox: Inbox) -> None:
    access = api.account(inbox, ADA)
    refresh = api.login(ADA).body["refresh"]
    call_command("rotate_keys", stdout=StringIO())  # one that waits to sign may be known, too
    assert api.send("GET", "me", access).status == 200
    old = published(api.http)
    said = rotate_in_emergency()
    [new] = published(api.http)
    assert new not in old
    assert [row.kid for row in SigningKey.objects.all()] == [new]
    assert api.send("GET", "me", access).code == "token_invalid"
    assert api.post("token/verify", {"token": access}).code == "token_invalid"
    fresh = api.post("token/refresh", {"refresh": refresh}).body["access"]
    assert jwt.get_unverified_header(fresh)["kid"] == new  # it signs at once
    assert api.send("GET", "me", fresh).status == 200
    assert all(word in said for word in (new, "2 older keys", "5 seconds", "5\nminutes"))
    assert AuditEvent.objects.filter(name="keys.rotated").latest("at").code == "emergency"


def test_hol_24_another_process_forgets_within_seconds(api: Api, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the command ran elsewhere: this process keeps what it read for KEPT_FOR, and no longer."""
    access = api.account(inbox, ADA)
    assert api.send("GET", "me", access).status == 200
    monkeypatch.setattr(signing_keys, "forget_signing_keys", lambda: None)
    rotate_in_emergency()
    later = monotonic() + signing_keys.KEPT_FOR
    monkeypatch.setattr(cached, "monotonic", lambda: later)
    assert signing_keys.KEPT_FOR <= 5
    assert api.send("GET", "me", access).code == "token_invalid"
    assert len(published(api.http)) == 1


@pytest.fixture
def known(api: Api, inbox: Inbox) -> set[str]:
    """The keys, read once."""
    api.account(inbox, ADA)
    return published(api.http)


def test_hol_25_the_keys_are_published_while_the_database_is_away(
    api: Api, known: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    later = monotonic() + timedelta(hours=1).total_seconds()
    monkeypatch.setattr(cached, "monotonic", lambda: later)
    with database_away():
        answer = api.http.get("/.well-known/jwks.json")
        assert (answer.status_code, {key["kid"] for key in answer.json()["keys"]}) == (200, known)


def test_hol_25_without_ever_having_read_them_it_is_503(api: Api, known: set[str]) -> None:
    signing_keys.forget_signing_keys()
    with database_away():
        answer = api.http.get("/.well-known/jwks.json")
        assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "unavailable", "5")


class Away:
    """The database goes away before the statement of that number, and stays away."""

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """Run the statement, or not."""
        self.left -= 1
        if self.left < 0:
            raise OperationalError("gone")
        return execute(sql, params, many, context)


PAGES = ("", "picture/", "security/", "sessions/", "activity/", "confirm/")
POSTS: dict[str, dict[str, str]] = {
    "/account/": {"full_name": "Ada", "username": "", "bio": "", "address": ""},
    "/account/picture/": {},
    "/account/security/": {"act": "email", "email": "new@example.com", "current_password": PASSWORD},
    "/account/sessions/": {"act": "end_all"},
    "/account/confirm/": {"password": PASSWORD, "back": "security"},
    "/logout/": {},
}


@pytest.mark.parametrize(
    ("path", "typed"), [*((f"/account/{page}", None) for page in PAGES), *POSTS.items(), ("/admin/", None)]
)
def test_hol_25_pages_are_503_wherever_the_database_goes_away(
    house: None, inbox: Inbox, path: str, typed: dict[str, str] | None
) -> None:
    """Before the first statement, the second, … until the page comes through: never a 500."""
    pages = Pages()
    pages.confirm(pages.start(email=ADA, password=PASSWORD).registration, inbox.newest(ADA).code)
    pages.http.handler.enforce_csrf_checks = True
    form = pages.http.get("/logout/").content.decode()
    token = Pages._TOKEN.findall(form)[0]
    answers = []
    for statements in range(40):
        with connection.execute_wrapper(Away(statements)):
            answer = (
                pages.http.get(path) if typed is None else pages.http.post(path, typed | {"csrfmiddlewaretoken": token})
            )
        answers.append(answer.status_code)
        if answer.status_code < 400:
            break
        assert answer.status_code in (503, 404), answers
        if answer.status_code == 404:  # of the admin, whose door says no more
            break
        assert answer["Retry-After"] == "5"
        assert "<h1>" in answer.content.decode()
    assert answers[0] == 503
    assert answers[-1] != 503, answers
