"""The token of a link leaves the address bar, and nothing else of it is lost (HOL-32, OTP-13, TOK-22)."""

import re
from html import unescape
from typing import Any

import pytest
from django.conf import settings

from tests.world import PASSWORD, Api, Http, Inbox, Pages
from vestibule.conf import conf
from vestibule.sessions.models import Session
from vestibule.web.pages import link_token

ADA, BOB = "ada@example.com", "bob@example.com"
PATHS = ("/verify-email/", "/password/reset/confirm/", "/not-me/", "/email/undo/", "/account/undo/")
REFRESH = re.compile(r'<noscript><meta http-equiv="refresh" content="0; url=([^"]+)"></noscript>')
TOKEN = re.compile(r'name="token" value="([^"]+)"')
MADE_UP = "a-made_up-token-of-the-usual-length-0123456"
JWT = re.compile(r"eyJ[\w-]{10,}\.[\w-]{10,}\.")


@pytest.fixture
def http(house: None) -> Http:
    """A browser without JavaScript."""
    return Http(raise_request_exception=False)


def led_on(answer: Any) -> str:
    """Where a page leads a browser that runs no script."""
    found = REFRESH.search(answer.content.decode())
    return unescape(found[1]) if found else ""


def held(answer: Any) -> str:
    """The token in the page's form."""
    found = TOKEN.search(answer.content.decode())
    return found[1] if found else ""


@pytest.mark.parametrize("path", PATHS)
def test_hol_32_the_page_without_the_token_is_the_same_page(http: Http, path: str) -> None:
    opened = http.get(f"{path}?token={MADE_UP}")
    assert led_on(opened) == path
    cookie = opened.cookies[conf.link_cookie_name]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["max-age"]) == (True, "Lax", "/", 600)
    bare = http.get(path)
    assert bare.status_code == opened.status_code
    assert held(bare) == held(opened)
    assert led_on(bare) == ""
    for other in PATHS:
        assert other == path or MADE_UP not in http.get(other).content.decode()


def test_hol_32_the_rest_of_the_query_stays(http: Http) -> None:
    assert led_on(http.get(f"/verify-email/?token={MADE_UP}&reject=1")) == "/verify-email/?reject=1"
    answer = http.get("/verify-email/", {"token": MADE_UP, "reject": '"><script>'})
    assert led_on(answer) == "/verify-email/?reject=%22%3E%3Cscript%3E"


def test_hol_32_a_link_works_without_javascript_and_is_consumed_by_no_get(api: Api, inbox: Inbox, http: Http) -> None:
    """OTP-13: scanners open it as often as they like."""
    api.account(inbox, ADA)
    api.post("password/reset", {"email": ADA})
    token = inbox.newest(ADA).token
    for _ in range(3):
        Http().get(f"/password/reset/confirm/?token={token}")
    bare = http.get(led_on(http.get(f"/password/reset/confirm/?token={token}")))
    assert held(bare) == token
    done = http.post("/password/reset/confirm/", {"token": held(bare), "password": "another honest password"})
    assert done.status_code == 200
    assert done.cookies[conf.link_cookie_name].value == ""
    assert api.login(ADA, "another honest password").status == 200


def test_hol_32_two_links_in_two_tabs_stay_apart(api: Api, inbox: Inbox, http: Http) -> None:
    tokens = []
    for address in (ADA, BOB):
        api.register(email=address, password=PASSWORD)
        tokens.append(inbox.newest(address).token)
    pages = [http.get(f"/verify-email/?token={token}") for token in tokens]
    assert [held(page) for page in pages] == tokens
    for page in pages:  # the first tab's form after the second link was opened, too
        done = http.post("/verify-email/", {"token": held(page), "password": PASSWORD})
        assert done.status_code == 303
    assert [api.login(address).status for address in (ADA, BOB)] == [200, 200]


@pytest.mark.parametrize("token", ["", "x", "x" * 300, "a b" * 10, "é" * 30, "%0d%0aSet-Cookie:x" * 3, "../" * 20])
def test_hol_32_what_is_no_token_is_not_kept(http: Http, token: str) -> None:
    for path in PATHS:
        assert conf.link_cookie_name not in http.get(path, {"token": token}).cookies


def test_hol_32_a_cookie_that_we_did_not_make_names_no_token(http: Http) -> None:
    """Somebody else's token, planted from a subdomain; and one that we made for another purpose or path."""
    for value in (MADE_UP, f"/not-me/ {MADE_UP}", conf.keys.sign("page session", f"/not-me/ {MADE_UP}".encode())):
        http.cookies[conf.link_cookie_name] = value
        assert MADE_UP not in http.get("/not-me/").content.decode()
    http.cookies[conf.link_cookie_name] = conf.keys.sign(link_token.SIGNING_PURPOSE, f"/not-me/ {MADE_UP}".encode())
    assert held(http.get("/not-me/")) == MADE_UP
    assert http.post("/not-me/").status_code == 400  # a form says for itself which link it is of


def test_tok_22_no_page_holds_a_token_of_a_session(house: None, inbox: Inbox) -> None:
    """In no body and no header but the HttpOnly cookies."""
    pages = Pages()
    waiting = pages.start(email=ADA, password=PASSWORD)
    entered = pages.confirm(waiting.registration, inbox.newest(ADA).code)
    cookies = {pages.http.cookies[name].value for name in (conf.session_cookie_name, conf.device_cookie_name)}
    secrets = {*cookies, str(Session.objects.get().pk)}
    assert all(pages.http.cookies[name]["httponly"] for name in (conf.session_cookie_name, settings.CSRF_COOKIE_NAME))
    texts = [waiting.text, entered.text]
    for path in ("/welcome/", "/account/", "/account/security/", "/account/activity/", "/account/confirm/", "/logout/"):
        texts.append(pages.http.get(path).content.decode())
    for text in texts:
        assert not any(secret in text for secret in secrets)
        assert not JWT.search(text)
        assert not re.search(r"(?:local|session)Storage", text)
