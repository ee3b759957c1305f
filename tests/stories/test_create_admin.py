"""`vestibule create-admin`: the first admin proves the mailbox and chooses the password; nobody else is one."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.desk import PageDesk, account
from tests.world import PASSWORD, Api, Inbox
from vestibule.accounts.models import Role, Status, User
from vestibule.audit.models import AuditEvent

ADA = "ada@example.com"


def create_admin(email: str = ADA) -> str:
    """The command; what it says."""
    output = StringIO()
    call_command("create_admin", email, stdout=output)
    return output.getvalue()


def test_from_an_address_alone(api: Api, inbox: Inbox) -> None:
    assert "a mail is on its way to ada@example.com" in create_admin(" ADA@example.com")
    assert not User.objects.exists()  # AUZ-12: no account before the proof
    token = inbox.newest(ADA).token
    assert api.post("password/reset/confirm", {"token": token, "password": "password1234"}).status == 400  # PWD-11
    assert not User.objects.exists()
    assert api.post("password/reset/confirm", {"token": token, "password": PASSWORD}).status == 204
    user = User.objects.get()
    assert (user.email, user.role, user.status) == (ADA, Role.ADMIN, Status.ACTIVE)
    assert user.email_verified_at
    assert PageDesk(ADA).look(user) == [200] * 5
    assert api.post("password/reset/confirm", {"token": token, "password": PASSWORD}).code == "token_used"
    names = set(AuditEvent.objects.values_list("name", flat=True))
    assert names >= {"admin.invited", "account.registered", "role.given", "session.opened"}
    assert AuditEvent.objects.get(name="admin.invited").actor == "system:cli"


def test_whoever_has_an_account_is_admin_at_once(api: Api, inbox: Inbox) -> None:
    account(api, inbox, ADA)
    assert create_admin() == f"{ADA} is admin now\n"
    assert User.objects.get().role == Role.ADMIN
    with pytest.raises(CommandError):
        create_admin("no address")


def test_who_waits_on_the_address_brings_nothing_along(api: Api, inbox: Inbox) -> None:
    api.register(email=ADA, password="the password of a stranger")
    create_admin()
    token = next(post.token for post in inbox.all(ADA) if "invited to administer Vestibule" in post.subject)
    assert api.post("password/reset/confirm", {"token": token, "password": PASSWORD}).status == 204
    assert api.login(ADA, "the password of a stranger").code in ("invalid_credentials", "account_unverified")
    assert api.login(ADA).status == 200


def test_an_invitation_gives_nothing_to_an_account_made_meanwhile(api: Api, inbox: Inbox) -> None:
    create_admin()
    token = inbox.newest(ADA).token
    account(api, inbox, ADA)
    body = {"token": token, "password": "another password entirely"}
    assert api.post("password/reset/confirm", body).code == "token_used"
    assert (User.objects.get().role, api.login(ADA).status) == (Role.USER, 200)
