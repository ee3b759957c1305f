"""OID-11: the cookies by which `/auth/check` knows a browser: of our pages, and of other hosts of one domain."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.conf import settings
from time_machine import travel

from tests.attacks.test_openid_check import ADA, check
from tests.configured import configured
from tests.world import PASSWORD, Http
from vestibule.service.settings import contradictions, value_types


def test_oid_11_what_a_page_loads_by_itself_does_not_keep_a_session_alive(ada: str) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        http = Http(raise_request_exception=False)
        http.post("/login/", {"name": ADA, "password": PASSWORD})
        for mode, minutes, status in (("navigate", 50, 200), ("no-cors", 50, 200), ("", 15, 401)):
            clock.shift(timedelta(minutes=minutes))
            assert check(http, **{"Sec-Fetch-Mode": mode}).status_code == status, mode


def test_oid_11_a_cookie_for_other_hosts_passes_the_proxy_and_opens_nothing_else(ada: str) -> None:
    with configured(AUTH_CHECK_DOMAIN="example.com", BASE_URL="https://auth.example.com"):
        http = Http(raise_request_exception=False)
        signed_in = http.post("/login/", {"name": ADA, "password": PASSWORD}, secure=True)
        session, mark = signed_in.cookies["__Host-session"], signed_in.cookies["__Secure-check"]
        assert (session["domain"], mark["domain"]) == ("", "example.com")
        assert [bool(mark[each]) for each in ("secure", "httponly", "samesite")] == [True] * 3
        away = Http(raise_request_exception=False)
        away.cookies["__Secure-check"] = mark.value
        assert check(away).status_code == 200
        assert away.get("/account/", secure=True).status_code == 302
        away.cookies["__Host-session"] = mark.value  # for one purpose alone
        assert away.get("/account/", secure=True).status_code == 302
        away.cookies["__Secure-check"] = session.value
        assert check(away).status_code == 401
        away.cookies["__Secure-check"] = mark.value
        signed_out = http.post("/logout/", secure=True)
        assert signed_out.cookies["__Secure-check"]["max-age"] == 0
        assert signed_out.cookies["__Secure-check"]["domain"] == "example.com"
        assert check(away).status_code == 401


def test_oid_11_without_a_domain_no_cookie_leaves_the_host(ada: str) -> None:
    http = Http(raise_request_exception=False)
    signed_in = http.post("/login/", {"name": ADA, "password": PASSWORD})
    assert "session" in signed_in.cookies
    assert "check" not in signed_in.cookies
    assert not any(cookie["domain"] for cookie in signed_in.cookies.values())


@pytest.mark.parametrize("domain", ["com", "localhost", "127.0.0.1", "a b.example", "-", "example..com", "https://a.b"])
def test_oid_11_what_is_no_domain_stops_the_start(domain: str) -> None:
    with pytest.raises(value_types.UnreadableValue):
        value_types.parse_domain(domain)


def test_oid_11_a_domain_that_is_not_ours_stops_the_start() -> None:
    def errors(domain: str) -> list[str]:
        given = {**settings.VESTIBULE, "BASE_URL": "https://auth.example.com", "AUTH_CHECK_DOMAIN": domain}
        values = SimpleNamespace(**{name: getattr(settings, name) for name in dir(settings) if name.isupper()})
        values.VESTIBULE = given
        return [each.id for each in contradictions.find_errors(values)]

    assert {domain: "E044" in errors(domain) for domain in ("", "example.com", "auth.example.com")} == {
        "": False,
        "example.com": False,
        "auth.example.com": False,
    }
    assert all("E044" in errors(domain) for domain in ("example.org", "ample.com", "www.example.com"))
