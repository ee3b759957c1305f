"""WEB-02, WEB-06, WEB-08: what programs ask goes past the middleware that protects pages (`web.programs`), and is
answered like what passes all of it."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from django.conf import settings
from django.test import RequestFactory

from tests.architecture.test_shape import endpoints
from tests.attacks.test_web_surfaces import asked, url
from tests.configured import configured
from tests.world import Http
from vestibule.web.programs import answer_programs
from vestibule.web.routes import expects_json

PATHS = {f"/{path}": view for path, view in endpoints().items()}
OF_PROGRAMS = [path for path in PATHS if expects_json(RequestFactory().get(url(path)))]
WHOLE_WAY = [each for each in settings.MIDDLEWARE if not each.endswith(answer_programs.__name__)]
# The length is missing where a middleware refuses; the policy of a preflight, which is empty, is that of a page there.
ITS_OWN = {"X-Request-ID", "Content-Length", "content-length"}
NONCE = re.compile(r"'nonce-[^']+'")
GOOD, EVIL = "https://good.example", "https://evil.example"


def told(http: Http, method: str, path: str, headers: Mapping[str, str]) -> tuple[int, dict[str, str]]:
    """The status and the headers of an answer; what varies, in no order."""
    answer = http.generic(method, url(path), headers=dict(headers), secure=True)
    own = ITS_OWN | ({"Content-Security-Policy"} if not answer.content else set())
    found = {name: value for name, value in answer.headers.items() if name not in own}
    found["Vary"] = str(sorted(found.get("Vary", "").lower().split(", ")))
    return answer.status_code, {name: NONCE.sub("'nonce'", value) for name, value in found.items()}


def test_web_02_no_view_of_programs_relies_on_the_check_of_forms() -> None:
    """The check of cross-site requests stands on the way of pages alone; the documentation is one."""
    checked = [path for path in OF_PROGRAMS if not getattr(PATHS[path], "csrf_exempt", False)]
    answers = {path: asked(Http(enforce_csrf_checks=True), "POST", path).status_code for path in checked}
    assert {path: status for path, status in answers.items() if status not in (404, 405)} == {}
    assert len(OF_PROGRAMS) > 60


@pytest.mark.parametrize("origin", [None, GOOD, EVIL])
@pytest.mark.parametrize("method", ["GET", "OPTIONS", "DELETE"])
def test_web_08_programs_are_answered_with_the_headers_of_the_whole_way(
    house: None, method: str, origin: str | None
) -> None:
    """WEB-06, WEB-08: as a stranger, over HTTPS, also where no view has the path or the Host is foreign."""
    preflight = {"Access-Control-Request-Method": "POST"} if method == "OPTIONS" and origin else {}
    headers = ({"Origin": origin} if origin else {}) | preflight
    shape: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": [GOOD], "SECURE_HSTS_SECONDS": 31_536_000}
    with configured(**shape, SECURE_HSTS_INCLUDE_SUBDOMAINS=True):
        straight = Http(raise_request_exception=False)
        with configured(MIDDLEWARE=WHOLE_WAY):
            whole = Http(raise_request_exception=False)
            whole.get("/health/live")  # which builds its chain
        for path in (*OF_PROGRAMS, "/api/auth/nothing", "/.well-known/nothing"):
            for host in ({}, {"Host": "evil.example"}):
                given = told(straight, method, path, {**headers, **host})
                assert given == told(whole, method, path, {**headers, **host}), (path, host)
                assert given[1]["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


@pytest.mark.parametrize("path", ["/api/", "/api//", "/health/", "/.well-known/"])
def test_web_08_what_is_a_page_without_its_slash_has_the_headers_of_one(house: None, path: str) -> None:
    """The slash is ignored: a person finds the page that says that there is nothing, with its style."""
    http, page = Http(), path.rstrip("/")
    assert "'nonce'" in told(http, "GET", page, {})[1]["Content-Security-Policy"]
    assert told(http, "GET", path, {}) == told(http, "GET", page, {})
