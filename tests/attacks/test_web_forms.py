"""What a browser is told and may not do in its forms and pages (WEB-*; those in a real browser: tests/browser)."""

import re

import pytest

from tests.world import PASSWORD, Api, Http, Inbox, Pages
from vestibule.conf import conf
from vestibule.sessions.models import Session

ADA = "ada@example.com"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
FORMS = ("/register/", "/login/", "/password/reset/", "/verify-email/resend/", "/resend-otp/")


@pytest.fixture
def pages(house: None) -> Pages:
    """A person at the pages, whose forms are checked."""
    return Pages()


@pytest.fixture
def ada(pages: Pages, inbox: Inbox) -> Http:
    """Her browser, signed in by sign-up."""
    reply = pages.start(email=ADA, password=PASSWORD)
    pages.confirm(reply.registration, inbox.newest(ADA).code)
    assert conf.session_cookie_name in pages.http.cookies
    return pages.http


def form_token(http: Http, path: str = "/login/") -> str:
    """The CSRF token of the form there."""
    found = TOKEN.search(http.get(path).content.decode())
    assert found
    return found[1]


@pytest.mark.parametrize("path", FORMS)
def test_web_01_every_form_wants_the_token_of_this_browser(pages: Pages, inbox: Inbox, path: str) -> None:
    """WEB-01: missing, wrong, another browser's."""
    another = form_token(Http(enforce_csrf_checks=True))
    form_token(pages.http)
    for token in ({}, {"csrfmiddlewaretoken": "x" * 64}, {"csrfmiddlewaretoken": another}):
        assert pages.http.post(path, {"email": ADA, "password": PASSWORD, **token}).status_code == 403
    assert inbox.all() == []


def test_web_01_a_token_ends_with_the_sign_in(pages: Pages, inbox: Inbox) -> None:
    """WEB-01: reused after login."""
    before = form_token(pages.http)
    reply = pages.start(email=ADA, password=PASSWORD)
    pages.confirm(reply.registration, inbox.newest(ADA).code)
    assert pages.http.post("/logout/", {"csrfmiddlewaretoken": before}).status_code == 403
    assert Session.objects.filter(revoked_at=None).count() == 1


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil.example"])
def test_web_02_no_sign_in_from_elsewhere(pages: Pages, origin: str) -> None:
    """WEB-02: a cross-site POST, even with a token that fits."""
    typed = {"csrfmiddlewaretoken": form_token(pages.http), "identifier": ADA, "password": PASSWORD}
    answer = pages.http.post("/login/", typed, headers={"Origin": origin, "Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_web_02_get_and_head_change_nothing(ada: Http, inbox: Inbox) -> None:
    """WEB-02, WEB-13: a link or a picture that asks for it signs nobody out and confirms nothing."""
    api = Api()
    api.register(email="bob@example.com", password=PASSWORD)
    token = inbox.newest("bob@example.com").token
    for method in ("GET", "HEAD"):
        for path in ("/logout/", "/account/security/", f"/verify-email/?token={token}", "/account/sessions/?end=all"):
            assert ada.generic(method, path).status_code < 500
    assert Session.objects.filter(revoked_at=None).count() == 1
    assert api.login("bob@example.com").code == "account_unverified"


def test_web_03_a_cookie_opens_no_endpoint(ada: Http) -> None:
    """WEB-03: the API knows bearers only, so there is nothing for a foreign page to ride on."""
    for path in ("me", "sessions", "events"):
        answer = ada.get(f"/api/auth/{path}", headers={"Origin": "https://evil.example"})
        assert answer.status_code == 401
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = ada.post("/api/auth/login", "{}", content_type=content_type, headers={"Origin": "null"})
        assert answer.status_code == 415


ELSEWHERE: list[str] = [
    *("//evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example", "http:///evil.example"),
    *("https://testserver@evil.example", "javascript:alert(1)", "data:text/html,x", "/%0d%0aLocation: //evil"),
    *("/\tevil", "//evil。example", "//0x7f000001", "/#//evil.example"),
]


def test_web_04_no_parameter_leads_elsewhere(pages: Pages, ada: Http, subtests: pytest.Subtests) -> None:
    """WEB-04: sign-in, sign-out and confirming go where they always go."""
    for elsewhere in ELSEWHERE:
        with subtests.test(elsewhere=elsewhere):
            names = ("next", "redirect", "return_to", "continue", "url")
            token = form_token(ada, "/logout/")
            typed = {"csrfmiddlewaretoken": token, **dict.fromkeys(names, elsewhere)}
            out = ada.post(f"/logout/?next={elsewhere}", typed)
            typed |= {"csrfmiddlewaretoken": form_token(ada), "identifier": ADA, "name": ADA, "password": PASSWORD}
            back = ada.post(f"/login/?next={elsewhere}", typed)
            for answer in (out, back, ada.get(f"/?next={elsewhere}")):
                assert answer.get("Location", "/") in ("/", "/login/", "/register/", "/account/", "/account/profile/")


def test_web_11_nothing_is_cached(ada: Http, inbox: Inbox) -> None:
    """WEB-11: nor found under a name that a cache would keep."""
    api = Api()
    access = api.account(inbox, "bob@example.com")
    for answer in (api.http.get("/api/auth/me", headers={"Authorization": f"Bearer {access}"}), ada.get("/account/")):
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "no-store"
    assert "Authorization" in api.http.get("/api/auth/me")["Vary"]
    assert "Cookie" in ada.get("/account/")["Vary"]
    for suffix in ("/x.css", ";.js", "%2f.css", ".css", "/..%2fx.png"):
        bearer = {"Authorization": f"Bearer {access}"}
        assert api.http.get(f"/api/auth/me{suffix}", headers=bearer).status_code == 404
        assert ada.get(f"/account{suffix}").status_code == 404


def test_web_13_methods(ada: Http) -> None:
    """WEB-13: no method that a path does not take, by no header."""
    for method in ("TRACE", "PUT", "PATCH", "DELETE"):
        for path in ("/login/", "/register/", "/logout/", "/account/", "/api/auth/login", "/api/auth/config"):
            if (method, path) != ("PATCH", "/api/auth/me"):
                assert ada.generic(method, path, enforce_csrf_checks=False).status_code in (403, 405), (method, path)
    for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        assert ada.get("/logout/?_method=POST", headers={header: "POST"}).status_code == 200
    assert Session.objects.filter(revoked_at=None).count() == 1
    head = Http().head("/register/")
    assert (head.status_code, head.content) == (200, b"")


def test_web_15_no_page_needs_anybody_else(ada: Http) -> None:
    """WEB-15: nothing is fetched from elsewhere (in a browser: tests/browser/people.py watches every request)."""
    for path in ("/register/", "/login/", "/password/reset/", "/account/", "/account/security/", "/api/docs", "/none"):
        html = ada.get(path).content.decode()
        assert re.findall(r'(?:src|href|action)="(?:https?:)?//[^"]*"', html) == []


def test_web_16_forms_say_what_they_ask_for(ada: Http) -> None:
    """WEB-16: so that password managers and people know; and the way out is in sight."""
    http = Http()
    wanted = {
        "/register/": ("new-password",),
        "/login/": ("username", "current-password"),
    }
    for path, purposes in wanted.items():
        html = http.get(path).content.decode()
        assert 'type="password"' in html
        assert "onpaste" not in html
        for purpose in purposes:
            assert f'autocomplete="{purpose}' in html, (path, purpose)
    started = Pages().start(email="eve@example.com", password=PASSWORD)
    assert 'autocomplete="one-time-code"' in started.text
    assert 'href="/logout/"' in ada.get("/account/").content.decode()
