"""The second factor by page: another way, what is left, what has ended; and the step-up, without JavaScript."""

import re
from typing import Any

import pytest

from tests.browsing import alert_words
from tests.factors import Authenticator, enrol
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import User
from vestibule.conf import conf
from vestibule.sessions.models import Session

ADA = "ada@example.com"


@pytest.fixture
def app(api: Api, inbox: Inbox) -> Authenticator:
    """Ada, with an authenticator app and recovery codes, signed in nowhere."""
    api.account(inbox, ADA)
    Session.objects.all().delete()
    return enrol(User.objects.get())


def fields(answer: Any) -> dict[str, str]:
    """The hidden fields of the page's first form."""
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', answer.content.decode()))


def alert(answer: Any) -> str:
    return alert_words(answer.content.decode())


def asked(http: Http, **more: str) -> dict[str, str]:
    """The hidden fields of the second step, after the right password."""
    answer = http.post("/login/", {"name": ADA, "password": PASSWORD, **more})
    assert conf.session_cookie_name not in answer.cookies
    return fields(answer)


def test_another_way_is_offered_and_taken(app: Authenticator) -> None:
    http = Http()
    form = asked(http, next="/admin/")
    assert form["method"] == "totp"
    switched = http.post("/login/mfa/", {"mfa": form["mfa"], "next": form["next"], "switch": "recovery_code"})
    form = fields(switched)
    assert (form["method"], form["next"]) == ("recovery_code", "/admin/")
    assert "Use your authenticator app" in switched.content.decode()
    entered = http.post("/login/mfa/", {**form, "code": app.recovery_codes[0]})
    assert (entered.status_code, entered["Location"]) == (303, "/admin/")


def test_a_way_that_the_account_has_not_is_not_offered(app: Authenticator) -> None:
    http = Http()
    form = asked(http)
    switched = http.post("/login/mfa/", {"mfa": form["mfa"], "switch": "sms"})
    assert fields(switched)["method"] == "totp"
    assert "text message" not in switched.content.decode()


def test_what_is_left_is_said_and_what_has_ended_leads_to_the_sign_in(app: Authenticator) -> None:
    http = Http()
    form = asked(http)
    for left in ("4 tries", "3 tries", "2 tries", "1 try"):
        wrong = http.post("/login/mfa/", {**form, "code": "000000"})
        assert f"You have {left} left." in alert(wrong)
        assert fields(wrong)["mfa"] == form["mfa"]
    ended = http.post("/login/mfa/", {**form, "code": "000000"})
    assert (ended.status_code, "mfa" in fields(ended)) == (410, False)
    assert "This sign-in has ended" in ended.content.decode()
    locked = http.post("/login/mfa/", {**asked(http), "code": app.code()})
    assert (locked.status_code, "mfa" in fields(locked)) == (429, False)
    assert "Try again in 5 minutes." in alert(locked)


def test_the_step_up_asks_for_the_factor(app: Authenticator) -> None:
    http = Http()
    http.post("/login/mfa/", {**asked(http), "code": app.code()})
    form = fields(http.get("/account/confirm/"))
    assert form["method"] == "totp"
    by_password = http.post("/account/confirm/", {"back": form["back"], "password": PASSWORD})
    assert by_password.status_code == 400
    wrong = http.post("/account/confirm/", {**form, "code": "000000"})
    assert (wrong.status_code, fields(wrong)["back"]) == (401, "/account/security/")
    other = fields(http.post("/account/confirm/", {"back": form["back"], "switch": "recovery_code"}))
    right = http.post("/account/confirm/", {**other, "code": app.recovery_codes[0]})
    assert (right.status_code, right["Location"]) == (303, "/account/security/")


def test_the_step_up_of_an_account_with_a_password_alone(api: Api, inbox: Inbox) -> None:
    api.account(inbox, ADA)
    http = Http()
    http.post("/login/", {"name": ADA, "password": PASSWORD})
    page = http.get("/account/confirm/")
    assert 'autocomplete="current-password"' in page.content.decode()
    assert "Try another way" not in page.content.decode()
    assert http.post("/account/confirm/", {**fields(page), "password": PASSWORD}).status_code == 303


def test_an_account_with_neither_signs_in_again(api: Api, inbox: Inbox) -> None:
    api.account(inbox, ADA)
    http = Http()
    http.post("/login/", {"name": ADA, "password": PASSWORD})
    User.objects.update(password="!")
    page = http.get("/account/confirm/").content.decode()
    assert "Sign in again" in page
    assert "<form" not in page.partition("<footer>")[0]


def test_sessions_and_activity_say_what_was_proved(app: Authenticator) -> None:
    http = Http()
    http.post("/login/mfa/", {**asked(http), "code": app.code()})
    assert "· by password, one-time code" in http.get("/account/sessions/").content.decode()
    http.post("/account/confirm/", {"method": "recovery_code", "code": app.recovery_codes[0]})
    shown = http.get("/account/activity/").content.decode()
    assert shown.count("· by password, one-time code") == 2  # the sign-up and the sign-in
    assert shown.count("· by one-time code") == 1
