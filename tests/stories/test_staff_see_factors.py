"""What the staff see of a person's second factors: that they are there, since when, and used when; nothing of what
proves them."""

import base64

import pytest
from fido2.utils import websafe_encode

from tests.desk import ApiDesk, PageDesk, account, given
from tests.factors import Authenticator, enrol
from tests.passkeys import SoftAuthenticator, add_passkey
from tests.world import Api, Inbox
from vestibule.accounts.models import User
from vestibule.factors.models import Passkey, RecoveryCode, RememberedDevice, Totp

ADA, BOSS = "ada@example.com", "boss@example.com"
NAME = "Ada's own key"


class Owner:
    """Somebody with everything: an app, a passkey, recovery codes, and a device that is remembered."""

    def __init__(self, api: Api, inbox: Inbox) -> None:
        self.key = SoftAuthenticator()
        assert add_passkey(api, api.account(inbox, ADA), self.key, name=NAME).status == 201
        self.user = User.objects.get(email=ADA)
        self.app: Authenticator = enrol(self.user)
        proof = {"mfa": api.login(ADA).body["mfa"], "method": "recovery_code", "code": self.app.recovery_codes[0]}
        self.remembered = api.post("login/mfa", {**proof, "remember_device": True}).body["remembered_device"]

    def secrets(self) -> list[str]:
        """Whatever proves a factor, and what is stored of it, as text."""
        passkey, kept = Passkey.objects.get(), []
        for stored in (passkey.credential_id, passkey.public_key, Totp.objects.get().sealed_seed):
            kept += [bytes(stored).hex(), base64.b64encode(bytes(stored)).decode(), websafe_encode(bytes(stored))]
        for model in (RecoveryCode, RememberedDevice):
            kept += [bytes(digest).hex() for digest in model._default_manager.values_list("digest", flat=True)]
        return [*kept, self.app.seed, *self.app.recovery_codes, self.remembered]


@pytest.fixture
def ada(api: Api, inbox: Inbox) -> Owner:
    """Whom it is about; and the boss, who looks."""
    account(api, inbox, BOSS)
    given(BOSS, "admin")
    return Owner(api, inbox)


def test_the_api_shows_the_facts(ada: Owner) -> None:
    desk = ApiDesk(BOSS)
    shown = desk.get(f"users/{ada.user.pk}")
    assert shown.body["mfa"]["totp"]["enabled"]
    assert shown.body["mfa"]["recovery_codes"]["left"] == 9
    assert shown.body["mfa"]["remembered_devices"] == 1
    [passkey] = shown.body["passkeys"]
    assert passkey.keys() == {"name", "created_at", "last_used_at"}
    assert passkey["name"] == NAME
    assert shown.body["factor_reset"] is None
    assert desk.act(ada.user, "reset-factors").status == 200
    after = desk.get(f"users/{ada.user.pk}")
    assert after.body["factor_reset"].keys() == {"created_at", "due_at"}
    assert not [secret for secret in ada.secrets() if secret in shown.text + after.text]


def test_the_page_shows_the_facts(ada: Owner) -> None:
    desk = PageDesk(BOSS)
    path = f"/admin/accounts/user/{ada.user.pk}/"
    shown = desk.http.get(path).content.decode()
    for told in (
        "Second factors",
        "Ada&#x27;s own key",
        "not used, of those made",
        "<dt>Remembered devices</dt><dd>1</dd>",
    ):
        assert told in shown, told
    assert "of all of them, unless" not in shown
    assert desk.act(ada.user, "reset-factors").status == 303
    after = desk.http.get(path).content.decode()
    assert "of all of them, unless" in after
    assert not [secret for secret in ada.secrets() if secret in shown + after]


def test_who_may_not_look_at_people_sees_none_of_it(ada: Owner, api: Api, inbox: Inbox) -> None:
    """Neither the person's own session nor anybody else's opens the staff's view."""
    account(api, inbox, "bob@example.com")
    desk = ApiDesk("bob@example.com")
    refused = desk.get(f"users/{ada.user.pk}")
    assert (refused.status, refused.code) == (403, "permission_denied")
    assert "mfa" not in refused.body
