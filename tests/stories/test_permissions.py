"""The table of docs/permissions.md: every cell of it tried, through the pages and through the API."""

import re
from pathlib import Path

import pytest
from django.utils import timezone
from time_machine import travel

from tests.desk import ApiDesk, Desk, PageDesk, account, given
from tests.factors import enrol
from tests.world import PASSWORD, Api, Inbox
from vestibule.accounts.models import Role, Status, User
from vestibule.factors import holdings
from vestibule.flows.staff.permissions import ROLE_PERMISSIONS, Permission
from vestibule.identities.answers import ProviderAnswer
from vestibule.identities.links import link_identity
from vestibule.identities.models import Identity
from vestibule.web.admin.actions import ACTIONS

TABLE = Path(__file__).parents[2] / "docs/permissions.md"
NOON = "2026-03-01T12:00:00Z"
NAMES = {act.permission: name for name, act in ACTIONS.items()}
OF_APPLICATIONS = {Permission.LOOK_AT_APPLICATIONS, Permission.MANAGE_APPLICATIONS}
NO = {"pages": 404, "api": 403}
NOBODY = {"pages": 303, "api": 401}


def table() -> dict[str, dict[str, bool]]:
    """What the documentation says: thing, role, may."""
    text = TABLE.read_text()
    header = re.search(r"^\| what \|(.*)\|$", text, re.MULTILINE)
    assert header
    roles = [role.strip() for role in header[1].split("|")]
    rows = re.findall(r"^\| `([^`]+)` \|(.*)\|$", text, re.MULTILINE)
    return {
        thing: dict(zip(roles, [c.strip() == "yes" for c in cells.split("|")], strict=True)) for thing, cells in rows
    }


def test_the_table_is_the_code() -> None:
    assert table().keys() == set(Permission)
    for thing, cells in table().items():
        assert {role for role, may in cells.items() if may} == {
            role for role in Role if thing in ROLE_PERMISSIONS[role]
        }
    assert NAMES.keys() == set(Permission) - {Permission.LOOK, Permission.EXPORT, *OF_APPLICATIONS}


def tried(desk: Desk, thing: Permission, ada: User, pending: User) -> set[int]:
    """The statuses of the thing, on somebody whom it can be done to."""
    User.objects.filter(pk=ada.pk).update(status=Status.ACTIVE, closes_at=None)
    if thing is Permission.LOOK:
        return set(desk.look(ada))
    if thing is Permission.EXPORT:
        return {desk.export().status} if isinstance(desk, PageDesk) else set()
    if thing in OF_APPLICATIONS:
        return set(desk.look_at_applications() if thing.startswith("look") else desk.manage_applications())
    if thing is Permission.REACTIVATE:
        User.objects.filter(pk=ada.pk).update(status=Status.SUSPENDED)
    if thing is Permission.RESET_FACTORS:
        holdings.delete_factors(ada)
        enrol(ada)
    if thing is Permission.UNLINK:
        answer = ProviderAnswer(provider="acme", issuer="https://acme.example", subject=str(ada.pk))
        Identity.objects.all().delete()
        link_identity(ada, answer, session_id=None, now=timezone.now())
    more = {"role": "manager"} if thing is Permission.ROLE else {}
    return {desk.act(pending if thing is Permission.RESEND else ada, NAMES[thing], **more).status}


@pytest.mark.parametrize("role", ["admin", "manager", "user", "nobody"])
def test_every_cell(api: Api, inbox: Inbox, role: str) -> None:
    """AUZ-05, AUZ-06."""
    with travel(NOON, tick=False) as clock:
        account(api, inbox, "boss@example.com")
        given("boss@example.com", "admin")
        who = ""
        if role != "nobody":
            who = "who@example.com"
            account(api, inbox, who)
        ada = account(api, inbox, "ada@example.com")
        api.register(email="new@example.com", password=PASSWORD)
        pending = User.objects.get(email="new@example.com")
        if who:
            given(who, role if role != "user" else "admin")
        desks: list[Desk] = [PageDesk(who), ApiDesk(who)]
        if role == "user":
            given(who, "user")  # signed in as one who might, and is not any more
        for thing, cells in table().items():
            for desk in desks:
                if thing == Permission.RESEND:
                    clock.shift(130)  # the cooldown between two sends
                User.objects.filter(email=ada.email).update(role=Role.USER)
                statuses = tried(desk, Permission(thing), ada, pending)
                refused = (NOBODY if role == "nobody" else NO)[desk.name]
                assert statuses <= ({200, 201, 204, 303} if cells[role] else {refused}), (thing, desk.name, statuses)
