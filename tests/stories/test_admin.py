"""The staff at work: every button through the pages and through the API, its event, its effect, and who is told."""

from datetime import timedelta
from typing import Any

import pytest
from time_machine import travel

from tests.contracts.stores import at_once
from tests.desk import WHY, ApiDesk, Desk, PageDesk, account, given
from tests.stories.test_account import nothing_knows
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import Role, Status, User
from vestibule.audit.models import AuditEvent
from vestibule.courier.models import Message
from vestibule.service.worker import schedule
from vestibule.sessions.models import Device, Session

ADA, BOSS, MAX = "ada@example.com", "boss@example.com", "max@example.com"
NOON = "2026-03-01T12:00:00Z"


@pytest.fixture(params=["pages", "api"])
def desk(request: pytest.FixtureRequest, api: Api, inbox: Inbox) -> Desk:
    """An admin at work."""
    account(api, inbox, BOSS)
    given(BOSS, "admin")
    return PageDesk(BOSS) if request.param == "pages" else ApiDesk(BOSS)


@pytest.fixture
def boss(desk: Desk) -> User:
    """Who that is."""
    return User.objects.get(email=BOSS)


@pytest.fixture
def ada(desk: Desk, api: Api, inbox: Inbox) -> User:
    """Whom it is about: signed in at one place, known on one device."""
    user = account(api, inbox, ADA)
    api.login(ADA, device={"fingerprint_hash": "of my phone", "device_name": "My phone"})
    return user


def state(user: User) -> str:
    """As the database has it."""
    return User.objects.get(pk=user.pk).status


def done(boss: User, ada: User, name: str) -> AuditEvent:
    """The one event of that name: who, to whom, why, from where."""
    [event] = AuditEvent.objects.filter(name=name, user_id=ada.pk)
    assert (event.by_id, event.reason, event.actor, event.address) == (boss.pk, WHY, "user", "127.0.0.1")
    return event


def subjects(inbox: Inbox, to: str) -> list[str]:
    """What somebody's mails are called, newest first."""
    return [post.subject.partition(" · ")[0] for post in inbox.all(to)]


def ok(desk: Desk, user: User, name: str, **more: str) -> None:
    """The act is done."""
    reply = desk.act(user, name, **more)
    assert reply.status == (303 if isinstance(desk, PageDesk) else 200), (reply.status, reply.code, reply.text)


def test_suspended_and_back(desk: Desk, boss: User, ada: User, api: Api, inbox: Inbox) -> None:
    """TOK-15."""
    access = api.login(ADA).body["access"]
    api.post("password/reset", {"email": ADA})
    reset = inbox.newest(ADA)
    ok(desk, ada, "suspend")
    done(boss, ada, "account.suspended")
    assert state(ada) == Status.SUSPENDED
    assert api.send("GET", "me", access).code == "session_revoked"
    assert api.login(ADA).code == "account_suspended"
    assert api.post("password/reset/confirm", {"token": reset.token, "password": "another one entirely"}).status >= 400
    assert subjects(inbox, ADA)[0] == "Your account was suspended"
    assert "127.0.0.1" not in inbox.newest(ADA).text  # where the staff sit
    ok(desk, ada, "reactivate")
    done(boss, ada, "account.reactivated")
    assert api.send("GET", "me", access).code == "session_revoked"  # what ended stays ended
    assert api.login(ADA).status == 200
    assert "Your account is open again" in subjects(inbox, ADA)


def test_signed_out_everywhere(desk: Desk, boss: User, ada: User, api: Api) -> None:
    """AUZ-08."""
    access = api.login(ADA).body["access"]
    ok(desk, ada, "sign-out")
    done(boss, ada, "session.ended_by_staff")
    assert api.send("GET", "me", access).code == "session_revoked"
    assert not Session.objects.filter(user=ada, revoked_at=None).exists()
    assert not Device.objects.filter(user=ada).exists()
    assert api.login(ADA).status == 200


def test_a_reset_is_started(desk: Desk, boss: User, ada: User, api: Api, inbox: Inbox) -> None:
    """AUZ-08."""
    ok(desk, ada, "password-reset")
    done(boss, ada, "password.reset_by_staff")
    asked = AuditEvent.objects.get(name="password.reset_asked")
    assert (asked.user_id, asked.actor, asked.address) == (ada.pk, "system:staff", None)
    assert api.login(ADA).status == 200  # until the person chooses another
    body = {
        "token": next(post.token for post in inbox.all(ADA) if "password reset code" in post.subject),
        "password": "a new one of mine",
    }
    assert api.post("password/reset/confirm", body).status == 204
    assert api.login(ADA, "a new one of mine").status == 200


def test_two_admins_who_suspend_each_other(api: Api, inbox: Inbox) -> None:
    """Of any number at once, one stays."""
    people = [account(api, inbox, email) for email in (BOSS, MAX)]
    for person in people:
        given(str(person.email), "admin")
    desks = [ApiDesk(BOSS), ApiDesk(MAX)]
    at_once(lambda number: desks[number % 2].act(people[1 - number % 2], "suspend").status, 2)
    assert sorted(state(person) for person in people) == [Status.ACTIVE, Status.SUSPENDED]


@pytest.mark.parametrize("kind", ["pages", "api"])
def test_a_verification_is_sent_again(kind: str, api: Api, inbox: Inbox) -> None:
    with travel(NOON, tick=False) as clock:
        boss = account(api, inbox, BOSS)
        given(BOSS, "admin")
        desk: Desk = PageDesk(BOSS) if kind == "pages" else ApiDesk(BOSS)
        registration = api.register(email=ADA, password=PASSWORD).registration
        ada, first = User.objects.get(email=ADA), inbox.newest(ADA).code
        assert desk.act(ada, "resend-verification").status == 429  # the cooldown is the person's
        clock.shift(61)
        ok(desk, ada, "resend-verification")
        done(boss, ada, "registration.resent_by_staff")
        second = inbox.newest(ADA).code
        assert api.post("verify-email", {"email": ADA, "otp": first, "registration": registration}).status == 400
        body = {"email": ADA, "otp": second, "registration": registration}
        assert api.post("verify-email", body).status == 200
        reply = desk.act(ada, "resend-verification")
        assert (reply.status, "waits" in reply.text) == (400, True)


def test_closed_and_erased(api: Api, inbox: Inbox) -> None:
    """Nothing of the person stays, the reasons neither; and nothing of who did it, once they are erased too."""
    with travel(NOON, tick=False) as clock:
        boss, other = account(api, inbox, BOSS), account(api, inbox, MAX)
        given(BOSS, "admin"), given(MAX, "admin")
        ada = account(api, inbox, ADA)
        desk = ApiDesk(BOSS)
        desk.act(ada, "sign-out", reason="Ada Lovelace asked")
        ok(desk, ada, "close")
        done(boss, ada, "account.closed_by_staff")
        assert api.login(ADA).code == "account_suspended"
        assert subjects(inbox, ADA)[0] == "Your account was closed"
        assert desk.act(ada, "close").status == 400
        ok(desk, ada, "reactivate")
        clock.shift(timedelta(days=15))
        schedule.run_due_sweeps()
        assert api.login(ADA).status == 200  # reactivating took the closing back
        desk = ApiDesk(BOSS)
        ok(desk, ada, "close")
        person = User.objects.get(pk=ada.pk)
        clock.shift(timedelta(days=14, seconds=1))
        schedule.run_due_sweeps()
        assert nothing_knows(person)
        assert not AuditEvent.objects.filter(reason__contains="Lovelace").exists()
        assert AuditEvent.objects.filter(by_id=boss.pk).count() >= 4
        ok(ApiDesk(MAX), boss, "close")
        clock.shift(timedelta(days=14, seconds=1))
        schedule.run_due_sweeps()
        assert not AuditEvent.objects.filter(by_id=boss.pk).exists()
        assert state(other) == Status.ACTIVE


def test_somebody_is_always_admin(desk: Desk, boss: User, ada: User, api: Api) -> None:
    """AUZ-08."""
    for name, more in (("suspend", {}), ("close", {}), ("role", {"role": "user"})):
        reply = desk.act(boss, name, **more)
        assert (reply.status, "Somebody has to be admin" in reply.text) == (400, True), name
    reply = api.send("DELETE", "me", api.login(BOSS).body["access"])
    assert (reply.status, reply.body["codes"]) == (400, {"role": ["last_admin"]})
    boss.refresh_from_db()
    assert (boss.status, boss.role) == (Status.ACTIVE, Role.ADMIN)
    given(ADA, "admin")
    ok(desk, ada, "role", role="user")
    given(ADA, "admin")
    ok(desk, boss, "suspend")
    assert state(boss) == Status.SUSPENDED


def test_without_a_reason_nothing_is_done(desk: Desk, ada: User) -> None:
    for reason in ("", "  ", "x", "x" * 301, "a\x00b"):
        assert desk.act(ada, "suspend", reason=reason).status == 400
    assert state(ada) == Status.ACTIVE
    assert not AuditEvent.objects.filter(name="account.suspended").exists()
    assert AuditEvent.objects.filter(name="support.suspend.refused", code="invalid").count() >= 4


def test_what_does_not_fit_is_said(desk: Desk, ada: User) -> None:
    for name in ("reactivate", "resend-verification"):
        assert desk.act(ada, name).status == 400, name
    ok(desk, ada, "suspend")
    for name in ("suspend", "password-reset"):
        assert desk.act(ada, name).status == 400, name
    nobody = User(id="00000000-0000-4000-8000-000000000001")
    assert desk.act(nobody, "suspend").status == 404


def test_the_person_sees_what_happened_but_not_where_the_staff_sit(desk: Desk, ada: User, api: Api) -> None:
    ok(desk, ada, "sign-out")
    access = api.login(ADA).body["access"]
    events = {each["name"]: each for each in api.send("GET", "events", access).body["results"]}
    assert (events["session.ended_by_staff"]["address"], events["session.ended_by_staff"]["agent"]) == (None, "")
    exported = [each for each in api.send("GET", "me/export", access).body["events"] if each["reason"] == WHY]
    assert [(each["address"], "by_id" in each) for each in exported] == [(None, False)]
    assert api.send("GET", "me", access).status == 200


def test_an_old_sign_in_looks_and_changes_nothing(api: Api, inbox: Inbox) -> None:
    """AUZ-09."""
    with travel(NOON, tick=False) as clock:
        account(api, inbox, BOSS)
        given(BOSS, "admin")
        ada = account(api, inbox, ADA)
        pages, tokens = PageDesk(BOSS), ApiDesk(BOSS)
        refresh = api.login(BOSS).body["refresh"]
        clock.shift(601)
        tokens.access = api.post("token/refresh", {"refresh": refresh}).body["access"]
        assert set(pages.look(ada)) == set(tokens.look(ada)) == {200}
        assert tokens.act(ada, "suspend").code == "reauthentication_required"
        path = f"/admin/accounts/user/{ada.pk}/suspend/"
        for answer in (pages.http.get(path), pages.http.post(path, {"reason": WHY})):
            assert answer["Location"] == f"/account/confirm/?next={path.replace('/', '%2F')}"
        asked = pages.http.get("/account/confirm/", {"next": path}).content.decode()
        assert f'name="next" value="{path}"' in asked
        answer = pages.http.post("/account/confirm/", {"password": PASSWORD, "next": path})
        assert answer["Location"] == path
        ok(pages, ada, "suspend")
        clock.shift(timedelta(hours=12))
        tokens.access = api.post("token/refresh", {"refresh": api.login(BOSS).body["refresh"]}).body["access"]
        assert set(tokens.look(ada)) == {200}
        refresh = api.login(BOSS).body["refresh"]
        clock.shift(timedelta(hours=12))
        tokens.access = api.post("token/refresh", {"refresh": refresh}).body["access"]
        assert set(tokens.look(ada)) == {403}


def test_the_staffs_sessions_are_short(api: Api, inbox: Inbox) -> None:
    """AUZ-09: sECURITY: 15 minutes idle, 12 hours in all, whatever was ticked, and on every page."""
    with travel(NOON, tick=False) as clock:
        account(api, inbox, BOSS)
        given(BOSS, "admin")
        desk = PageDesk()
        desk.http.post("/login/", {"name": BOSS, "password": PASSWORD, "stay": "1", "next": "/admin/"})
        for page in ("/admin/", *["/account/"] * 48, "/admin/"):
            clock.shift(14 * 60)
            assert desk.http.get(page).status_code == 200
        clock.shift(14 * 60)
        clock.shift(14 * 60)
        assert desk.http.get("/account/").status_code == 302
        desk.sign_in(BOSS)
        clock.shift(15 * 60)
        assert desk.http.get("/account/")["Location"] == "/login/"
        assert desk.http.get("/admin/?x=1")["Location"] == "/login/?next=%2Fadmin%2F%3Fx%3D1"


def test_the_way_in_leads_nowhere_else(api: Api, inbox: Inbox) -> None:
    account(api, inbox, ADA)
    for wanted in (
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/admin",
        "/account/",
        "/admin/\r\nX: y",
    ):
        answer = Http().post("/login/", {"name": ADA, "password": PASSWORD, "next": wanted})
        assert answer["Location"] == "/account/", wanted
    html = Http().get("/login/", {"next": '/admin/"><script>'}).content.decode()
    assert "<script>" not in html.replace("<script src", "")


def test_there_is_no_other_door(desk: Desk, ada: User) -> None:
    """AUZ-09: no stock login, password page, add, change or delete; and nothing tells what there is."""
    paths = ["login/", "logout/", "password_change/", "accounts/user/add/", f"accounts/user/{ada.pk}/delete/", "auth/"]
    paths += [f"accounts/user/{ada.pk}/change/", f"accounts/user/{ada.pk}/password/", "search/", "nothing", "r/1/1/"]
    anybody, user = Http(), PageDesk()
    user.http.post("/login/", {"name": ADA, "password": PASSWORD})
    assert not AuditEvent.objects.filter(name="staff.enter.refused").exists()
    for path in ["", *paths]:
        assert anybody.get(f"/admin/{path}")["Location"].startswith("/login/?next="), path
        assert user.http.get(f"/admin/{path}").status_code == 404
    tried = AuditEvent.objects.filter(name="staff.enter.refused", user_id=ada.pk, code="permission_denied")
    assert tried.count() == len(paths) + 1
    if isinstance(desk, PageDesk):
        assert {desk.http.get(f"/admin/{path}").status_code for path in paths} == {404}
        for path in ("accounts/user/", f"accounts/user/{ada.pk}/", "audit/auditevent/", "courier/message/"):
            desk.http.post(f"/admin/{path}", {"action": "delete_selected", "_selected_action": str(ada.pk)})
        assert state(ada) == Status.ACTIVE
        strict = Http(enforce_csrf_checks=True)
        strict.cookies = desk.http.cookies
        assert strict.post(f"/admin/accounts/user/{ada.pk}/suspend/", {"reason": WHY}).status_code == 403


@pytest.fixture
def looked_up(api: Api, inbox: Inbox) -> dict[str, User]:
    """People to be found."""
    account(api, inbox, BOSS)
    given(BOSS, "admin")
    people = {}
    for name, number in (("ada", "+14155550100"), ("adele", "+14155550101"), ("max", None)):
        people[name] = account(api, inbox, f"{name}@example.com")
        User.objects.filter(pk=people[name].pk).update(username=f"The{name}", phone_number=number)
    User.objects.filter(pk=people["max"].pk).update(status=Status.SUSPENDED, full_name="=1+1<script>")
    return people


def test_people_are_found(looked_up: dict[str, User]) -> None:
    pages, tokens = PageDesk(BOSS), ApiDesk(BOSS)
    wanted: dict[str, set[str]] = {
        "ADA@example.com ": {"ada"},
        "ad": {"ada", "adele"},
        "+1 (415) 555-0101": {"adele"},
        "thead": set(),
        "TheMax": {"max"},
        str(looked_up["ada"].pk): {"ada"},
        "%": set(),
        "nobody@example.com": set(),
        "+++": set(),
    }
    for text, names in wanted.items():
        emails = {f"{name}@example.com" for name in names}
        found = tokens.get("users", search=text).body
        assert {each["email"] for each in found["results"]} == emails, text
        assert found["count"] == len(names)
        html = pages.http.get("/admin/accounts/user/", {"q": text}).content.decode()
        assert {f"{name}@example.com" for name in looked_up if f">{name}@example.com<" in html} == emails, text
    assert pages.http.get("/admin/accounts/user/", {"q": "a\x00"}).status_code == 400
    for nonsense in ({"p": "x"}, {"p": "99"}, {"e": "1"}, {"status__exact": "x"}, {"o": "x.-99"}, {"all": ""}):
        assert pages.http.get("/admin/accounts/user/", nonsense, follow=True).status_code == 200, nonsense
    assert tokens.get("users", search="a\x00").code == "invalid"
    assert [each["email"] for each in tokens.get("users", status="suspended").body["results"]] == ["max@example.com"]
    assert [each["email"] for each in tokens.get("users", role="admin").body["results"]] == [BOSS]
    assert tokens.get("users", status="x").code == tokens.get("users", page="0").code == "invalid"
    html = pages.http.get("/admin/accounts/user/", {"status__exact": "suspended"}).content.decode()
    assert (">max@example.com<" in html, ">ada@example.com<" in html) == (True, False)
    html = pages.http.get(f"/admin/accounts/user/{looked_up['max'].pk}/").content.decode()
    assert ("=1+1&lt;script&gt;" in html, "<script>" in html) == (True, False)


def test_a_search_finds_so_many_at_most(looked_up: dict[str, User], monkeypatch: pytest.MonkeyPatch) -> None:
    """What many addresses begin with costs no more among five million people: the look into the index ends."""
    monkeypatch.setattr("vestibule.accounts.directory.MAX_SEARCH_RESULTS", 1)
    pages, tokens = PageDesk(BOSS), ApiDesk(BOSS)
    found = tokens.get("users", search="ad").body
    assert (found["count"], len(found["results"])) == (1, 1)
    html = pages.http.get("/admin/accounts/user/", {"q": "ad"}).content.decode()
    assert sum(f">{name}@example.com<" in html for name in looked_up) == 1
    # Who is filtered out takes nobody's place.
    assert tokens.get("users", search="max", status="active").body["count"] == 0
    User.objects.filter(pk=looked_up["ada"].pk).update(status=Status.SUSPENDED)
    for status, name in (("active", "adele"), ("suspended", "ada")):
        assert [each["email"] for each in tokens.get("users", search="ad", status=status).body["results"]] == [
            f"{name}@example.com"
        ]


def test_a_page_after_the_other(looked_up: dict[str, User], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vestibule.flows.staff.people.PEOPLE_PER_PAGE", 3)
    tokens = ApiDesk(BOSS)
    first, second = (tokens.get("users", page=page).body for page in (1, 2))
    assert [(each["count"], each["next"], len(each["results"])) for each in (first, second)] == [
        (4, 2, 3),
        (4, None, 1),
    ]
    monkeypatch.setattr("vestibule.flows.staff.people.MAX_COUNTED", 2)
    assert tokens.get("users").body["count"] == 2


def test_no_secret_is_shown_or_guessed(looked_up: dict[str, User], api: Api) -> None:
    """AUZ-08: neither a hash nor a code, not by its beginning either."""
    api.register(email="new@example.com", password=PASSWORD)
    pages, tokens = PageDesk(BOSS), ApiDesk(BOSS)
    message = Message.objects.order_by("-created_at").first()
    assert message
    paths = ["accounts/user/", f"accounts/user/{looked_up['ada'].pk}/", "courier/message/"]
    paths += [
        f"courier/message/{message.pk}/",
        "audit/auditevent/",
        f"audit/auditevent/{AuditEvent.objects.all()[0].pk}/",
    ]
    for path in paths:
        html = pages.http.get(f"/admin/{path}").content.decode()
        assert "argon2" not in html, path
        assert "ealed" not in html, path
    for table, guess in (("accounts/user", "password__startswith"), ("accounts/user", "email__startswith")):
        assert pages.http.get(f"/admin/{table}/", {guess: "argon2"}).status_code == 400
    assert pages.http.get("/admin/courier/message/", {"sealed__isnull": "0"}).status_code == 400
    assert pages.http.get("/admin/courier/message/not-an-id/").status_code == 404
    shown = tokens.get(f"users/{looked_up['ada'].pk}").body
    assert shown.keys() == {
        *("id", "email", "username", "full_name", "phone_number", "role", "status", "email_verified", "phone_verified"),
        *("created_at", "updated_at", "closes_at", "mfa", "passkeys", "factor_reset", "identities"),
    }


def test_the_log_is_filtered(looked_up: dict[str, User]) -> None:
    pages, tokens = PageDesk(BOSS), ApiDesk(BOSS)
    ada, boss = looked_up["ada"], User.objects.get(email=BOSS)
    tokens.act(ada, "sign-out")
    of_ada = tokens.get("events", user_id=ada.pk).body["results"]
    assert of_ada[0].items() >= {"name": "session.ended", "by_id": str(boss.pk), "user_id": str(ada.pk)}.items()
    by_boss = {each["name"] for each in tokens.get("events", user_id=boss.pk).body["results"]}
    assert by_boss >= {"session.ended_by_staff", "session.opened", "role.given"}
    named: Any = tokens.get("events", name="session.ended_by_staff").body["results"]
    assert [each["reason"] for each in named] == [WHY]
    at = named[0]["at"]
    assert tokens.get("events", since=at, name="role.given").body["count"] == 0
    assert tokens.get("events", until=at, name="role.given").body["count"] == 1
    assert tokens.get("events", since="yesterday").code == "invalid"
    assert tokens.get("events", user_id="x").code == "invalid"
    for query in ({"q": str(ada.pk)}, {"name": "session.ended_by_staff"}, {"q": "session.ended_by_staff"}):
        html = pages.http.get("/admin/audit/auditevent/", query).content.decode()
        assert WHY in html, query
        assert "role.given</" not in html
