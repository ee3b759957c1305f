"""The headers and cookies of every answer, over TLS behind a proxy and in the open (WEB-*)."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.urls import reverse

from tests.configured import configured, rated
from tests.factors import enrol
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import User
from vestibule.kernel.errors import Unavailable
from vestibule.limits import rate_counters
from vestibule.service.settings.django_wiring import OAUTH_PATHS
from vestibule.sessions import signing_keys
from vestibule.web.oauth.urls import urlpatterns as oauth_patterns
from vestibule.web.routes import BODY_LIMIT

ADA = "ada@example.com"
PROXY = "10.0.0.1"  # trusted, see tests.environment
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@pytest.fixture
def https() -> Iterator[None]:
    """As with BASE_URL=https://testserver behind a proxy."""
    with configured(
        BASE_URL="https://testserver",
        SECURE_SSL_REDIRECT=True,
        SECURE_SSL_HOST="testserver",
        SECURE_HSTS_SECONDS=31_536_000,
        SECURE_HSTS_INCLUDE_SUBDOMAINS=True,
        CSRF_COOKIE_NAME="__Host-csrf",
        CSRF_COOKIE_SECURE=True,
    ):
        yield


def through(http: Http, path: str, method: str = "GET", scheme: str = "https", **more: Any) -> Any:
    """A request that the proxy passes on."""
    headers = {"X-Forwarded-Proto": scheme, "X-Forwarded-For": "198.51.100.7", **more.pop("headers", {})}
    return http.generic(method, path, headers=headers, REMOTE_ADDR=PROXY, **more)


def answers() -> Iterator[tuple[int, Any]]:
    """One answer of every status, of pages and of the API."""
    http = Http(raise_request_exception=False)

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
        yield 413, through(http, path, "POST", data="x" * (BODY_LIMIT + 1), content_type="application/json")
    with rated(anon="1/hour"):
        through(http, "/api/auth/config")
        yield 429, through(http, "/api/auth/config")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(signing_keys, "build_jwk_set", broken)
        yield 500, through(http, "/.well-known/jwks.json")
        patched.setattr(rate_counters, "count_request", unavailable)
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


def test_web_05_a_static_file_that_is_opened_as_a_document_runs_nothing(house: None) -> None:
    """WEB-05: a drawing or a page among them, of the operator's or of a library's, may hold a script."""
    names = [path for finder in finders.get_finders() for path, _ in finder.list([])]
    documents = {name for name in names if name.endswith((".svg", ".html"))}
    assert {PurePosixPath(name).suffix for name in documents} == {".svg", ".html"}
    for name in documents:
        policy = Http().get(f"/static/{name}")["Content-Security-Policy"].split("; ")
        assert {"default-src 'none'", "frame-ancestors 'none'", "sandbox"} <= set(policy), name
        assert "script-src" not in str(policy), name


def test_web_08_reports_go_where_the_operator_says(house: None) -> None:
    """WEB-08: `report-to`, where there is somebody who reads them."""
    with configured(CSP_REPORT_URL="https://reports.example.com/csp"):
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
    with configured(CORS_ALLOWED_ORIGINS=["https://good.example"]):
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
            typed["csrfmiddlewaretoken"] = TOKEN.findall(through(http, path.replace("mfa/", "")).content.decode())[0]
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
    app = enrol(User.objects.get())
    asked = visit("/login/", name=ADA, password=PASSWORD)
    ticket = re.findall(r'name="mfa" value="([^"]+)"', asked)[0]
    visit("/login/mfa/", mfa=ticket, method="totp", code=app.code(), remember="1")
    visit("/logout/")
    of_a_visit = {"__Host-csrf", "__Host-session", "__Host-device", "__Host-registration", "__Host-remembered"}
    assert seen.keys() == of_a_visit
    assert seen["__Host-session"] == 4  # given, and taken away, twice


PROGRAMS = [f"vestibule_oauth:{each.name}" for each in oauth_patterns if each.name != "authorize"]


def test_web_08_the_settings_know_the_endpoints_of_applications() -> None:
    assert {f"/{each}" for each in OAUTH_PATHS} == {path for path in map(reverse, PROGRAMS) if "well-known" not in path}


@pytest.mark.parametrize("name", PROGRAMS)
def test_web_08_an_endpoint_of_applications_answers_no_page(house: None, name: str) -> None:
    """Also what no view of its own answers."""
    form = "application/x-www-form-urlencoded"
    answer = Http().post(reverse(name), "x" * (BODY_LIMIT + 1), content_type=form)
    assert (answer.status_code, answer["Content-Type"]) == (413, "application/problem+json")
    answer = Http().post(reverse(name), "x", content_type=f"{form}; charset=utf-7")
    assert (answer.status_code, answer["Content-Type"]) == (415, "application/problem+json")


@pytest.mark.parametrize("peer", ["198.51.100.7", PROXY])
def test_web_12_plain_http(house: None, https: None, peer: str) -> None:
    """WEB-12: who comes in the open, and who only says that they do not."""
    http = Http(REMOTE_ADDR=peer)
    forged = {"X-Forwarded-Proto": "http" if peer == PROXY else "https"}
    for path in ("/login/?a=b", "/.well-known/change-password"):  # the latter beside what programs ask for
        page = http.get(path, headers=forged)
        assert (page.status_code, page["Location"]) == (301, f"https://testserver{path}")
    body = {"email": ADA, "password": PASSWORD}
    answer = http.post("/api/auth/login", body, content_type="application/json", headers=forged)
    assert (answer.status_code, answer.json()["code"]) == (403, "https_required")
    assert "Strict-Transport-Security" not in answer
    assert http.get("/health/live", headers=forged).status_code == 200
    assert http.get("/.well-known/jwks.json", headers=forged).status_code == 403
    for path in OAUTH_PATHS:  # a redirect would hide that a secret was sent in clear
        answer = http.post(
            f"/{path}", "client_secret=x", content_type="application/x-www-form-urlencoded", headers=forged
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "https_required"), path


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/.git/config",
            "/.env",
            "/debug",
            "/debug/",
            "/__debug__/",
            "/server-status",
            "/static/",
            "/static/vestibule/pages/",
        ),
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
