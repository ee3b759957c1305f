"""The signed-in person: sessions, devices, activity, profile, picture; all of it taken along, and erased."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.storage import default_storage
from PIL import Image
from time_machine import travel

from tests.pictures import picture, upload
from tests.stories.test_personal_data import NONE, fates, ours
from tests.world import PASSWORD, Api, Inbox
from vestibule.accounts import pictures
from vestibule.accounts.models import Profile, Status, User
from vestibule.audit.models import AuditEvent
from vestibule.service.worker import schedule
from vestibule.sessions.models import Session

ADA, BOB = "ada@example.com", "bob@example.com"
NOON = "2026-03-01T12:00:00Z"
PHONE: dict[str, Any] = {
    "device": {"fingerprint_hash": "of my phone", "device_name": "My phone", "device_type": "mobile", "os": "iOS"}
}
NOBODY = "00000000-0000-4000-8000-000000000001"


def test_sessions_are_listed_and_ended(api: Api, ada: str) -> None:
    """TOK-17."""
    other = api.login(ADA, **PHONE).body["access"]
    listed = api.send("GET", "sessions", ada).body
    assert isinstance(listed, list)
    assert [session["current"] for session in listed] == [False, True]
    assert listed[0]["device"]["name"] == "My phone"
    assert listed[0]["address"] == "127.0.0.1"
    assert api.send("DELETE", f"sessions/{listed[0]['id']}", ada).status == 204
    assert api.send("GET", "me", other).code == "session_revoked"
    assert api.send("DELETE", f"sessions/{listed[0]['id']}", ada).status == 404
    assert api.send("DELETE", f"sessions/{listed[1]['id']}", ada).status == 204
    assert api.send("GET", "me", ada).code == "session_revoked"


def test_devices_are_named_trusted_and_forgotten(api: Api, ada: str) -> None:
    other = api.login(ADA, **PHONE).body["access"]
    [device] = api.send("GET", "devices", ada).body
    assert (device["name"], device["type"], device["is_trusted"]) == ("My phone", "mobile", False)
    path = f"devices/{device['id']}"
    changed = api.send("PATCH", path, ada, {"name": "Old phone", "is_trusted": True}).body
    assert (changed["name"], changed["is_trusted"]) == ("Old phone", True)
    assert api.send("PATCH", path, ada, {"name": "x" * 101}).code == "invalid"
    assert api.send("PATCH", path, ada, {"name": "a\nb"}).code == "invalid"
    assert api.send("DELETE", path, ada).status == 204
    assert api.send("GET", "me", other).code == "session_revoked"
    assert api.send("GET", "devices", ada).text == "[]"


def test_my_activity_is_paged(api: Api, ada: str) -> None:
    """LOG-05."""
    for n in range(60):
        api.send("PATCH", "me", ada, {"full_name": f"Ada {n}"})
    first = api.send("GET", "events", ada).body
    assert (first["count"] >= 62, len(first["results"]), first["next"]) == (True, 50, 2)
    second = api.send("GET", "events?page=2", ada).body
    assert second["next"] is None
    assert second["results"][-1]["name"] in ("account.registered", "session.opened", "registration.started")
    for page in ("0", "-1", "x", "99999999999", "\u0663"):
        assert api.send("GET", f"events?page={page}", ada).status == 200


def test_the_profile_is_changed_field_by_field(api: Api, inbox: Inbox, ada: str) -> None:
    about = {"bio": "Writes programs.\nFor machines.", "address": "12 St James's Square"}
    changed = api.send("PATCH", "me", ada, {"full_name": "Ada Lovelace", "username": "ada", "profile": about}).body
    assert (changed["full_name"], changed["username"], changed["profile"]["bio"]) == (
        "Ada Lovelace",
        "ada",
        "Writes programs.\nFor machines.",
    )
    api.send("PATCH", "me", ada, {"profile": {"bio": ""}})
    me = api.send("GET", "me", ada).body
    assert (me["profile"]["bio"], me["profile"]["address"], me["username"]) == ("", about["address"], "ada")
    numbered = api.send("PATCH", "me", ada, {"phone_number": "+1 415 555 0100"}).body
    assert (numbered["phone_number"], numbered["phone_verified"]) == ("+14155550100", False)
    bob = api.account(inbox, BOB)
    assert api.send("PATCH", "me", bob, {"username": "ADA"}).code == "username_taken"
    User.objects.filter(email=ADA).update(phone_verified_at=User.objects.get(email=ADA).created_at)
    refused = api.send("PATCH", "me", ada, {"phone_number": "+14155550199"})
    assert refused.body["codes"] == {"phone_number": ["proof_required"]}


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"full_name": "a" * 151}, "full_name"),
        ({"full_name": "a\x00b"}, "full_name"),
        ({"username": "a"}, "username"),
        ({"phone_number": "12"}, "phone_number"),
        ({"profile": {"bio": "x" * 501}}, "profile.bio"),
        ({"profile": {"address": "x" * 301}}, "profile.address"),
        ({"profile": {"bio": "a\x00b"}}, "profile"),
        ({"profile": "x"}, "profile"),
    ],
)
def test_what_is_wrong_is_said(api: Api, ada: str, typed: dict[str, Any], field: str) -> None:
    reply = api.send("PATCH", "me", ada, typed)
    assert (reply.status, field in reply.body["errors"]) == (400, True)


def test_a_picture_is_made_anew_without_what_it_carried(api: Api, ada: str) -> None:
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "at home, 51.5072 N", 6  # a description; turned by 90 degrees
    reply = upload(api, ada, picture(exif=exif.tobytes()))
    url = reply.body["profile"]["picture"]
    assert url.startswith("/media/pictures/")
    answer = api.http.get(url)
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]  # a FileResponse
    assert answer["Content-Type"] == "image/webp"
    assert b"at home" not in content
    with Image.open(BytesIO(content)) as image:
        assert (image.format, image.size) == ("WEBP", (341, 512))  # upright, and smaller
        assert not image.getexif()
    second = upload(api, ada, picture("PNG", (10, 10))).body["profile"]["picture"]
    assert second != url
    assert api.http.get(url).status_code == 404  # the one before is gone
    assert api.send("DELETE", "me/picture", ada).status == 204
    assert api.send("GET", "me", ada).body["profile"]["picture"] is None
    assert api.http.get(second).status_code == 404


@pytest.mark.parametrize(
    "content",
    [b"", b"GIF89a", b"<svg onload=alert(1)>", b"\x89PNG\r\n\x1a\n" + b"\0" * 100, picture()[:200], b"%PDF-1.7"],
)
def test_what_is_no_picture_is_refused(api: Api, ada: str, content: bytes) -> None:
    assert upload(api, ada, content).status == 400
    assert upload(api, ada, picture(), field="other").body["codes"] == {"picture": ["required"]}


def test_a_bomb_is_refused_before_it_is_decoded(api: Api, ada: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_PIXELS", 100)
    assert upload(api, ada, picture("PNG", (11, 10))).body["codes"] == {"picture": ["too_large"]}
    huge = picture("PNG", (1, 1)).replace(b"\0\0\0\1\0\0\0\1", b"\0\1\0\0\0\1\0\0", 1)  # says 65536 x 65536
    assert upload(api, ada, huge).status == 400


def test_a_picture_has_a_size(api: Api, ada: str) -> None:
    assert upload(api, ada, b"\0" * (5 * 1024 * 1024 + 70_000)).code == "body_too_large"
    assert api.http.get("/media/pictures/../../secret_key").status_code == 404


def test_the_export_holds_every_table_that_knows_the_person(api: Api, inbox: Inbox, ada: str) -> None:
    """LOG-08."""
    access = api.login(ADA, **PHONE).body["access"]
    upload(api, access, picture())
    body = api.send("GET", "me/export", access).body
    for name, fate in fates().items():
        if fate.export != NONE:
            rows = body[fate.export] if isinstance(body[fate.export], list) else [body[fate.export]]
            assert len(rows) == ours()[name]._default_manager.count(), name
    told = str(body)
    assert "argon2" not in told
    assert body["account"]["email"] == ADA
    assert body["devices"][0]["name"] == "My phone"


def test_an_account_is_closed_kept_and_in_the_end_erased(api: Api, inbox: Inbox) -> None:
    """PRE-12, LOG-08."""
    with travel(NOON, tick=False) as clock:
        access = api.account(inbox, ADA)
        stale = api.login(ADA, **PHONE).body
        api.send("PATCH", "me", access, {"full_name": "Ada Lovelace", "profile": {"bio": "Countess"}})
        upload(api, access, picture())
        bob = api.account(inbox, BOB)
        assert api.send("DELETE", "me", access).status == 204
        assert api.send("GET", "me", access).code == "session_revoked"
        assert api.login(ADA).code == "account_suspended"
        link = next(post for post in inbox.all(ADA) if "will be erased" in post.subject)
        assert "/account/undo/?token=" in link.text
        clock.shift(timedelta(days=13))
        schedule.run_due_sweeps()
        assert api.post("me/keep", {"token": link.token}).status == 204
        access = api.login(ADA).body["access"]
        assert api.send("GET", "me", access).body["profile"]["bio"] == "Countess"
        assert api.post("me/keep", {"token": link.token}).code == "token_used"
        api.send("DELETE", "me", access)
        last = next(post for post in inbox.all(ADA) if "will be erased" in post.subject)
        clock.shift(timedelta(days=14, seconds=1))
        person, kept = User.objects.get(email=ADA), Profile.objects.get(user__email=ADA).picture
        schedule.run_due_sweeps()
        schedule.run_due_sweeps()
        assert api.post("me/keep", {"token": last.token}).status == 410
        assert nothing_knows(person)
        assert not default_storage.exists(kept)
        assert api.login(BOB).status == 200
        assert bob
        again = api.account(inbox, ADA)
        assert api.send("GET", "me", again).body["id"] != str(person.pk)
        assert api.send("GET", "me", stale["access"]).status == api.send("GET", "me", access).status == 401
        assert api.post("token/refresh", {"refresh": stale["refresh"]}).status == 401


def nothing_knows(person: User) -> bool:
    """No row of any table, and no file, holds anything of this person."""
    secrets = [ADA, "Ada Lovelace", "Countess", "My phone", "a…@example.com"]
    for model in ours().values():
        for row in model._default_manager.values():
            text = str({name: value for name, value in row.items() if name != "id" or model is not User})
            assert not any(secret in text for secret in secrets), (model, row)
            if model not in (User, Profile):
                assert str(person.pk) not in text, (model, row)
    tomb = User.objects.get(pk=person.pk)
    assert (tomb.status, tomb.email, tomb.username, tomb.password) == (Status.CLOSED, None, None, "!")
    assert AuditEvent.objects.filter(name="account.erased").count() == 1
    return True


def test_closing_and_export_want_a_recent_sign_in(api: Api, inbox: Inbox) -> None:
    """TOK-18."""
    with travel(NOON, tick=False) as clock:
        api.account(inbox, ADA)
        other = Session.objects.get()
        refresh = api.login(ADA).body["refresh"]
        clock.shift(601)
        access = api.post("token/refresh", {"refresh": refresh}).body["access"]
        for method, path in (("DELETE", "me"), ("GET", "me/export"), ("DELETE", f"sessions/{other.pk}")):
            assert api.send(method, path, access).code == "reauthentication_required"
        fresh = api.send("POST", "reauthenticate", access, {"password": PASSWORD}).body["access"]
        assert api.send("GET", "me/export", fresh).status == 200


def test_this_was_not_me(api: Api, inbox: Inbox, ada: str) -> None:
    """The link of the new sign-in's mail: the stranger is out, their password too, and the owner gets a reset."""
    Session.objects.update(address="203.0.113.1")
    stranger = api.login(ADA).body["access"]
    mail = next(post for post in inbox.all(ADA) if "New sign-in" in post.subject)
    assert api.post("sessions/disown", {"token": mail.token}).status == 204
    assert api.send("GET", "me", stranger).code == "session_revoked"
    assert api.login(ADA).code == "invalid_credentials"
    reset = next(post for post in inbox.all(ADA) if "password reset code" in post.subject)
    body = {"token": reset.token, "password": "another password entirely"}
    assert api.post("password/reset/confirm", body).status == 204
    assert api.login(ADA, "another password entirely").status == 200
    assert api.post("sessions/disown", {"token": mail.token}).code == "token_used"


def test_password_managers_find_the_page(api: Api) -> None:
    """W3C: a well-known URL for changing passwords."""
    answer = api.http.get("/.well-known/change-password")
    assert (answer.status_code, answer["Location"]) == (302, "/account/security/")
    assert api.http.get("/account/security/")["Location"] == "/login/"
