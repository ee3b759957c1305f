"""TOK: what is revoked stays revoked, whatever is forgotten; and a session that began anew is another one."""

import pytest
from redis import Redis
from time_machine import travel

from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts import lifecycle
from vestibule.accounts.models import User
from vestibule.conf import conf
from vestibule.limits import rate_counters
from vestibule.sessions import signing_keys
from vestibule.sessions.models import Session

ADA, EVE = "ada@example.com", "eve@example.com"
CONFIRM = "/account/confirm/"


def browser(email: str = ADA) -> Http:
    """A browser in which somebody signed in."""
    http = Http()
    assert http.post("/login/", {"name": email, "password": PASSWORD}).status_code == 303
    return http


def cookie(http: Http) -> str:
    """The cookie of its session."""
    return str(http.cookies[conf.session_cookie_name].value)


def inside(session_cookie: str) -> bool:
    """Whether a browser with this cookie, and nothing else, is signed in."""
    http = Http()
    http.cookies[conf.session_cookie_name] = session_cookie
    return http.get("/account/").status_code == 200


def forget() -> None:
    """All of Redis is gone, and so is what the process remembers."""
    rate_counters.reset_rate_counters()
    signing_keys.forget_signing_keys()
    if conf.redis_url:
        Redis.from_url(conf.redis_url).flushdb()


@pytest.mark.parametrize("how", ["signed out", "stolen", "suspended"])
def test_tok_24_nothing_that_is_forgotten_revives_a_session(api: Api, ada: str, how: str) -> None:
    """Access, refresh and cookie; the database alone says that they are dead."""
    tokens, page = api.login(ADA).body, cookie(browser())
    if how == "signed out":
        assert api.send("POST", "logout/all", ada).status == 204
    if how == "stolen":
        for _ in range(2):
            newest = api.post("token/refresh", {"refresh": tokens["refresh"]}).body["refresh"]
        api.post("token/refresh", {"refresh": newest})
        assert api.post("token/refresh", {"refresh": tokens["refresh"]}).code == "session_revoked"
        assert inside(page)  # another session, which nobody stole
    if how == "suspended":
        person = User.objects.get().pk
        assert lifecycle.suspend_user(person)
        Session.objects.update(revoked_at=None)  # as if it had never been written there
    forget()
    assert api.send("GET", "me", tokens["access"]).code == "session_revoked"
    assert api.post("token/refresh", {"refresh": tokens["refresh"]}).status == 401
    assert inside(page) == (how == "stolen")


def test_tok_12_a_sign_in_and_a_step_up_each_begin_another_session(api: Api, inbox: Inbox, ada: str) -> None:
    """HOL-30: whatever cookie somebody planted; and after a step-up the cookie of before opens nothing."""
    api.account(inbox, EVE)
    planted = cookie(browser(EVE))
    http = Http()
    http.cookies[conf.session_cookie_name] = planted
    http.post("/login/", {"name": ADA, "password": PASSWORD})
    first = cookie(http)
    assert http.post(CONFIRM, {"password": "wrong"}).status_code == 401
    assert (cookie(http), inside(first)) == (first, True)
    assert http.post(CONFIRM, {"password": PASSWORD}).status_code == 303
    second = cookie(http)
    assert len({planted, first, second}) == 3
    assert (inside(first), inside(second)) == (False, True)
    assert http.get("/account/").content.decode().count(EVE) == 0
    fresh = api.send("POST", "reauthenticate", ada, {"password": PASSWORD}).body["access"]
    assert fresh != ada


def test_tok_11_signing_out_by_page_ends_the_session_and_clears_the_browser(api: Api, ada: str) -> None:
    http = browser()
    before = cookie(http)
    answer = http.post("/logout/")
    assert (answer.status_code, answer["Clear-Site-Data"]) == (303, '"cache", "storage"')
    assert cookie(http) == ""
    assert not inside(before)
    assert http.post("/logout/").status_code == 303  # twice is no error


GUARDED = {
    "password": {"current_password": PASSWORD, "password": "another password entirely"},
    "email": {"current_password": PASSWORD, "email": "new@example.com"},
    "phone": {"current_password": PASSWORD, "phone_number": "+14155550100"},
    "close": {},
}


def test_tok_18_by_page_what_guards_the_account_asks_for_the_password_again(api: Api, inbox: Inbox) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        api.account(inbox, EVE)
        http = browser(EVE)
        clock.shift(601)
        before = User.objects.filter(email=EVE).values().get()
        for act, typed in GUARDED.items():
            answer = http.post("/account/security/", {"act": act, **typed}).content.decode()
            assert f'action="{CONFIRM}"' in answer, act
        assert User.objects.filter(email=EVE).values().get() == before
        assert inbox.all("new@example.com") == inbox.all("+14155550100") == []
        http.post(CONFIRM, {"password": PASSWORD})
        done = http.post("/account/security/", {"act": "password", **GUARDED["password"]})
        assert done["Location"] == "/account/security/?done=password"
