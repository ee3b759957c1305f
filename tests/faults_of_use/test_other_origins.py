"""Whatever the contract offers works from a browser at another origin (FAULTS 27, WEB-06)."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.configured import configured
from tests.openapi import read_contract
from tests.pictures import picture, upload
from tests.world import Api, Http, Inbox

APP = "https://app.example.com"
OFFERED: dict[str, dict[str, Any]] = read_contract()["paths"]
# What a browser may send by itself (Fetch Standard, 2.2.2), what the contract reads, and what tracing adds.
SENT = ("authorization", "content-type", "x-request-id", "traceparent", "tracestate", "baggage", "sentry-trace")
READ = ("X-Request-ID", "Retry-After", "RateLimit", "RateLimit-Policy", "WWW-Authenticate", "ETag")


@pytest.fixture
def allowed(house: None) -> Iterator[Http]:
    """A browser whose origin is allowed."""
    with configured(CORS_ALLOWED_ORIGINS=[APP]):
        yield Http(raise_request_exception=False)


def asked(http: Http, path: str, method: str, origin: str = APP) -> Any:
    """The answer to a preflight."""
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": ",".join(SENT)}
    return http.options(path, headers={"Origin": origin, **asked})


@pytest.mark.parametrize("path", [*OFFERED, "/.well-known/jwks.json", "/api/schema", "/media/pictures/x.webp"])
def test_fault_27_every_path_and_method_passes_a_preflight(allowed: Http, path: str) -> None:
    filled = re.sub(r"\{\w+\}", "00000000-0000-4000-8000-000000000001", path)
    for method in OFFERED.get(path, {"get": {}}):
        answer = asked(allowed, filled, method.upper())
        assert answer.status_code == 200
        assert answer["Access-Control-Allow-Origin"] == APP
        assert method.upper() in answer["Access-Control-Allow-Methods"].split(", ")
        assert set(SENT) <= set(answer["Access-Control-Allow-Headers"].split(", "))
        assert "Access-Control-Allow-Credentials" not in answer
        refused = asked(allowed, filled, method.upper(), "https://evil.example")
        assert "Access-Control-Allow-Origin" not in refused


@pytest.mark.parametrize("path", ["/api/auth/config", "/api/auth/me", "/api/auth/none", "/.well-known/jwks.json"])
def test_fault_27_a_script_reads_what_helps_it_on(allowed: Http, path: str) -> None:
    """On every status."""
    answer = allowed.get(path, headers={"Origin": APP, "X-Request-ID": "a-trace"})
    assert answer["Access-Control-Allow-Origin"] == APP
    assert set(READ) <= set(answer["Access-Control-Expose-Headers"].split(", "))
    assert answer["X-Request-ID"] == "a-trace"


@pytest.mark.parametrize("path", ["/login/", "/account/", "/metrics", "/health/ready", "/admin/", "/house.css"])
def test_web_06_what_is_no_api_is_nobody_else_s(allowed: Http, path: str) -> None:
    assert "Access-Control-Allow-Origin" not in allowed.get(path, headers={"Origin": APP})


def test_fault_27_a_picture_is_shown_by_another_origin(api: Api, inbox: Inbox) -> None:
    """`<img src>` sends no Origin: CORP alone says whether the browser shows it."""
    access = api.account(inbox, "ada@example.com")
    url = upload(api, access, picture()).body["profile"]["picture"]
    assert api.http.get(url)["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert api.http.get(f"{url}x")["Cross-Origin-Resource-Policy"] == "same-origin"
