"""Signing in with a mailed link or code, by API and by page."""

from datetime import timedelta

import pytest
from django.utils import timezone
from time_machine import travel

from tests.configured import configured
from tests.factors import enrol
from tests.magic import Asked, ask
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import User
from vestibule.audit.models import AuditEvent
from vestibule.conf import conf
from vestibule.sessions.models import Session

ADA = "ada@example.com"
PAGE = "/login/magic/"


@pytest.fixture
def ada(api: Api, inbox: Inbox) -> Api:
    """A client of Ada's, who has an account and is signed in nowhere."""
    api.account(inbox, ADA)
    Session.objects.all().delete()
    return api


def test_a_start_is_answered_word_for_word(ada: Api, inbox: Inbox) -> None:
    answer = ada.post("login/magic/start", {"email": " ADA@example.com "})
    assert answer.status == 202
    assert answer.body.keys() == {"detail", "magic", "expires_in", "resend_in"}
    assert (answer.body["expires_in"], answer.body["resend_in"]) == (900, 60)
    post = inbox.newest(ADA)
    assert post.subject == f"{post.code} is your sign-in code · Vestibule"
    assert len(post.code) == 8
    assert f"/login/magic/?token={post.token}" in post.text


@pytest.mark.parametrize("by", ["link", "code"])
def test_each_opens_a_session_once(ada: Api, inbox: Inbox, by: str) -> None:
    asked = ask(ada, inbox, ADA)
    confirm = asked.by_link if by == "link" else asked.by_code
    entered = confirm()
    assert entered.status == 200
    assert entered.body.keys() >= {"access", "refresh", "token_type", "expires_in", "user"}
    assert ada.send("GET", "me", entered.body["access"]).body["email"] == ADA
    assert Session.objects.get().amr == ["otp"]
    for again in (asked.by_link(), asked.by_code()):
        assert (again.status, again.code) == (410, "token_used")
    assert AuditEvent.objects.filter(name="magic_link.used").count() == 1


def test_the_code_opens_elsewhere_by_the_address(ada: Api, inbox: Inbox) -> None:
    asked = ask(ada, inbox, ADA)
    entered = Api().post("login/magic/confirm", {"email": ADA, "otp": f"{asked.post.code[:4]} {asked.post.code[4:]}"})
    assert entered.status == 200


@pytest.mark.parametrize("body", [{}, {"magic": "x"}, {"email": ADA}, {"otp": "12345678"}, {"token": "", "otp": ""}])
def test_what_proves_nothing_is_invalid(ada: Api, body: dict[str, str]) -> None:
    answer = ada.post("login/magic/confirm", body)
    assert (answer.status, answer.code) == (400, "invalid")


def test_wrong_codes_count_down_and_leave_the_link(ada: Api, inbox: Inbox) -> None:
    asked = ask(ada, inbox, ADA)
    wrong = "00000000" if asked.post.code != "00000000" else "00000001"
    answers = [ada.post("login/magic/confirm", {"magic": asked.magic, "otp": wrong}) for _ in range(5)]
    assert [answer.code for answer in answers] == ["otp_invalid"] * 4 + ["otp_exhausted"]
    assert [answer.body.get("attempts_left") for answer in answers] == [4, 3, 2, 1, None]
    assert asked.by_code().code == "otp_exhausted"
    assert asked.by_link().status == 200


def test_the_code_lives_ten_minutes_and_the_link_fifteen(ada: Api, inbox: Inbox) -> None:
    with travel(timezone.now(), tick=False) as clock:
        asked = ask(ada, inbox, ADA)
        clock.shift(timedelta(minutes=10))
        assert (asked.by_code().status, asked.by_code().code) == (410, "otp_expired")
        clock.shift(timedelta(minutes=4, seconds=59))
        assert asked.by_link().status == 200
        late = ask(ada, inbox, ADA)
        clock.shift(timedelta(minutes=15))
        assert (late.by_link().status, late.by_link().code) == (410, "token_expired")


def test_a_newer_request_of_a_stranger_ends_no_older_one(ada: Api, inbox: Inbox) -> None:
    first = ask(ada, inbox, ADA)
    second = ask(Api(Http(REMOTE_ADDR="203.0.113.9")), inbox, ADA)
    assert first.by_link().status == 200
    assert second.by_code().status == 200


def test_off_it_is_not_there(ada: Api, inbox: Inbox) -> None:
    asked = ask(ada, inbox, ADA)
    assert ada.send("GET", "config").body["magic_link"] is True
    with configured(MAGIC_LINK=False):
        assert ada.send("GET", "config").body["magic_link"] is False
        assert ada.post("login/magic/start", {"email": ADA}).status == 404
        assert (asked.by_link().status, asked.by_link().code) == (404, "not_found")
        assert [Http().get(PAGE).status_code, Http().post(PAGE, {"email": ADA}).status_code] == [404, 404]
        assert PAGE not in Http().get("/login/").content.decode()


def test_the_front_end_has_the_link(ada: Api, inbox: Inbox) -> None:
    with configured(FRONTEND_URL="https://app.example.com"):
        post = ask(ada, inbox, ADA).post
    assert f"https://app.example.com/login/magic?token={post.token}" in post.text


def test_a_second_factor_is_still_owed(ada: Api, inbox: Inbox) -> None:
    app = enrol(User.objects.get())
    owed = ask(ada, inbox, ADA).by_link()
    assert owed.body.keys() == {"mfa_required", "mfa", "methods"}
    assert not Session.objects.exists()
    proved = ada.post("login/mfa", {"mfa": owed.body["mfa"], "method": "totp", "code": app.code()})
    assert proved.status == 200
    assert Session.objects.get().amr == ["otp", "otp", "mfa"]


def browser_asks(inbox: Inbox) -> tuple[Http, str]:
    """A browser that asked, and the token of the mail."""
    http = Http()
    page = http.post(PAGE, {"email": ADA})
    assert page.status_code == 200
    assert "Check your email" in page.content.decode()
    return http, inbox.newest(ADA).token


def test_the_page_signs_in_the_browser_that_asked(ada: Api, inbox: Inbox) -> None:
    http, token = browser_asks(inbox)
    assert http.cookies[conf.magic_cookie_name]["httponly"]
    shown = http.get(PAGE, {"token": token}).content.decode()
    assert ADA in shown
    assert 'name="otp"' not in shown
    entered = http.post(PAGE, {"token": token})
    assert (entered.status_code, entered["Location"]) == (303, "/account/")
    assert not http.cookies[conf.magic_cookie_name].value
    assert http.get("/account/").status_code == 200
    again = http.post(PAGE, {"token": token})
    assert again.status_code == 410
    assert "Already used" in again.content.decode()


def test_the_page_takes_the_code_where_the_browser_waits(ada: Api, inbox: Inbox) -> None:
    http = Http()
    waits = http.post(PAGE, {"email": ADA, "stay": "1"}).content.decode()
    magic = waits.split('name="magic" value="')[1].split('"')[0]
    wrong = http.post(PAGE, {"email": ADA, "magic": magic, "otp": ""})
    assert wrong.status_code == 400
    assert 'data-code="otp_invalid"' in wrong.content.decode()
    right = http.post(PAGE, {"email": ADA, "magic": magic, "otp": inbox.newest(ADA).code, "stay": "1"})
    assert right.status_code == 303
    assert Session.objects.get().expires_at - timezone.now() > timedelta(days=29)


def test_another_browser_types_the_code(ada: Api, inbox: Inbox) -> None:
    _, token = browser_asks(inbox)
    other = Http()
    shown = other.get(PAGE, {"token": token}).content.decode()
    assert "another browser" in shown
    assert f'name="email" value="{ADA}"' in shown
    refused = other.post(PAGE, {"token": token})
    assert refused.status_code == 403
    assert 'name="otp"' in refused.content.decode()
    assert not Session.objects.exists()
    entered = other.post(PAGE, {"email": ADA, "otp": inbox.newest(ADA).code})
    assert entered.status_code == 303


def test_the_page_asks_for_the_second_factor(ada: Api, inbox: Inbox) -> None:
    app = enrol(User.objects.get())
    http, token = browser_asks(inbox)
    asked = http.post(PAGE, {"token": token})
    assert asked.status_code == 200
    assert conf.session_cookie_name not in asked.cookies
    mfa = asked.content.decode().split('name="mfa" value="')[1].split('"')[0]
    proved = http.post("/login/mfa/", {"mfa": mfa, "method": "totp", "code": app.code()})
    assert proved.status_code == 303


def test_an_address_that_is_none_is_shown_again(inbox: Inbox) -> None:
    page = Http().post(PAGE, {"email": "ada@@example"})
    assert page.status_code == 400
    assert "ada@@example" in page.content.decode()
    assert Api().post("login/magic/start", {"email": "ada@@example"}).body["codes"] == {"email": ["invalid"]}


def test_the_sign_in_page_leads_there() -> None:
    assert f'href="{PAGE}"' in Http().get("/login/").content.decode()


def test_wrong_passwords_stay_counted_after_a_sign_in_by_mail(ada: Api, inbox: Inbox) -> None:
    """A mailbox says nothing about who guesses the password (docs/decisions/0112)."""
    stranger = Api(Http(REMOTE_ADDR="203.0.113.9"))
    for _ in range(5):
        assert stranger.login(ADA, "the wrong password").status == 401
    asked: Asked = ask(ada, inbox, ADA)
    assert asked.by_code().status == 200
    assert stranger.login(ADA, PASSWORD).code == "locked"
    assert ada.login(ADA).status == 200
