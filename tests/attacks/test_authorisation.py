"""Nobody gets more than is theirs, by whatever they type (AUZ-01, 02, 04, 07, 11, 12); nor by the way in of the staff
(AUZ-09). Every path as every role: test_authorisation_table."""

from typing import Any

import pytest

from tests.architecture.test_shape import endpoints
from tests.desk import ApiDesk, Desk, PageDesk, account, given
from tests.stories.test_account import PHONE
from tests.stories.test_create_admin import create_admin
from tests.world import PASSWORD, Api, Http, Inbox, Pages, Reply
from vestibule.accounts.models import Role, User
from vestibule.audit.models import AuditEvent
from vestibule.sessions.models import Device, Session

ADA, BOB, BOSS = "ada@example.com", "bob@example.com", "boss@example.com"
NOON = "2026-03-01T12:00:00Z"
NOBODY = "00000000-0000-4000-8000-000000000001"
POSTS = sorted(path for path, view in endpoints().items() if path.startswith("api/auth/") and hasattr(view.cls, "post"))
POWER: dict[str, Any] = {
    "role": "admin",
    "roles": ["admin"],
    "is_staff": True,
    "is_superuser": True,
    "isStaff": True,
    "groups": [1],
    "permissions": ["*"],
    "status": "active",
    "is_active": True,
    "email_verified": True,
    "email_verified_at": "2020-01-01T00:00:00Z",
    "id": "00000000-0000-4000-8000-000000000001",
    "user_id": "00000000-0000-4000-8000-000000000001",
    "created_at": "2020-01-01T00:00:00Z",
    "user": {"role": "admin", "is_staff": True},
    "profile": {"bio": "x"},
    "tenant": "another",
}


@pytest.fixture
def pages(house: None) -> Pages:
    """Somebody at the pages."""
    return Pages()


@pytest.mark.parametrize("path", POSTS)
def test_auz_01_no_endpoint_gives_power_to_who_asks(api: Api, inbox: Inbox, path: str) -> None:
    """On every POST of the API, beside all that it takes."""
    access = api.account(inbox, ADA)
    pending = api.register(email=BOB, password=PASSWORD).registration
    mail = inbox.newest(BOB)
    before = list(User.objects.order_by("pk").values("pk", "role", "status", "email_verified_at", "created_at"))
    takes = {"email": "new@example.com", "password": PASSWORD, "registration": pending, "otp": "000000"}
    for body in ({**takes, **POWER}, {**POWER, "token": mail.token[:-1] + "!"}, POWER):
        api.http.post(f"/{path}", body, content_type="application/json", headers={"Authorization": f"Bearer {access}"})
    kept = User.objects.filter(pk__in=[row["pk"] for row in before])
    fields = ("pk", "role", "status", "email_verified_at", "created_at")
    assert [row for row in before if row["pk"] in set(kept.values_list("pk", flat=True))] == list(
        kept.order_by("pk").values(*fields)
    )
    assert set(User.objects.values_list("role", flat=True)) == {"user"}
    assert not User.objects.filter(email="new@example.com", status="active").exists()


def test_auz_01_no_form_gives_power_to_who_asks(pages: Pages, inbox: Inbox) -> None:
    """By the form, its query, and in parts."""
    more = {name: str(value) for name, value in POWER.items()}
    registration = pages.start(email=ADA, password=PASSWORD, **more).registration
    assert pages.confirm(registration, inbox.newest(ADA).code, **more).status == 303
    Http().post("/register/?role=admin&is_staff=1", {"email": BOB, "password": PASSWORD, **more})
    user = User.objects.get()
    assert (user.role, str(user.pk) != POWER["id"], user.created_at.year > 2020) == ("user", True, True)


@pytest.mark.parametrize("proof", ["link", "code"])
def test_auz_02_no_proof_brings_power(api: Api, inbox: Inbox, proof: str) -> None:
    power = {name: value for name, value in POWER.items() if name != "role"}  # which is refused outright
    registration = api.register(email=ADA, password=PASSWORD, **power).registration
    mail = inbox.newest(ADA)
    shown = {"token": mail.token} if proof == "link" else {"email": ADA, "otp": mail.code}
    reply = api.post("verify-email", {**POWER, **shown, "registration": registration})
    assert (reply.status, reply.body["user"]["role"]) == (200, "user")
    user = User.objects.get()
    assert (user.role, str(user.pk) != POWER["id"], user.created_at.year > 2020) == ("user", True, True)


def test_auz_02_nobody_gives_themselves_power(api: Api, inbox: Inbox) -> None:
    """AUZ-11: what is proved is proved by a proof alone."""
    ada = api.account(inbox, ADA)
    before = User.objects.values().get()
    more = {"role": "admin", "is_staff": True, "email": BOB, "email_verified": True, "status": "closed", "id": NOBODY}
    assert api.send("PATCH", "me", ada, {**more, "phone_verified_at": NOON, "closes_at": NOON}).status == 200
    after = User.objects.values().get()
    assert {**before, "updated_at": None} == {**after, "updated_at": None}


def test_auz_04_nobody_reaches_what_is_anothers(api: Api, inbox: Inbox) -> None:
    """ENUM-14: 404 for another's and for nobody's alike."""
    api.account(inbox, ADA)
    api.login(ADA, **PHONE)
    session, device = Session.objects.filter(device__isnull=False).get(), Device.objects.get()
    bob = api.account(inbox, BOB)
    told: list[Reply] = []
    for id in (str(session.pk), NOBODY):
        told.append(api.send("DELETE", f"sessions/{id}", bob))
    for id in (str(device.pk), NOBODY):
        told += [api.send("DELETE", f"devices/{id}", bob), api.send("PATCH", f"devices/{id}", bob, {"name": "mine"})]
    assert {(reply.status, reply.code) for reply in told} == {(404, "not_found")}
    device.refresh_from_db()
    session.refresh_from_db()
    assert (device.name, session.revoked_at) == ("My phone", None)
    assert "My phone" not in str(api.send("GET", "events", bob).body)


@pytest.mark.parametrize("desk_of", [PageDesk, ApiDesk])
def test_auz_07_a_role_counts_at_once(api: Api, inbox: Inbox, desk_of: type[Desk]) -> None:
    """Read from the database, not from the token."""
    ada, boss = account(api, inbox, ADA), account(api, inbox, BOSS)
    given(BOSS, "admin")
    desk = desk_of(BOSS)
    assert desk.act(ada, "role", role="manager").status in (200, 303)
    [event] = AuditEvent.objects.filter(name="role.given", user_id=ada.pk)
    assert (event.code, event.by_id) == ("manager", boss.pk)
    helper = desk_of(ADA)
    assert set(helper.look(ada)) == {200}
    assert desk.act(ada, "role", role="user").status in (200, 303)
    assert set(helper.look(ada)) == {404 if desk_of is PageDesk else 403}
    assert desk.act(ada, "role", role="emperor").status == 400


def test_auz_09_the_way_in_of_the_staff_is_counted_like_every_other(api: Api, inbox: Inbox) -> None:
    """What is guessed there and what is guessed at the API is one count; and there is no second way in."""
    account(api, inbox, BOSS)
    given(BOSS, "admin")
    guesser = Http(REMOTE_ADDR="198.51.100.7")
    for number in range(5):
        typed = {"name": BOSS, "password": f"wrong {number}", "next": "/admin/"}
        assert guesser.post("/login/", typed).status_code in (401, 429)
    assert Api(Http(REMOTE_ADDR="198.51.100.7")).login(BOSS).code == "locked"
    assert guesser.post("/login/", {"name": BOSS, "password": PASSWORD, "next": "/admin/"}).status_code == 429
    assert guesser.get("/admin/").status_code == 303
    assert set(PageDesk(BOSS).look(User.objects.get())) == {200}  # the owner, where they are known


def test_auz_12_there_is_no_default_account(api: Api) -> None:
    for name, password in (("admin", "admin"), ("admin@example.com", "admin"), ("root", "root")):
        answer = Http().post("/login/", {"name": name, "password": password, "next": "/admin/"})
        assert answer.status_code == 401
    assert not User.objects.exists()
    for path in ("/setup/", "/install/", "/api/setup", "/api/auth/setup"):
        assert Http().get(path).status_code == 404, path


def test_auz_12_who_comes_first_is_no_admin(api: Api, inbox: Inbox) -> None:
    assert account(api, inbox, ADA).role == Role.USER
    create_admin(BOSS)
    assert not User.objects.filter(role=Role.ADMIN).exists()  # before the proof
