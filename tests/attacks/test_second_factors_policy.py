"""TOK-18, AUZ-09: the declared rules of docs/surfaces.md, tried on every path: which step-up it wants, and whether it
is open before the second factor that a role needs (MFA_REQUIRED_ROLES) is set up."""

import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.attacks.test_authorisation_table import WHO, Somebody, asks
from tests.attacks.test_web_surfaces import TABLE, TYPED, url
from tests.configured import configured
from tests.desk import ApiDesk, PageDesk, account, given
from tests.factors import enrol
from tests.surfaces import NEEDS_A_FACTOR
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import Role, Status, User
from vestibule.conf import conf
from vestibule.factors.models import Totp
from vestibule.flows.staff import permissions
from vestibule.flows.staff.permissions import Permission
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.sessions.models import Device, Session

SECURITY = "/account/security/"
# What reaches the guard of a path: everything else is asked with TYPED.
REACHES: dict[str, dict[str, Any]] = {
    "/api/auth/password/change": {"current_password": PASSWORD, "password": "another long password"},
    "/api/auth/email/change": {"email": "new@example.com", "password": PASSWORD},
    "/api/auth/phone/change": {"phone_number": "+14155550123", "password": PASSWORD},
    "/api/auth/me": {"username": "another_name"},
    "/api/auth/devices/<uuid:id>": {"is_trusted": True},
    "/account/": {"username": "another_name"},
    "/account/profile/<slug:field>/": {"username": "another_name"},
    "/account/security/": {"act": "close"},
    "/account/security/<slug:row>/": {"act": "close"},
    "/account/security/passkeys/<uuid:id>/": {"act": "passkey_remove"},
    "/account/security/identities/<uuid:id>/": {"act": "identity_remove"},
    "/account/devices/<uuid:id>/": {"act": "trust"},
    "/account/keys/": {"act": "create", "days": "30"},
    "/account/sessions/": {"act": "trust"},
    "/account/confirm/": {"password": "not this password"},
}


class Reaching(Somebody):
    """Somebody who asks for what is there: an own device, another own session, a person, an act."""

    def __init__(self, api: Api, inbox: Inbox) -> None:
        super().__init__(api, inbox)
        self.age = timedelta()  # of the last proof
        api.login(WHO, device={"fingerprint_hash": "of my phone", "device_name": "My phone"})
        self.device = str(Device.objects.latest("created_at").pk)
        self.ids = {
            "/api/auth/sessions/<uuid:id>": str(Session.objects.latest("created_at").pk),
            "/api/auth/devices/<uuid:id>": self.device,
        }
        self.bodies = {path: TYPED | more for path, more in REACHES.items()}
        for path in ("/account/sessions/", "/account/devices/<uuid:id>/"):
            self.bodies[path]["id"] = self.device
        for path in ("/account/security/passkeys/<uuid:id>/", "/account/security/identities/<uuid:id>/"):
            self.bodies[path]["id"] = str(self.person)  # nobody's: the sign-in is asked about first

    def reach(self, method: str, path: str, role: str = Role.ADMIN) -> Any:
        """The answer to a request that would do something."""
        User.objects.filter(pk=self.person).update(**{**self.kept, "role": role, "status": Status.ACTIVE})
        Session.objects.update(revoked_at=None, auth_time=timezone.now() - self.age)
        self.http.cookies.load(self.cookies)
        is_api = path.startswith("/api/")
        self.http.defaults["HTTP_AUTHORIZATION"] = self.bearer if is_api else ""
        address = path.replace("<uuid:id>", self.ids.get(path, str(self.person))).replace("<slug:name>", "suspend")
        address = address.replace("<slug:field>", "username").replace("<slug:row>", "close")
        typed = self.bodies.get(path, TYPED)
        if method in ("GET", "DELETE"):
            return self.http.generic(method, url(address))
        kind = "application/json" if is_api else "application/x-www-form-urlencoded"
        body = json.dumps(typed) if is_api else urlencode(typed)
        return self.http.generic(method, url(address), body, content_type=kind)


@pytest.fixture
def somebody(api: Api, inbox: Inbox) -> Iterator[Reaching]:
    """An admin, signed in at both doors by a password, where the password may be removed."""
    with configured(PASSWORDS="optional"):
        yield Reaching(api, inbox)


def wants(answer: Any, code: str, page: str) -> bool:
    """Whether the answer is that problem, or leads to that page, or is that page's form."""
    if answer.get("Content-Type") == "application/problem+json":
        return bool(answer.json()["code"] == code)
    if answer.status_code in (302, 303):
        return str(answer["Location"]).startswith(page)
    if answer.streaming:
        return False
    return f'action="{page}"'.encode() in answer.content and b'name="back"' in answer.content


def refused(somebody: Reaching, code: str, page: str, role: str = Role.ADMIN) -> set[tuple[str, str]]:
    """Every method and path that so refuses this person now."""
    others = [(method, path) for method, path in asks() if path != page]
    return {(method, path) for method, path in others if wants(somebody.reach(method, path, role), code, page)}


def step_up_wanted(somebody: Reaching) -> set[tuple[str, str]]:
    """Every method and path that wants a step-up of this person now."""
    return refused(somebody, "reauthentication_required", "/account/confirm/")


def declared() -> set[tuple[str, str]]:
    """Every method and path that wants one, as the table has it."""
    return {(method, path) for path, row in TABLE.items() for method in row.guarded}


def held_up(somebody: Reaching, role: Role = Role.ADMIN) -> set[tuple[str, str]]:
    """Every method and path that is closed to this person until they have enrolled."""
    return refused(somebody, "mfa_enrolment_required", SECURITY, role) - NEEDS_A_FACTOR


def closed() -> set[tuple[str, str]]:
    """Every method and path that is closed before an enrolment, as the table has it."""
    return {(method, path) for method, path in asks() if TABLE[path].enrolment == "closed"}


def test_tok_18_what_guards_an_account_wants_a_recent_sign_in(somebody: Reaching) -> None:
    somebody.age = conf.step_up
    assert step_up_wanted(somebody) == declared()


def test_tok_18_the_staff_look_within_twelve_hours(somebody: Reaching) -> None:
    somebody.age = conf.staff_session
    staff = {(method, path) for method, path in asks() if TABLE[path].who == "staff"}
    assert step_up_wanted(somebody) == declared() | staff


def test_tok_18_of_an_account_with_a_factor_it_wants_the_factor(somebody: Reaching) -> None:
    """A fresh session by the password alone: from before the factor, or of a remembered device."""
    enrol(User.objects.get(pk=somebody.person))
    staff = {(method, path) for method, path in asks() if TABLE[path].who == "staff"}
    assert step_up_wanted(somebody) == declared() | staff


@pytest.mark.parametrize("role", list(Role))
def test_auz_09_before_the_factor_that_a_role_needs_only_the_enrolment_is_open(somebody: Reaching, role: Role) -> None:
    with configured(MFA_REQUIRED_ROLES=(role,)):
        assert held_up(somebody, role) == closed()
    with configured(MFA_REQUIRED_ROLES=tuple(each for each in Role if each is not role)):
        assert held_up(somebody, role) == set()


def test_auz_09_nobody_who_has_the_factor_is_held_up(somebody: Reaching) -> None:
    enrol(User.objects.get(pk=somebody.person))
    with configured(MFA_REQUIRED_ROLES=tuple(Role)):
        assert held_up(somebody) == set()


@pytest.mark.parametrize("role", ["admin", "manager"])
def test_auz_09_the_staff_see_nothing_before_they_have_enrolled(api: Api, inbox: Inbox, role: str) -> None:
    """By page and by API, signed in as the way of `create-admin` and a role that is given both end."""
    ada, boss = account(api, inbox, "ada@example.com"), account(api, inbox, WHO)
    given(WHO, role)
    with configured(MFA_REQUIRED_ROLES=("admin", "manager")):
        http = Http()
        entered = http.post("/login/", {"name": WHO, "password": PASSWORD, "next": "/admin/"})
        assert (entered.status_code, entered["Location"]) == (303, f"{SECURITY}?next=%2Fadmin%2F")
        pages, desk = PageDesk(), ApiDesk(WHO)
        pages.http = http
        assert set(pages.look(ada)) == {303}
        assert set(desk.look(ada)) == {403}
        assert http.get("/admin/")["Location"] == SECURITY
        assert desk.get("users").code == "mfa_enrolment_required"
        assert desk.act(ada, "sign-out").code == "mfa_enrolment_required"
        assert http.get(SECURITY).status_code == 200
        assert desk.api.send("GET", "me", desk.access).status == 200
        app = enrol(boss)
        fresh = desk.api.send("POST", "reauthenticate", desk.access, {"method": "totp", "code": app.code()})
        desk.access = fresh.body["access"]
        assert set(desk.look(ada)) == {200}
        Totp.objects.all().delete()  # whoever loses it is outside again
        assert set(desk.look(ada)) == {403}


def test_auz_09_the_flows_of_the_staff_ask_too(api: Api, inbox: Inbox) -> None:
    """Whatever door made the client."""
    account(api, inbox, WHO)
    boss = given(WHO, "admin")
    client = Client(at=timezone.now(), actor="user", user_id=boss.pk, auth_time=timezone.now(), owes_enrolment=True)
    for permission in Permission:
        with pytest.raises(errors.EnrolmentRequired):
            permissions.require_permission(client, permission)


def test_a_role_that_needs_no_factor_costs_no_query(api: Api, inbox: Inbox) -> None:
    access = api.account(inbox, WHO)
    api.send("GET", "me", access)
    with configured(MFA_REQUIRED_ROLES=("admin", "manager")), CaptureQueriesContext(connection) as statements:
        assert api.send("GET", "me", access).status == 200
    assert len(statements) == 1


def test_the_first_admin_enrols_before_anything_else(api: Api, inbox: Inbox) -> None:
    """AUZ-12: `vestibule create-admin` makes an account by a mail, and no shorter way into the admin."""
    with configured(MFA_REQUIRED_ROLES=("admin", "manager")):
        call_command("create_admin", WHO, stdout=StringIO())
        chosen = {"token": inbox.newest(WHO).token, "password": PASSWORD}
        assert api.post("password/reset/confirm", chosen).status == 204
        assert set(ApiDesk(WHO).look(User.objects.get())) == {403}
        entered = Http().post("/login/", {"name": WHO, "password": PASSWORD, "next": "/admin/"})
        assert entered["Location"] == f"{SECURITY}?next=%2Fadmin%2F"
