"""What a browser is told and may not do: the WEB cases, by their ids (those in a real browser: tests/browser)."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from tests.world import PASSWORD, Api, Http, Inbox, Pages
from vestibule.guards import counters
from vestibule.guards.rates import Rates, parsed
from vestibule.kernel.errors import Unavailable
from vestibule.sessions import signing
from vestibule.sessions.models import Session

ADA = "ada@example.com"
PROXY = "10.0.0.1"  # trusted, see tests.environment
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
    assert settings.SESSION_COOKIE_NAME in pages.http.cookies
    return pages.http


@pytest.fixture
def https() -> Iterator[None]:
    """As with BASE_URL=https://testserver behind a proxy."""
    with override_settings(
        HTTPS=True,
        SECURE_SSL_REDIRECT=True,
        SECURE_SSL_HOST="testserver",
        SECURE_HSTS_SECONDS=31_536_000,
        SECURE_HSTS_INCLUDE_SUBDOMAINS=True,
        CSRF_COOKIE_NAME="__Host-csrf",
        CSRF_COOKIE_SECURE=True,
        **{f"{name}_COOKIE_NAME": f"__Host-{name.lower()}" for name in ("SESSION", "DEVICE", "REGISTRATION")},
    ):
        yield


def through(http: Http, path: str, method: str = "GET", scheme: str = "https", **more: Any) -> Any:
    """A request that the proxy passes on."""
    headers = {"X-Forwarded-Proto": scheme, "X-Forwarded-For": "198.51.100.7", **more.pop("headers", {})}
    return http.generic(method, path, headers=headers, REMOTE_ADDR=PROXY, **more)


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


@pytest.mark.parametrize(
    "elsewhere",
    [
        *("//evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example", "http:///evil.example"),
        *("https://testserver@evil.example", "javascript:alert(1)", "data:text/html,x", "/%0d%0aLocation: //evil"),
        *("/\tevil", "//evil。example", "//0x7f000001", "/#//evil.example"),
    ],
)
def test_web_04_no_parameter_leads_elsewhere(pages: Pages, ada: Http, elsewhere: str) -> None:
    """WEB-04: sign-in, sign-out and confirming go where they always go."""
    names = ("next", "redirect", "return_to", "continue", "url")
    token = form_token(ada, "/logout/")
    typed = {"csrfmiddlewaretoken": token, **dict.fromkeys(names, elsewhere)}
    out = ada.post(f"/logout/?next={elsewhere}", typed)
    typed |= {"csrfmiddlewaretoken": form_token(ada), "identifier": ADA, "name": ADA, "password": PASSWORD}
    back = ada.post(f"/login/?next={elsewhere}", typed)
    for answer in (out, back, ada.get(f"/?next={elsewhere}")):
        assert answer.get("Location", "/") in ("/", "/login/", "/register/", "/account/", "/account/profile/")


def answers() -> Iterator[tuple[int, Any]]:
    """One answer of every status, of pages and of the API."""
    http = Http(raise_request_exception=False)
    none = {name: Rates() for name in settings.RATES}

    def unavailable(*_: object, **__: object) -> None:
        raise Unavailable

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    start = {"email": "z@example.com", "password": PASSWORD}
    for path in ("/register/", "/api/auth/config", "/health/live", "/api/docs", "/api/schema", "/house.css"):
        yield 200, through(http, path)
    yield 302, through(http, "/")
    yield 400, through(http, "/api/auth/login", "POST", data="{", content_type="application/json")
    yield 400, through(http, "/register/", headers={"Host": "evil.example"})
    yield 400, through(http, "/api/auth/config", headers={"Host": "evil.example"})
    yield 403, through(Http(enforce_csrf_checks=True), "/register/", "POST")
    yield 404, through(http, "/none")
    yield 404, through(http, "/api/auth/none")
    yield 405, through(http, "/register/", "DELETE")
    yield 405, through(http, "/api/auth/login", "DELETE")
    for path in ("/register/", "/api/auth/login"):
        yield 413, through(http, path, "POST", data="x" * (settings.BODY_LIMIT + 1), content_type="application/json")
    with override_settings(RATES={**none, "anon": Rates(per_network=parsed("1/hour"))}):
        through(http, "/api/auth/config")
        yield 429, through(http, "/api/auth/config")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(signing, "jwks", broken)
        yield 500, through(http, "/.well-known/jwks.json")
        patched.setattr(counters, "hit", unavailable)
        yield (
            503,
            http.post(
                "/api/auth/register/start",
                start,
                content_type="application/json",
                headers={"X-Forwarded-Proto": "https"},
                REMOTE_ADDR=PROXY,
            ),
        )


def test_web_08_the_headers_of_every_status(house: None, https: None) -> None:
    """WEB-05, WEB-08, WEB-10: on every status, of pages and API alike."""
    nonces = set()
    for status, answer in answers():
        assert answer.status_code == status
        policy = answer["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "camera=()" in answer["Permissions-Policy"]
        assert answer["Referrer-Policy"] in ("strict-origin", "no-referrer")
        assert "X-Powered-By" not in answer
        assert (int(answer.get("Retry-After", "0")) > 0) == (status in (429, 503))
        if answer["Content-Type"].startswith("text/html"):
            nonces.add(re.findall(r"script-src 'nonce-([\w+/=]{24})'(?:;|$)", policy)[0])
            assert set(re.findall(r'<script nonce="([^"]+)"', answer.content.decode())) <= nonces
            assert "<script " not in answer.content.decode().replace("<script nonce=", "")
        else:
            assert policy == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert len(nonces) == 8  # one each


def test_web_08_reports_go_where_the_operator_says(house: None) -> None:
    """WEB-08: `report-to`, where there is somebody who reads them."""
    with override_settings(CSP_REPORT_URL="https://reports.example.com/csp"):
        answer = Http().get("/register/")
    assert answer["Reporting-Endpoints"] == 'house="https://reports.example.com/csp"'
    assert "Reporting-Endpoints" not in Http().get("/register/")


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "https://sub.good.example",
        "https://good.example.evil",
        "https://evilgood.example",
    ],
)
def test_web_06_only_who_is_listed_may_read(api: Api, origin: str) -> None:
    """WEB-06: plain requests and preflights."""
    with override_settings(CORS_ALLOWED_ORIGINS=["https://good.example"]):
        http = Http()
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        for who, allowed in ((origin, None), ("https://good.example", "https://good.example")):
            for answer in (
                http.get("/api/auth/config", headers={"Origin": who}),
                http.options("/api/auth/login", headers={"Origin": who, **asked}),
            ):
                assert answer.get("Access-Control-Allow-Origin") == allowed
                assert "Access-Control-Allow-Credentials" not in answer
                assert "origin" in answer["Vary"].lower()
                assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]


def test_web_07_every_cookie(house: None, inbox: Inbox, https: None) -> None:
    """WEB-07: those that are set and those that are taken away, of a whole visit."""
    http = Http(enforce_csrf_checks=True)
    seen: dict[str, int] = {}

    def visit(path: str, **typed: str) -> str:
        if typed or path == "/logout/":
            typed["csrfmiddlewaretoken"] = TOKEN.findall(through(http, path).content.decode())[0]
        form = "&".join(f"{name}={value.replace(' ', '+')}" for name, value in typed.items())
        answer = through(
            http,
            path,
            "POST" if typed else "GET",
            data=form,
            content_type="application/x-www-form-urlencoded",
            headers={"Referer": "https://testserver/", "Origin": "https://testserver", "Host": "testserver"},
        )
        for name, cookie in answer.cookies.items():
            seen[name] = seen.get(name, 0) + 1
            assert name.startswith("__Host-")
            assert (cookie["secure"], cookie["httponly"], cookie["path"]) == (True, True, "/")
            assert cookie["samesite"] == "Lax"
            assert not cookie["domain"]
            assert len(cookie.OutputString()) <= 4096
        return str(answer.content.decode())

    page = visit("/register/", email=ADA, password=PASSWORD)
    registration = re.findall(r'name="registration" value="([^"]+)"', page)[0]
    visit("/verify-otp/", registration=registration, otp=inbox.newest(ADA).code)
    visit("/logout/")
    assert seen.keys() == {"__Host-csrf", "__Host-session", "__Host-device", "__Host-registration"}
    assert seen["__Host-session"] == 2  # given, and taken away


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


@pytest.mark.parametrize("peer", ["198.51.100.7", PROXY])
def test_web_12_plain_http(house: None, https: None, peer: str) -> None:
    """WEB-12: who comes in the open, and who only says that they do not."""
    http = Http(REMOTE_ADDR=peer)
    forged = {"X-Forwarded-Proto": "http" if peer == PROXY else "https"}
    page = http.get("/login/?a=b", headers=forged)
    assert (page.status_code, page["Location"]) == (301, "https://testserver/login/?a=b")
    body = {"email": ADA, "password": PASSWORD}
    answer = http.post("/api/auth/login", body, content_type="application/json", headers=forged)
    assert (answer.status_code, answer.json()["code"]) == (403, "https_required")
    assert "Strict-Transport-Security" not in answer
    assert http.get("/health/live", headers=forged).status_code == 200
    assert http.get("/.well-known/jwks.json", headers=forged).status_code == 403


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


@pytest.mark.parametrize(
    "path",
    [
        *("/.git/config", "/.env", "/debug", "/debug/", "/__debug__/", "/server-status", "/static/", "/static/pages/"),
        *("/static/../pyproject.toml", "/static/%2e%2e/settings.py", "/media/", "/media/pictures/", "/phpinfo.php"),
        *("/api/", "/api/auth/", "/swagger", "/graphql", "/actuator/health", "/var/vestibule.sqlite3", "/secret_key"),
    ],
)
def test_web_14_nothing_stands_open(house: None, path: str) -> None:
    """WEB-14: no source, no listing; and an error says nothing about what runs here."""
    answer = Http(raise_request_exception=False).get(path)
    assert answer.status_code == 404
    text = answer.content.decode().lower()
    assert not any(word in text for word in ("django", "python", "traceback", "gunicorn", "settings"))


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
