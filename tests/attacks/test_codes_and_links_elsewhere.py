"""OTP: a code or a link opens nothing but what it was sent for; and no request says where a link leads."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.configured import configured
from tests.letters import Post
from tests.stories.test_recovery import ask, reset
from tests.world import PASSWORD, Api, Http, Inbox, Reply
from vestibule.accounts import lifecycle
from vestibule.accounts.models import User
from vestibule.flows import step_up

ADA, BOB, NEW, NUMBER = "ada@example.com", "bob@example.com", "new@example.com", "+14155550100"
FRESH, WAITS, CAROL = "fresh@example.com", "waits@example.com", "carol@example.com"
NEXT = "another password entirely"
HOME, ORIGIN = "http://testserver", re.compile(r"https?://[^/\s]+")


def test_otp_09_nobody_elses_code_or_link(api: Api, inbox: Inbox, ada: str) -> None:
    """Not with the address of another beside it, nor made of the halves of two links; and each is still good after."""
    api.account(inbox, BOB)
    mails = {}
    for email in (ADA, BOB):
        ask(api, email)
        mails[email] = inbox.newest(email)
    mine, theirs = mails[ADA], mails[BOB]
    if mine.code != theirs.code:
        assert reset(api, email=BOB, otp=mine.code).code == "otp_invalid"
    half = len(mine.token) // 2
    for forged in (mine.token[:half] + theirs.token[half:], theirs.token[:half] + mine.token[half:]):
        assert reset(api, token=forged).code == "token_invalid"
    assert api.login(BOB).status == api.login(ADA).status == 200
    assert reset(api, email=BOB, otp=theirs.code).status == reset(api, token=mine.token).status == 204


def test_otp_10_a_code_of_one_purpose_is_none_of_another(api: Api, inbox: Inbox, ada: str) -> None:
    """Every code at every endpoint that takes one: refused, and then each at its own. Each of a person of its own."""
    confirm: dict[str, tuple[str, Callable[..., Reply]]] = {}
    sign_up = api.start(email=FRESH, password=PASSWORD).registration
    confirm["sign-up"] = inbox.newest(FRESH).code, partial(api.confirm, sign_up)
    pending = api.register(email=WAITS, password=PASSWORD).registration
    confirm["pending"] = inbox.newest(WAITS).code, partial(prove, "verify-email", email=WAITS, registration=pending)
    api.send("POST", "email/change", ada, {"email": NEW, "password": PASSWORD})
    confirm["email"] = inbox.newest(NEW).code, partial(prove, "email/change/confirm", ada)
    bob = api.account(inbox, BOB)
    api.send("POST", "phone/change", bob, {"phone_number": NUMBER, "password": PASSWORD})
    confirm["phone"] = inbox.newest(NUMBER).code, partial(prove, "phone/change/confirm", bob)
    api.account(inbox, CAROL)
    ask(api, CAROL)
    confirm["reset"] = inbox.newest(CAROL).code, partial(prove, "password/reset/confirm", email=CAROL, password=NEXT)
    for purpose, (own, show) in confirm.items():
        for code in {code for code, _ in confirm.values()} - {own}:
            assert show(otp=code).code == "otp_invalid", purpose
    proved = {purpose: show(otp=code).status for purpose, (code, show) in confirm.items()}
    assert proved == {"sign-up": 201, "pending": 200, "email": 200, "phone": 200, "reset": 204}


def prove(path: str, access: str = "", **shown: str) -> Reply:
    """POST the code, and what goes with it."""
    return Api().send("POST", path, access, shown)


def changed_password(api: Api, access: str) -> None:
    api.send("POST", "password/change", access, {"current_password": PASSWORD, "password": NEXT})


def suspended(api: Api, access: str) -> None:
    assert lifecycle.suspend_user(User.objects.get().pk)


@pytest.mark.parametrize("change", [changed_password, suspended])
def test_otp_18_what_changes_the_account_ends_the_proofs_of_before(
    api: Api, inbox: Inbox, ada: str, change: Callable[[Api, str], None]
) -> None:
    """A reset by link and by code, and the change of a number. After a change of address: test_holes_recovery.py."""
    ask(api)
    mail = inbox.newest(ADA)
    api.send("POST", "phone/change", ada, {"phone_number": NUMBER, "password": PASSWORD})
    code = inbox.newest(NUMBER).code
    change(api, ada)
    before = User.objects.values().get()
    for proof in ({"token": mail.token}, {"email": ADA, "otp": mail.code}):
        assert reset(api, "the password of a stranger", **proof).status == 410
    assert api.send("POST", "phone/change/confirm", ada, {"otp": code}).status in (401, 410)
    assert User.objects.values().get() == before


def test_otp_18_a_changed_password_ends_a_reset_though_nobody_came_to_bury_it(
    api: Api, inbox: Inbox, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies after the commit of the change, before the store of challenges is told."""
    ask(api)
    mail = inbox.newest(ADA)
    with monkeypatch.context() as without:
        without.setattr(step_up, "cancel_pending_changes", lambda *_: None)
        changed = {"current_password": PASSWORD, "password": NEXT, "password2": NEXT}
        assert api.send("POST", "password/change", ada, changed).status == 204
    for proof in ({"token": mail.token}, {"email": ADA, "otp": mail.code}):
        assert reset(api, "the password of a stranger", **proof).status == 410
    assert api.login(ADA, NEXT).status == 200
    ask(api)
    assert reset(api, "the password of the owner", token=inbox.newest(ADA).token).status == 204


SKIPPED: list[dict[str, Any]] = [
    *({}, {"token": ""}, {"token": "0"}, {"token": None}, {"token": []}, {"email": ADA}, {"email": ADA, "otp": ""}),
    *({"email": ADA, "otp": None}, {"email": ADA, "otp": []}, {"email": ADA, "otp": "0"}, {"otp": "00000000"}),
]


def test_otp_16_no_step_is_skipped(api: Api, inbox: Inbox, ada: str) -> None:
    """Without the proof, with nothing for one, or with the handle of another flow, by API and page."""
    handle = api.start(email=BOB, password=PASSWORD).registration
    ask(api)
    for proof in [*SKIPPED, {"token": handle}, {"registration": handle, "email": ADA}]:
        assert reset(api, **proof).status in (400, 410), proof
        typed = {name: value for name, value in proof.items() if isinstance(value, str)}
        page = Http().post("/password/reset/confirm/", {**typed, "password": NEXT})
        assert page.status_code in (302, 400, 410), proof
    assert api.login(ADA).status == 200
    assert reset(api, token=inbox.newest(ADA).token).status == 204  # and the real one is still good


STARTS: dict[str, dict[str, str]] = {
    "/api/auth/register/start": {"email": NEW, "password": PASSWORD},
    "/api/auth/register": {"email": NEW, "password": PASSWORD},
    "/api/auth/password/reset": {"email": ADA},
    "/register/": {"email": NEW, "password": PASSWORD},
    "/password/reset/": {"email": ADA},
}


def sent(path: str, more: dict[str, str], **headers: str) -> int:
    """The start of a flow, with more in its body and its headers; the status."""
    http, body = Http(raise_request_exception=False), {**STARTS[path], **more}
    if path.startswith("/api/"):
        return http.post(path, body, content_type="application/json", headers=headers).status_code
    return http.post(path, body, headers=headers).status_code


def leads_home(mail: Post) -> bool:
    """Whether nothing in a mail is of anybody else's: every link is ours."""
    return "evil" not in str((mail.text, mail.html, mail.headers)) and set(ORIGIN.findall(mail.text)) <= {HOME}


HOSTS = ("evil.example", "testserver:80@evil.example", "testserver.evil.example", "testserver:evil", "evil.example:80")


@pytest.mark.parametrize("path", STARTS)
def test_otp_14_a_foreign_host_is_refused_and_never_reaches_a_mail(inbox: Inbox, ada: str, path: str) -> None:
    inbox.all()
    inbox.empty()
    for host in HOSTS:
        assert sent(path, {}, **{"Host": host, "X-Forwarded-Host": host}) == 400, host
    assert inbox.all() == []
    forwarded = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example", "X-Host": "evil.example"}
    assert sent(path, {}, **forwarded, **{"X-Original-URL": "//evil.example/"}) in (200, 201, 202)
    [mail] = inbox.all(STARTS[path]["email"])
    assert leads_home(mail)


ELSEWHERE = ("redirect_to", "redirect_uri", "origin", "next", "return_to", "callbackURL", "url", "host", "base_url")


@pytest.mark.parametrize("path", STARTS)
def test_otp_15_no_parameter_says_where_a_link_leads(inbox: Inbox, ada: str, path: str) -> None:
    inbox.all()
    inbox.empty()
    more = dict.fromkeys(ELSEWHERE, "https://evil.example/")
    assert sent(path, more, Referer="https://evil.example/") in (200, 201, 202)
    [mail] = inbox.all(STARTS[path]["email"])
    assert leads_home(mail)


def test_otp_15_a_link_goes_where_the_operator_says(api: Api, inbox: Inbox) -> None:
    with configured(FRONTEND_URL="https://app.example.com"):
        api.register(email=ADA, password=PASSWORD, next="//evil.example")
    mail = inbox.newest(ADA)
    assert f"https://app.example.com/verify-email?token={mail.token}" in mail.text
    assert "evil" not in mail.text + mail.html
