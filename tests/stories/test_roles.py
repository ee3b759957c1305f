"""Roles are given by the house; nobody takes one."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.contracts.stores import at_once
from tests.world import PASSWORD, Api, Inbox
from vestibule.accounts.models import User
from vestibule.audit.models import AuditEvent

ADA, BOB = "ada@example.com", "bob@example.com"


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
