"""The second factors of the account by page, without JavaScript: the authenticator app, recovery codes, remembered
devices, and what the list says."""

import re
from typing import Any
from urllib.parse import unquote

import pytest
from django.utils import timezone

from tests.factors import Authenticator, enrol, rfc_6238
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import User
from vestibule.factors.models import RecoveryCode, RememberedDevice, Totp
from vestibule.sessions.models import Session

ADA = "ada@example.com"
APP, SECURITY = "/account/security/app/", "/account/security/"


@pytest.fixture
def pages(api: Api, inbox: Inbox) -> Http:
    """Ada at her pages, and signed in at the API as well."""
    api.account(inbox, ADA)
    http = Http()
    http.post("/login/", {"name": ADA, "password": PASSWORD})
    return http


@pytest.fixture
def app(pages: Http) -> Authenticator:
    """Her authenticator app, which her session has proved."""
    app = enrol(User.objects.get())
    Session.objects.filter(is_page=True).update(amr=["pwd", "otp", "mfa"])
    return app


def shown(answer: Any) -> str:
    """The text of the page: tags are spaces."""
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


def key_on(page: str) -> str:
    found = re.search(r'<p class="key"><code[^>]*>([A-Z2-7 ]+)</code>', page)
    assert found
    return found[1].replace(" ", "")


def codes_on(answer: Any) -> list[str]:
    return re.findall(r"<li><code>([a-z2-7-]{19})</code></li>", answer.content.decode())


def now(seed: str, steps: int = 0) -> str:
    return rfc_6238(seed, timezone.now().timestamp() + 30 * steps)


def test_an_app_is_set_up_and_its_codes_are_shown_once(pages: Http, inbox: Inbox) -> None:
    page = pages.post(APP).content.decode()
    key = key_on(page)
    assert f"secret={key}" in page
    assert "<svg" in page
    wrong = pages.post(APP, {"code": "000000"})
    assert (wrong.status_code, key in wrong.content.decode()) == (400, False)
    assert "You have" not in shown(wrong)
    set_up = pages.post(APP, {"code": now(key)})
    codes = codes_on(set_up)
    assert (set_up.status_code, len(codes), RecoveryCode.objects.count()) == (200, 10, 10)
    file = re.search(r'href="data:text/plain;charset=utf-8,([^"]+)"', set_up.content.decode())
    assert file
    assert [line for line in unquote(file[1]).splitlines() if line in codes] == codes
    assert inbox.newest(ADA).subject
    after = pages.get(SECURITY)
    assert "10 of 10 left" in shown(after)
    assert not any(code in after.content.decode() for code in codes)
    assert Session.objects.filter(revoked_at=None).count() == 2


def test_setting_it_up_can_end_every_other_session(pages: Http) -> None:
    key = key_on(pages.post(APP).content.decode())
    pages.post(APP, {"code": now(key), "end_others": "1"})
    assert Session.objects.filter(revoked_at=None).count() == 1
    assert pages.get(SECURITY).status_code == 200


def test_another_app_takes_the_place_of_the_first(pages: Http, app: Authenticator) -> None:
    key = key_on(pages.post(APP).content.decode())
    assert key != app.seed
    changed = pages.post(APP, {"code": now(key)})
    assert (changed.status_code, changed["Location"]) == (303, f"{SECURITY}?done=totp")  # the codes stay
    assert Totp.objects.get().confirmed_at


def test_it_is_turned_off(pages: Http, app: Authenticator) -> None:
    off = pages.post(SECURITY, {"act": "totp_remove"}, follow=True)
    assert "Your authenticator app is turned off." in shown(off)
    assert "Authenticator app Off." in shown(off)
    assert not Totp.objects.exists()
    assert not RecoveryCode.objects.exists()


def test_new_codes_take_the_place_of_the_old(pages: Http, app: Authenticator) -> None:
    made = pages.post(SECURITY, {"act": "codes"})
    codes = codes_on(made)
    assert (len(codes), set(codes) & set(app.recovery_codes)) == (10, set())


def test_devices_are_forgotten(pages: Http, app: Authenticator) -> None:
    http = Http()
    asked = http.post("/login/", {"name": ADA, "password": PASSWORD}).content.decode()
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', asked))
    http.post("/login/mfa/", {**fields, "code": app.code(), "remember": "1"})
    assert "On 1 device we don't ask for it." in pages.get(SECURITY).content.decode()
    pages.post(SECURITY, {"act": "devices_forget"})
    assert not RememberedDevice.objects.exists()


def test_a_session_that_has_not_proved_the_factor_steps_up_first(pages: Http) -> None:
    enrol(User.objects.get())
    for path, typed in ((APP, {}), (SECURITY, {"act": "totp_remove"}), (SECURITY, {"act": "codes"})):
        assert "Confirm that it is you" in shown(pages.post(path, typed))
    assert Totp.objects.exists()


def test_the_key_is_never_shown_for_the_asking(pages: Http) -> None:
    pages.post(APP)
    for path in (APP, SECURITY):
        assert "secret=" not in pages.get(path).content.decode()
