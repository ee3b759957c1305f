"""Roles are given by the house; nobody takes one."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.architecture.test_shape import endpoints
from tests.contracts.stores import at_once
from tests.world import PASSWORD, Api, Inbox
from vestibule.accounts.models import User
from vestibule.audit.models import AuditEvent

POSTS = sorted(path for path, view in endpoints().items() if path.startswith("api/auth/") and hasattr(view.cls, "post"))
ADA, BOB = "ada@example.com", "bob@example.com"
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


def account(api: Api, inbox: Inbox, email: str = ADA) -> str:
    """An account, by its access token."""
    registration = api.start(email=email, password=PASSWORD).registration
    return str(api.confirm(registration, inbox.newest(email).code).body["access"])


def set_role(email: str, role: str) -> str:
    """`vestibule set-role`."""
    output = StringIO()
    call_command("set_role", email, role, stdout=output)
    return output.getvalue().strip()


def test_a_role_is_given_on_the_command_line_and_counts_at_once(api: Api, inbox: Inbox) -> None:
    access = account(api, inbox)
    assert set_role(" ADA@Example.com", "manager") == f"{ADA} is manager now"
    me = api.http.get("/api/auth/me", headers={"Authorization": f"Bearer {access}"}).json()
    assert me["role"] == "manager"
    set_role(ADA, "manager")
    [event] = AuditEvent.objects.filter(name="role.given")
    assert (event.actor, event.code, event.user_id) == ("system:cli", "manager", User.objects.get().pk)


def test_what_is_no_account_gets_none(api: Api, inbox: Inbox) -> None:
    api.register(email=ADA, password=PASSWORD)  # it waits: no account
    for email in (ADA, "nobody@example.com", "no address"):
        with pytest.raises(CommandError):
            set_role(email, "admin")
    with pytest.raises(CommandError):
        set_role(ADA, "emperor")
    assert User.objects.get().role == "user"


def test_the_last_admin_stays_one(api: Api, inbox: Inbox) -> None:
    account(api, inbox)
    account(api, inbox, BOB)
    set_role(ADA, "admin")
    with pytest.raises(CommandError, match="another first"):
        set_role(ADA, "user")
    set_role(BOB, "admin")

    def demote(number: int) -> bool:
        try:
            set_role((ADA, BOB)[number % 2], "user")
        except CommandError:
            return False
        return True

    at_once(demote, 4)
    assert User.objects.filter(role="admin").count() == 1


@pytest.mark.parametrize("path", POSTS)
def test_no_endpoint_gives_power_to_who_asks(api: Api, inbox: Inbox, path: str) -> None:
    """AUZ-01: on every POST of the API, beside all that it takes."""
    access = account(api, inbox)
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


@pytest.mark.parametrize("proof", ["link", "code"])
def test_no_proof_brings_power(api: Api, inbox: Inbox, proof: str) -> None:
    power = {name: value for name, value in POWER.items() if name != "role"}  # which is refused outright
    registration = api.register(email=ADA, password=PASSWORD, **power).registration
    mail = inbox.newest(ADA)
    shown = {"token": mail.token} if proof == "link" else {"email": ADA, "otp": mail.code}
    reply = api.post("verify-email", {**POWER, **shown, "registration": registration})
    assert (reply.status, reply.body["user"]["role"]) == (200, "user")
    user = User.objects.get()
    assert (user.role, str(user.pk) != POWER["id"], user.created_at.year > 2020) == ("user", True, True)
