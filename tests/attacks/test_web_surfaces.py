"""Every path that answers at all: who may call it, what admits it, what it costs a stranger (docs/surfaces.md).

A path that the table does not know fails here: mechanism of HOL-06, HOL-07, WEB-13, WEB-14, AUZ-01.
"""

import json
import re
from typing import Any

import pytest
from django.db import connection
from django.db.backends.signals import connection_created
from django.test.utils import CaptureQueriesContext

from tests.architecture.test_shape import endpoints
from tests.configured import configured
from tests.surfaces import read_surfaces
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.kernel import cached
from vestibule.limits import rate_counters
from vestibule.web import held_answers

TABLE = read_surfaces()
PATHS = {f"/{path}": view for path, view in endpoints().items()}
STRANGER = "203.0.113.7"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW")
# Whatever any form or endpoint asks for: right in form, of nobody.
TYPED: dict[str, Any] = {
    "email": "nobody@example.com",
    "password": PASSWORD,
    "name": "nobody@example.com",
    "phone_number": "+14155550123",
    "otp": "123456",
    "mfa": "a-made_up-handle-of-the-usual-length-0123456789",
    "code": "123456",
    "credential": {"id": "of-nobody"},
    "registration": "a-made_up-handle-of-the-usual-length-0123456789",
    "token": "a-made_up-token-of-the-usual-length-0123456",
    "social": "a-made_up-handle-of-the-usual-length-0123456789",
    "social_code": "a-made_up-token-of-the-usual-length-0123456",
    "id_token": "a-made_up-token-of-the-usual-length-0123456",
    "nonce": "a-made_up-nonce",
    "payload": "a-made_up-token-of-the-usual-length-0123456",
    "refresh": "a-made_up-token-of-the-usual-length-0123456",
    "reason": "asked for by the person",
    "role": "user",
    "type": "service",
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}
# The browsers of applications ask first whether their scripts may (Fetch Standard, 4.8).
READ_BY_SCRIPTS = ("/oauth/token", "/oauth/revoke", "/oauth/userinfo", "/.well-known/jwks.json", "/.well-known/o")
SIGNED_OUT = {"bearer": {401}, "page": {302}, "staff": {303, 401}, "operator": {401, 404}, "application": {400, 401}}


@pytest.fixture
def stranger(house: None) -> Http:
    """Somebody from elsewhere, who shows nothing."""
    return Http(raise_request_exception=False, REMOTE_ADDR=STRANGER)


@pytest.fixture
def admitted(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The rules that requests were counted against."""
    rules: set[str] = set()
    hit = rate_counters.count_request

    def noted(rule: Any, **by: Any) -> None:
        rules.add(rule.name)
        hit(rule, **by)

    monkeypatch.setattr(rate_counters, "count_request", noted)
    return rules


@pytest.fixture
def held(house: None, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds for which answers are held back, where nobody has a share of the time that no rate counts."""
    monkeypatch.setattr(held_answers, "ALLOWANCE", 0)
    monkeypatch.setattr(held_answers, "LEAST_SHARE", 0)
    cached.reset_all()
    return []


def url(path: str) -> str:
    """One address of the pattern."""
    path = re.sub(r"<uuid:\w+>", "00000000-0000-4000-8000-000000000001", path)
    return re.sub(r"<(?:str|slug|path):\w+>", "x", path)


def asked(http: Http, method: str, path: str) -> Any:
    """The answer to a request with everything that anybody could type."""
    if method not in ("POST", "PUT", "PATCH"):
        return http.generic(method, url(path))
    typed = TYPED | ({"method": "totp"} if "login/mfa" in path else {})  # elsewhere it stands for the password
    if path.startswith("/api/"):
        return http.generic(method, url(path), json.dumps(typed), content_type="application/json")
    return http.generic(
        method,
        url(path),
        "&".join(f"{n}={v}" for n, v in typed.items()).replace("+", "%2B"),
        content_type="application/x-www-form-urlencoded",
    )


def test_the_table_has_six_kinds_of_callers() -> None:
    assert TABLE.keys() == PATHS.keys()  # tests/architecture/test_shape.py says so first
    assert {row.who for row in TABLE.values()} == {"anybody", *SIGNED_OUT}


def test_web_14_a_stranger_gets_what_the_table_says(stranger: Http, admitted: set[str], inbox: Inbox) -> None:
    """Who may call it, by every method; and by which rates it is let in."""
    wrong = {}
    for path, row in TABLE.items():
        admitted.clear()
        stranger.cookies.clear()
        with configured(MAILBOX=True):
            answers = {method: asked(stranger, method, path).status_code for method in METHODS}
        found = {status for status in answers.values() if status != 405}
        let_in = answers["GET"] in (200, 302, 400, 404, 405) if row.who == "anybody" else found <= SIGNED_OUT[row.who]
        counted = admitted - {"anon", "sign_up_mail"}  # the latter counts a mail, and refuses no request
        if not let_in or max(found) >= 500 or counted != row.rates:
            wrong[path] = (answers, set(admitted))
    assert not wrong


def test_hol_07_what_no_rate_bounds_costs_nothing(stranger: Http, admitted: set[str]) -> None:
    """No statement, no connection; what is the same for all has been made before."""
    dear = {}
    for path in TABLE:
        asked(stranger, "GET", path)
        admitted.clear()
        with CaptureQueriesContext(connection) as statements:
            answer = asked(stranger, "GET", path)
        if (len(statements) and not admitted) or len(statements) > 2 or sum(map(len, answer)) > 900_000:
            dear[path] = [query["sql"] for query in statements]
    assert not dear


def test_hol_07_what_no_rate_bounds_is_held_back_where_it_floods(held: list[float], admitted: set[str]) -> None:
    """From who has had their share of the time for it; a monitor on this machine is never held."""
    environ: dict[str, Any] = {held_answers.HOLD_ANSWER: held.append}
    wrong = {}
    beside = ("/static/vestibule/pages/house.css", "/static/no.css", "/nothing", "/api/auth/nothing", "/login")
    for path in (*TABLE, *beside):
        for method in ("GET", "HEAD", "POST", "BREW"):
            Http(REMOTE_ADDR="198.51.100.1", **environ).get("/nothing")  # who shares the time
            admitted.clear()
            held.clear()
            asked(Http(REMOTE_ADDR=STRANGER, HTTP_VIA="1.1 proxy", **environ), method, path)
            counted = bool(admitted)
            by_a_stranger = len(held)
            asked(Http(REMOTE_ADDR="127.0.0.1", **environ), method, path)
            if (counted, by_a_stranger, len(held)) not in ((True, 0, 0), (False, 1, 1)):
                wrong[method, path] = (set(admitted), by_a_stranger, len(held))
    assert not wrong


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/health/ready/"])
def test_hol_07_a_probe_of_health_is_not_held_back_by_a_flood(held: list[float], path: str) -> None:
    """A kubelet's or a balancer's, from another machine. What comes through the proxy is a stranger's."""
    environ: dict[str, Any] = {held_answers.HOLD_ANSWER: held.append}
    Http(REMOTE_ADDR=STRANGER, **environ).get("/nothing")
    probe = Http(REMOTE_ADDR="10.0.0.7", **environ)
    probe.get(path, headers={"X-Forwarded-For": "198.51.100.1"})
    assert len(held) == 1
    assert probe.get(path).status_code == 200
    assert len(held) == 1


def test_web_08_every_path_answers_with_the_headers(stranger: Http) -> None:
    for path in TABLE:
        for method in ("GET", "POST", "DELETE"):
            answer = asked(stranger, method, path)
            assert {name: answer.get(name) for name in HEADERS} == HEADERS, (method, path)
            assert "frame-ancestors 'none'" in answer["Content-Security-Policy"], (method, path)
            assert answer["Referrer-Policy"] in ("no-referrer", "strict-origin"), (method, path)


def test_enum_01_no_path_tells_a_stranger_about_anybody(api: Api, inbox: Inbox, stranger: Http) -> None:
    api.account(inbox, "ada.lovelace@example.com")
    for path in TABLE:
        with configured(MAILBOX=True):
            assert b"lovelace" not in b"".join(asked(stranger, "GET", path)), path


def test_web_13_no_path_takes_a_method_that_it_does_not_know(stranger: Http) -> None:
    taken = {}
    for path, row in TABLE.items():
        methods = ["BREW", "TRACE", "CONNECT"]
        methods += [] if path.startswith("/api/") else ["PUT", "PATCH", "DELETE"]
        methods += [] if path.startswith(("/api/", *READ_BY_SCRIPTS)) else ["OPTIONS"]
        for method in methods if row.who not in ("staff", "operator") else ():
            if (status := stranger.generic(method, url(path)).status_code) != 405:
                taken[method, path] = status
    assert not taken


def test_web_14_beside_each_path_there_is_nothing(stranger: Http) -> None:
    for path in TABLE:
        if "<" not in path and not path.startswith(("/admin/", "/dev/")):
            bare = path.rstrip("/")
            for beside in (f"{path}~", f"{bare}.json", f"{path};x", f"{bare}/.git/config"):
                assert stranger.get(beside).status_code == 404, beside


def test_readiness_that_is_asked_often_is_looked_at_once_in_a_while(stranger: Http) -> None:
    looks: list[object] = []

    def looked(connection: object, **_: object) -> None:
        looks.append(connection)

    connection_created.connect(looked)
    try:
        cached.reset_all()
        stranger.get("/health/ready")
        once = len(looks)
        assert {stranger.get("/health/ready").status_code for _ in range(20)} == {200}
    finally:
        connection_created.disconnect(looked)
    assert 0 < once <= len(looks) < 10 * once
