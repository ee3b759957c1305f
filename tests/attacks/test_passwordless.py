"""WAY-08, RACE-15: who gives an account without a password its first credential, and which one stays."""

from functools import partial

from tests.configured import configured
from tests.contracts.stores import at_once
from tests.passkeys import SoftAuthenticator, add_passkey
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import Status, User
from vestibule.factors.models import Passkey
from vestibule.sessions.models import Session

EVE, NEXT = "eve@example.com", "another long password"


def test_way_08_a_sign_up_without_a_password_is_its_browser_s_alone(api: Api, inbox: Inbox) -> None:
    """A stranger signs up with somebody's address, or somebody else reads the mail: neither has both."""
    with configured(PASSWORDS="optional"):
        registration = api.register(email=EVE).registration
        mail = inbox.newest(EVE)
        other = api.register(email=EVE).registration
        verify = partial(api.post, "verify-email")
        assert verify({"token": mail.token}).code == "password_required"
        assert verify({"token": mail.token, "password": ""}).code == "password_required"
        assert verify({"token": mail.token, "registration": other}).code == "password_required"
        for typed in ("!", PASSWORD):
            assert verify({"token": mail.token, "password": typed}).code == "invalid_credentials"
            assert verify({"email": EVE, "otp": mail.code, "password": typed}).code == "otp_invalid"
        page = Http().get("/verify-email/", {"token": mail.token}).content.decode()
        assert "chose no password" in page
        assert 'type="password"' not in page
        assert not User.objects.filter(status=Status.ACTIVE).exists()
        assert verify({"token": mail.token, "registration": registration}).status == 200
        assert not User.objects.get().has_usable_password()
        assert not Session.objects.exists()


def test_way_08_nobody_gives_it_a_credential_without_a_session_of_it(api: Api, inbox: Inbox) -> None:
    with configured(PASSWORDS="optional"):
        registration = api.start(email=EVE).registration
        assert api.confirm(registration, inbox.newest(EVE).code).status == 201
    handles = {"registration": registration, "password": NEXT, "current_password": "", "email": EVE}
    for method, path in (("POST", "password/change"), ("POST", "mfa/totp"), ("POST", "passkeys/options")):
        assert api.send(method, path, "", handles).code == "not_authenticated"
        assert api.send(method, path, registration, handles).code == "token_invalid"
    for typed in ("", "!", NEXT):
        assert api.login(EVE, typed).status in (400, 401)
    assert not User.objects.get().has_usable_password()


def test_race_15_password_and_passkey_removed_at_once_leave_one(api: Api, inbox: Inbox) -> None:
    """Where no link signs in: whichever comes second is refused."""
    access = api.account(inbox, EVE)
    made = add_passkey(api, access, SoftAuthenticator())
    assert made.status == 201
    Session.objects.update(amr=["pwd", "mfa"])
    paths = ("password", f"passkeys/{made.body['id']}")
    with configured(PASSWORDS="optional", MAGIC_LINK=False):
        answers = at_once(lambda number: Api().send("DELETE", paths[number % 2], access), 8)
    assert {answer.status for answer in answers} <= {204, 404, 409}
    assert User.objects.get().has_usable_password() or Passkey.objects.exists()
    assert {answer.code for answer in answers if answer.status == 409} == {"last_way_in"}
