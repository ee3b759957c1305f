"""Passkeys by page, as the script of the pages posts them: made, used, renamed, removed, and told to the browser."""

import html
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from time_machine import travel

from tests.passkeys import SoftAuthenticator
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.conf import conf
from vestibule.factors.models import Passkey, RecoveryCode
from vestibule.sessions.models import Session

ADA = "ada@example.com"
SECURITY, ADD, OPTIONS = "/account/security/", "/account/security/passkey/", "/account/security/passkey/options/"


@pytest.fixture
def pages(api: Api, inbox: Inbox) -> Http:
    """Ada at her pages."""
    api.account(inbox, ADA)
    http = Http()
    http.post("/login/", {"name": ADA, "password": PASSWORD})
    return http


def make(pages: Http, authenticator: SoftAuthenticator, **typed: str) -> Any:
    """What the script does with the button, and the page that follows."""
    options = pages.post(OPTIONS).json()
    return pages.post(ADD, {"credential": json.dumps(authenticator.create(options)), **typed})


def options_of(api: Api, path: str = "login/passkey/options", **body: str) -> dict[str, Any]:
    options: dict[str, Any] = api.post(path, body).body
    return options


def told(answer: Any) -> dict[str, Any]:
    """What the page has the script tell the browser."""
    found = re.search(r'id="passkey-signals" type="application/json">([^<]*)<', answer.content.decode())
    signals: dict[str, Any] = json.loads(found[1]) if found else {}
    return signals


def test_one_is_made_and_comes_with_recovery_codes(pages: Http) -> None:
    made = make(pages, SoftAuthenticator(), name="Blue key")
    assert made.status_code == 200
    assert made.content.decode().count("<li><code>") == RecoveryCode.objects.count() == 10
    shown = pages.get(SECURITY).content.decode()
    assert "1 passkey<" in shown
    assert "Blue key" in pages.get(f"{SECURITY}passkeys/").content.decode()
    another = make(pages, SoftAuthenticator())
    assert (another.status_code, another["Location"]) == (303, f"{SECURITY}?done=passkey")


def test_the_button_and_the_passkey_want_a_recent_sign_in(pages: Http) -> None:
    with travel(timezone.now() + timedelta(minutes=11)):
        assert "Confirm that it is you" in pages.get(ADD).content.decode()
        refused = pages.post(OPTIONS)
        assert (refused.status_code, refused.json()["code"]) == (403, "reauthentication_required")
        assert "Confirm that it is you" in pages.post(ADD, {"credential": "{}"}).content.decode()


def test_what_is_no_passkey_is_said_by_the_button(pages: Http) -> None:
    refused = pages.post(ADD, {"credential": "{}", "name": "Blue key"})
    assert refused.status_code == 400
    assert 'value="Blue key"' in refused.content.decode()
    assert not Passkey.objects.exists()


def test_it_signs_in_alone(api: Api, pages: Http) -> None:
    authenticator = SoftAuthenticator()
    make(pages, authenticator)
    http = Http()
    proof = json.dumps(authenticator.get(options_of(api)))
    entered = http.post("/login/passkey/", {"credential": proof, "stay": "1", "next": "/admin/"})
    assert (entered.status_code, entered["Location"]) == (303, "/admin/")
    session = Session.objects.latest("created_at")
    assert "mfa" in session.amr
    assert session.expires_at - session.auth_time == conf.page_stay
    again = Http().post("/login/passkey/", {"credential": proof})
    assert (again.status_code, conf.session_cookie_name in again.cookies) == (401, False)
    assert 'data-code="invalid_credentials"' in again.content.decode()


def test_it_is_a_second_factor_and_a_step_up(api: Api, pages: Http) -> None:
    authenticator = SoftAuthenticator()
    make(pages, authenticator)
    http = Http()
    asked = http.post("/login/", {"name": ADA, "password": PASSWORD}).content.decode()
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', asked))
    assert fields["method"] == "passkey"
    assert "data-passkey" in asked
    proof = json.dumps(authenticator.get(options_of(api, "login/mfa/passkey", mfa=html.unescape(fields["mfa"]))))
    entered = http.post("/login/mfa/", {**fields, "credential": proof})
    assert (entered.status_code, entered["Location"]) == (303, "/account/")
    proof = json.dumps(authenticator.get(options_of(api)))
    confirmed = http.post("/account/confirm/", {"method": "passkey", "credential": proof, "back": ADD})
    assert (confirmed.status_code, confirmed["Location"]) == (303, ADD)


def test_it_is_renamed_and_removed_and_the_browser_is_told(api: Api, pages: Http) -> None:
    authenticator = SoftAuthenticator()
    make(pages, authenticator)
    row = Passkey.objects.get()
    signals = told(pages.get(SECURITY))
    assert len(signals["signalAllAcceptedCredentials"]["allAcceptedCredentialIds"]) == 1
    assert signals["signalCurrentUserDetails"]["name"] == ADA
    pages.post(SECURITY, {"act": "passkey_rename", "id": str(row.pk), "name": "Phone"})
    assert "Phone" in pages.get(f"{SECURITY}passkeys/").content.decode()
    removed = pages.post(SECURITY, {"act": "passkey_remove", "id": str(row.pk)}, follow=True)
    assert "Your passkey is removed." in removed.content.decode()
    assert told(removed)["signalAllAcceptedCredentials"]["allAcceptedCredentialIds"] == []
    unknown = Http().post("/login/passkey/", {"credential": json.dumps(authenticator.get(options_of(api)))})
    assert (unknown.status_code, 'data-code="credential_unknown"' in unknown.content.decode()) == (401, True)
    signal = told(unknown)["signalUnknownCredential"]
    assert signal == {
        "rpId": conf.host,
        "credentialId": signals["signalAllAcceptedCredentials"]["allAcceptedCredentialIds"][0],
    }


@pytest.mark.parametrize("id", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_a_passkey_that_is_not_mine_is_not_found(pages: Http, id: str) -> None:
    for act in ("passkey_rename", "passkey_remove"):
        assert pages.post(SECURITY, {"act": act, "id": id, "name": "Mine"}).status_code == 404


@pytest.mark.parametrize("credential", ["", "{}", "[]", "null", '{"id": 1}', '{"id": "</script><script>"}', "[" * 9000])
def test_what_is_no_answer_of_a_browser_is_refused_and_signals_nothing(house: None, credential: str) -> None:
    refused = Http().post("/login/passkey/", {"credential": credential})
    assert (refused.status_code, told(refused)) == (401, {})
