"""AUZ-05, AUZ-06: every path that wants somebody, by every method that it takes, as everybody. Who it is for says
docs/surfaces.md, what the staff may do there docs/permissions.md; as a stranger: test_web_surfaces."""

from typing import Any

import pytest

from tests.attacks.test_web_surfaces import PATHS, SIGNED_OUT, TABLE, asked
from tests.desk import given
from tests.surfaces import NEEDS_A_FACTOR
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import Role, Status, User
from vestibule.flows.staff.permissions import ROLE_PERMISSIONS, Permission
from vestibule.sessions.models import Session
from vestibule.web.admin.actions import ACTIONS

READ_ONLY = {"/auth/check"}  # what proxies ask
WHO, WAITS = "who@example.com", "waits@example.com"


def asks() -> list[tuple[str, str]]:
    """Every path that is not anybody's, with each method that it takes."""
    found = []
    for path, row in TABLE.items():
        if row.who != "anybody":
            of_page = ("get",) if path in READ_ONLY else ("get", "post")
            takes = getattr(getattr(PATHS[path], "cls", None), "http_method_names", of_page)
            found += [
                (method.upper(), path)
                for method in takes
                if method != "options" and (not path.startswith("/api/") or hasattr(PATHS[path].cls, method))
            ]
    return found


class Somebody:
    """Signed in at the API and at the pages, and still so before each request, whatever the last one did."""

    def __init__(self, api: Api, inbox: Inbox) -> None:
        api.account(inbox, WHO)
        self.person = given(WHO, "admin").pk
        self.bearer = f"Bearer {api.login(WHO).body['access']}"
        self.http = Http(raise_request_exception=False, REMOTE_ADDR="203.0.113.7")
        self.http.post("/login/", {"name": WHO, "password": PASSWORD, "next": "/admin/"})
        self.cookies = {name: cookie.value for name, cookie in self.http.cookies.items()}
        self.kept = User.objects.values().get(pk=self.person)

    def ask(self, method: str, path: str, role: str, status: str) -> Any:
        """The answer, as somebody of that role and in that state."""
        User.objects.filter(pk=self.person).update(**{**self.kept, "role": role, "status": status})
        Session.objects.update(revoked_at=None)
        self.http.cookies.load(self.cookies)
        self.http.defaults["HTTP_AUTHORIZATION"] = self.bearer if path.startswith("/api/") else ""
        return asked(self.http, method, path)


@pytest.fixture
def somebody(api: Api, inbox: Inbox) -> Somebody:
    """Who asks."""
    return Somebody(api, inbox)


def let_in(path: str, role: Role) -> bool:
    """Whether the two tables say so."""
    who, last = TABLE[path].who, path.rpartition("/")[2]
    if who == "staff":
        others = {"export": Permission.EXPORT, "applications": Permission.MANAGE_APPLICATIONS}
        other = next((thing for part, thing in others.items() if f"/{part}" in path), Permission.LOOK)
        return (ACTIONS[last].permission if last in ACTIONS else other) in ROLE_PERMISSIONS[role]
    return who in ("bearer", "page")


@pytest.mark.parametrize("role", list(Role))
def test_auz_05_every_path_by_every_method_as_every_role(somebody: Somebody, role: Role) -> None:
    """AUZ-06: what may only be looked at is not changed by another method of the same path."""
    wrong = {}
    for method, path in asks():
        answer = somebody.ask(method, path, role, Status.ACTIVE)
        status = answer.status_code
        outside = {403} if path.startswith("/api/") else {404}
        if TABLE[path].who in ("operator", "application"):  # no role of a person opens these
            right = status in SIGNED_OUT[TABLE[path].who] | {405}
        elif let_in(path, role):
            led = status in (302, 303) and answer["Location"].startswith("/login/")
            # Nobody has the id that is asked for, and what is typed fits no form: neither is a matter of who asks.
            right = (status not in (401, 403) and status < 500 and not led) or (method, path) in NEEDS_A_FACTOR
        else:
            right = status in outside
        if not right:
            wrong[method, path] = (status, answer.headers.get("Location"), answer.content[:200])
    assert not wrong


def test_auz_05_whoever_is_suspended_is_nobody(somebody: Somebody) -> None:
    wrong = {}
    for method, path in asks():
        status = somebody.ask(method, path, Role.ADMIN, Status.SUSPENDED).status_code
        if status not in SIGNED_OUT[TABLE[path].who] | {405}:
            wrong[method, path] = status
    assert not wrong


def test_auz_05_whoever_waits_gets_no_session_to_ask_with(api: Api, inbox: Inbox) -> None:
    handle = api.register(email=WAITS, password=PASSWORD).registration
    assert api.login(WAITS).code == "account_unverified"
    assert Http().post("/login/", {"name": WAITS, "password": PASSWORD}).status_code == 403
    for method, path in asks():
        if path.startswith("/api/"):
            answer = asked(Http(HTTP_AUTHORIZATION=f"Bearer {handle}"), method, path)
            assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid"), path
    assert not Session.objects.exists()
