"""MFA-14: a device on which the second factor is not asked for: whose it is, how long, and what ends it."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from time_machine import travel

from tests.attacks.at_rest import everything
from tests.configured import configured
from tests.factors import Authenticator, enrol
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import User
from vestibule.factors.models import RememberedDevice
from vestibule.service.worker import schedule
from vestibule.sessions.models import Session

ADA, BOB = "ada@example.com", "bob@example.com"
NEXT = "another password entirely"


class Owner:
    """Somebody with an authenticator app, whose device is remembered; signed in on another one by both factors."""

    def __init__(self, api: Api, inbox: Inbox, email: str) -> None:
        self.api, self.email = api, email
        api.account(inbox, email)
        self.user = User.objects.get(email=email)
        self.app = enrol(self.user)
        self.token = self.enter(self.app.code(-1), remember_device=True)["remembered_device"]
        self.access = self.enter(self.app.code())["access"]

    def enter(self, code: str, **more: bool) -> dict[str, str]:
        """Sign in by both factors."""
        mfa = self.api.login(self.email).body["mfa"]
        proved = self.api.post("login/mfa", {"mfa": mfa, "method": "totp", "code": code, **more})
        assert proved.status == 200
        body: dict[str, str] = proved.body
        return body

    def is_remembered(self, password: str = PASSWORD) -> bool:
        """Whether the device gets in by the password alone."""
        return "access" in self.api.login(self.email, password, remembered_device=self.token).body

    def ask(self, method: str, path: str, body: object = None) -> None:
        """A request that succeeds."""
        assert self.api.send(method, path, self.access, body).status in (200, 202, 204), path


@pytest.fixture
def ada(api: Api, inbox: Inbox) -> Owner:
    """Who is remembered."""
    return Owner(api, inbox, ADA)


def change_password(ada: Owner, inbox: Inbox) -> None:
    ada.ask("POST", "password/change", {"current_password": PASSWORD, "password": NEXT})


def reset_password(ada: Owner, inbox: Inbox) -> None:
    ada.api.post("password/reset", {"email": ADA})
    token = inbox.newest(ADA).token
    assert ada.api.post("password/reset/confirm", {"token": token, "password": NEXT}).status == 204


def change_address(ada: Owner, inbox: Inbox) -> None:
    ada.ask("POST", "email/change", {"email": "new@example.com", "password": PASSWORD})
    ada.ask("POST", "email/change/confirm", {"otp": inbox.newest("new@example.com").code})
    ada.email = "new@example.com"


def replace_app(ada: Owner, inbox: Inbox) -> None:
    app = Authenticator(ada.api.send("POST", "mfa/totp", ada.access).body["secret"], [])
    ada.ask("POST", "mfa/totp/confirm", {"code": app.code()})


def sign_out_others(ada: Owner, inbox: Inbox) -> None:
    ada.ask("DELETE", "mfa/remembered-devices")


def forget_it(ada: Owner, inbox: Inbox) -> None:
    [row] = ada.api.send("GET", "mfa/remembered-devices", ada.access).body
    assert row.keys() == {"id", "agent", "created_at", "expires_at"}
    ada.ask("DELETE", f"mfa/remembered-devices/{row['id']}")


ENDS = (change_password, reset_password, change_address, replace_app, sign_out_others, forget_it)


@pytest.mark.parametrize("end", ENDS)
def test_mfa_14_what_changes_a_credential_ends_it(
    ada: Owner, inbox: Inbox, end: Callable[[Owner, Inbox], None]
) -> None:
    assert ada.is_remembered()
    end(ada, inbox)
    password = NEXT if end in (change_password, reset_password) else PASSWORD
    assert "mfa" in ada.api.login(ada.email, password).body
    assert not ada.is_remembered(password)


def test_mfa_14_it_is_nobody_elses(ada: Owner, api: Api, inbox: Inbox) -> None:
    bob = Owner(api, inbox, BOB)
    bob.token = ada.token
    assert not bob.is_remembered()
    [row] = RememberedDevice.objects.filter(user=ada.user)
    assert api.send("DELETE", f"mfa/remembered-devices/{row.pk}", bob.access).code == "not_found"
    assert ada.is_remembered()


def test_mfa_14_a_wrong_password_is_wrong_on_it_too(ada: Owner) -> None:
    assert ada.api.login(ADA, NEXT, remembered_device=ada.token).code == "invalid_credentials"


def test_mfa_14_it_ends_after_thirty_days_and_its_row_goes(ada: Owner) -> None:
    made = RememberedDevice.objects.get().created_at
    with travel(made + timedelta(days=30, seconds=-1), tick=False):
        schedule.run_due_sweeps()
        assert ada.is_remembered()
    with travel(made + timedelta(days=30), tick=False):
        assert not ada.is_remembered()
        schedule.run_due_sweeps()
        assert not RememberedDevice.objects.exists()


def test_mfa_14_the_token_is_kept_nowhere(ada: Owner) -> None:
    assert ada.token not in everything()
    assert bytes(RememberedDevice.objects.get().digest) != ada.token.encode()


def test_mfa_14_it_stands_for_no_factor_where_one_guards_the_account(ada: Owner) -> None:
    """The session is of one factor: a change of what guards the account wants the other."""
    entered = ada.api.login(ADA, remembered_device=ada.token).body
    assert Session.objects.latest("created_at").amr == ["pwd"]
    assert ada.api.send("DELETE", "mfa/totp", entered["access"]).code == "reauthentication_required"


def test_mfa_14_by_page_the_staff_enter_with_it_and_the_admin_wants_the_factor(ada: Owner) -> None:
    User.objects.filter(pk=ada.user.pk).update(role="admin")
    http = Http()
    asked = http.post("/login/", {"name": ADA, "password": PASSWORD}).content.decode()
    mfa = re.findall(r'name="mfa" value="([^"]+)"', asked)[0]
    http.post("/login/mfa/", {"mfa": mfa, "method": "totp", "code": ada.app.code(1), "remember": "1"})
    assert http.get("/admin/").status_code == 200
    http.post("/logout/")
    with configured(MFA_REQUIRED_ROLES=("admin", "manager")):
        assert http.post("/login/", {"name": ADA, "password": PASSWORD, "next": "/admin/"})["Location"] == "/admin/"
        assert http.get("/account/").status_code == 200
        assert http.get("/admin/")["Location"].startswith("/account/confirm/")
    [listed] = re.findall(r'name="id" value="([^"]+)"><button[^>]* value="unremember"', shown(http))[-1:]
    assert http.post("/account/sessions/", {"act": "unremember", "id": listed}).status_code == 303
    assert not RememberedDevice.objects.filter(pk=listed).exists()


def shown(http: Http) -> str:
    """The page of devices."""
    return http.get("/account/sessions/").content.decode()


def test_a_seed_that_nobody_confirms_goes_after_an_hour(ada: Owner) -> None:
    ada.ask("POST", "mfa/totp")
    for minutes, left in ((59, 2), (60, 1)):
        with travel(timezone.now() + timedelta(minutes=minutes), tick=False):
            schedule.run_due_sweeps()
        assert ada.user.totps.count() == left
    assert ada.user.totps.get().confirmed_at
