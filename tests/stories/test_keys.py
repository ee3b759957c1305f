"""API keys: made, listed, used and removed, by the API and on their page."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from time_machine import travel

from tests.configured import configured
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.applications import api_keys
from vestibule.applications.models import ApiKey
from vestibule.service.worker import schedule

ADA, PAGE = "ada@example.com", "/account/keys/"


@pytest.fixture
def pages(ada: str) -> Http:
    """Ada at her pages."""
    http = Http(raise_request_exception=False)
    assert http.post("/login/", {"name": ADA, "password": PASSWORD}).status_code == 303
    return http


def life_of(body: dict[str, Any]) -> timedelta:
    """How long a key lives."""
    return datetime.fromisoformat(body["expires_at"]) - datetime.fromisoformat(body["created_at"])


def test_a_key_is_made_shown_once_listed_and_removed(api: Api, ada: str, inbox: Inbox) -> None:
    with configured(OAUTH_SCOPES={"orders.read": "See your orders"}):
        body = {"name": " Script ", "scopes": ["orders.read", "profile", "profile"], "expires_in": 60}
        made = api.send("POST", "keys", ada, body)
    assert made.status == 201
    key = made.body.pop("key")
    assert (made.body["name"], made.body["scopes"]) == ("Script", ["orders.read", "profile"])
    assert (made.body["hint"], made.body["last_used_at"]) == (key[-4:], None)
    assert life_of(made.body) == timedelta(seconds=60)
    assert api.send("GET", "keys", ada).body == [made.body]
    assert api.send("DELETE", f"keys/{made.body['id']}", ada).status == 204
    assert api.send("GET", "keys", ada).body == []
    told = [post.subject for post in inbox.all(ADA)]
    assert any("API key was created" in each for each in told)
    assert any("API key was removed" in each for each in told)


def test_a_name_is_enough(api: Api, ada: str) -> None:
    for body in ({"name": "Script"}, {"name": "Script", "scopes": None, "expires_in": None}):
        made = api.send("POST", "keys", ada, body)
        assert (made.status, made.body["scopes"], life_of(made.body)) == (201, [], timedelta(days=90))


@pytest.mark.parametrize("seconds", [1, 366 * 86_400])
def test_the_shortest_and_the_longest_life(api: Api, ada: str, seconds: int) -> None:
    made = api.send("POST", "keys", ada, {"name": "Script", "expires_in": seconds})
    assert life_of(made.body) == timedelta(seconds=seconds)


WRONG: dict[str, tuple[object, ...]] = {
    "expires_in": (0, -1, 366 * 86_400 + 1, 10**30, 1.5, 60.0, "60", True, [60], {}, ""),
    "name": ("", "  ", "x" * 81, "a\u202eb", "a\nb", "\x00", 5, ["x"], None),
    "scopes": ("profile", ["nobody"], [["profile"]], [None], [1], {"profile": True}, 5),
}


def test_what_cannot_be_is_refused_by_field(api: Api, ada: str, subtests: pytest.Subtests) -> None:
    for field, value in ((field, value) for field, values in WRONG.items() for value in values):
        with subtests.test(field=field, value=value):
            refused = api.send("POST", "keys", ada, {"name": "Script", "scopes": [], "expires_in": 60, field: value})
            assert (refused.status, refused.code, [*refused.body["errors"]]) == (400, "invalid", [field])
            assert not ApiKey.objects.exists()


def test_its_use_is_noted_once_a_minute(api: Api, ada: str) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        ada = api.login(ADA).body["access"]
        key = api.send("POST", "keys", ada, {"name": "Script"}).body["key"]
        noted = []
        for seconds in (0, 59, 1):
            clock.shift(seconds)
            row = api_keys.find_live_key(key, timezone.now())
            assert row
            api_keys.note_use(row, timezone.now())
            noted.append(api.send("GET", "keys", ada).body[0]["last_used_at"])
    assert noted == ["2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z", "2026-03-01T12:01:00Z"]


def test_an_expired_key_is_swept(api: Api, ada: str) -> None:
    api.send("POST", "keys", ada, {"name": "Short", "expires_in": 1})
    api.send("POST", "keys", ada, {"name": "Long"})
    with travel(timezone.now() + timedelta(days=1, seconds=2)):
        schedule.run_due_sweeps()
    assert ApiKey.objects.get().name == "Long"


def test_the_page_makes_one_and_shows_it_once(pages: Http) -> None:
    assert "Make a key" in pages.get(PAGE).content.decode()
    form = {"act": "create", "name": "Script", "scope": ["profile", "email"], "days": "30"}
    made = pages.post(PAGE, form)
    row = ApiKey.objects.get()
    assert (made.status_code, row.scope, row.expires_at - row.created_at) == (200, "profile email", timedelta(days=30))
    shown = made.content.decode()
    key = shown.partition("<code>")[2].partition("<")[0]
    assert api_keys.find_live_key(key, timezone.now()) == row
    listed = pages.get(PAGE).content.decode()
    assert (key in listed, f"…{row.hint}" in listed, "See your email address" in listed) == (False, True, True)
    removed = pages.post(PAGE, {"act": "remove", "id": str(row.pk)})
    assert (removed.status_code, removed["Location"]) == (303, f"{PAGE}?removed")
    assert "The key is removed" in pages.get(removed["Location"]).content.decode()


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"act": "create", "name": "", "days": "30"}, 400),
        ({"act": "create", "name": "Script", "days": "31"}, 400),
        ({"act": "create", "name": "Script", "days": "30", "scope": "nobody"}, 400),
        ({"act": "remove", "id": "x"}, 404),
        ({"act": "remove", "id": "00000000-0000-4000-8000-000000000001"}, 404),
        ({"act": "rotate"}, 404),
        ({}, 404),
    ],
)
def test_the_page_refuses_and_keeps_what_was_typed(pages: Http, form: dict[str, str], status: int) -> None:
    answer = pages.post(PAGE, form)
    assert answer.status_code == status
    assert not ApiKey.objects.exists()
    if form.get("name"):
        assert 'value="Script"' in answer.content.decode()


def test_the_page_asks_who_it_is_before_it_makes_one(pages: Http) -> None:
    with travel(timezone.now() + timedelta(minutes=11)):
        asked = pages.post(PAGE, {"act": "create", "name": "Script", "days": "30"}).content.decode()
        assert "Confirm that it is you" in asked
        assert not ApiKey.objects.exists()
        back = pages.post("/account/confirm/", {"password": PASSWORD, "back": PAGE})
        assert back["Location"] == PAGE


def test_the_security_page_leads_there(pages: Http) -> None:
    assert f'href="{PAGE}"' in pages.get("/account/security/").content.decode()
