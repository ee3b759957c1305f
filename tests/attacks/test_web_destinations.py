"""WEB-04: an address in `return_to` or `next` leads to an application that is allowed, or nowhere, on every page that
reads one; and what a person holds does not go along."""

from collections.abc import Iterator
from urllib.parse import unquote, urlencode

import pytest

from tests.browsing import Browser
from tests.configured import configured
from tests.world import PASSWORD, Api, Inbox
from vestibule.conf import conf
from vestibule.web.destination import COOKIE_PURPOSE, MAX_IN_COOKIE
from vestibule.web.pages import link_token

APP, BACK = "https://app.example.com", "https://app.example.com/back?x=1"
ADA, NEW, MARK = "ada@example.com", "new@example.com", "evildoer"  # longer than what stands in a random word by chance
# What else has been tried against such parameters, besides the forms of FED-09.
FOREIGN = (
    *(
        "https://app.example.com.evildoer.example/",
        "https://evildoer.example/https://app.example.com/",
        "//evildoer.example/",
    ),
    *(
        "https://app.example.com@evildoer.example/",
        "https://app.example.com:8443/evildoer",
        "HTTPS://app.example.com/evildoer",
    ),
    *(
        "https://app.example.com\\.evildoer.example/",
        "/\\evildoer.example",
        "\t//evildoer.example",
        "https:/evildoer.example",
    ),
    *("https%3A%2F%2Fapp.example.com%2Fevildoer", "%2F%2Fevildoer.example", "https://app.example.com/#evildoer"),
    *(
        "https://app.example.com/\r\nX-Evil: evildoer",
        "https://app.example.com/%\n0aevildoer",
        "javascript:evildoer()//",
    ),
    *(
        "https://app.example.com//evildoer.example",
        "/admin/../evildoer",
        "/admin\\@evildoer.example",
        "http://app.example.com/evildoer",
    ),
    f"https://app.example.com/{'evildoer' * 300}",
)
POLICIES = ("no-referrer", "strict-origin")  # no path and no query goes along (Referrer Policy, 3)
PAGES = (
    *("/login/", "/register/", "/password/reset/", "/password/reset/confirm/?token=x", "/login/magic/"),
    *("/verify-email/?token=x", "/verify-email/resend/", "/verify-otp/", "/account/confirm/", "/account/security/"),
)


@pytest.fixture(autouse=True)
def _returning(house: None) -> Iterator[None]:
    with configured(RETURN_URLS=(APP,), FRONTEND_URL=""):
        yield


@pytest.fixture
def browser(api: Api, inbox: Inbox) -> Browser:
    """A browser that knows nobody; Ada has an account."""
    api.account(inbox, ADA)
    return Browser()


def log_in(browser: Browser, **more: str) -> Browser:
    return browser.open("/login/?prompt=login").submit("/login/", name=ADA, password=PASSWORD, **more)


@pytest.mark.parametrize("page", PAGES)
def test_web_04_a_foreign_address_is_neither_followed_nor_repeated(browser: Browser, page: str) -> None:
    """WEB-04: by nobody who is signed out, and by nobody who is signed in."""
    for _ in range(2):
        for foreign in FOREIGN:
            named = urlencode({"return_to": foreign, "next": foreign})
            shown = browser.open(f"{page}{'&' if '?' in page else '?'}{named}")
            assert MARK not in shown.text.lower(), foreign
            assert MARK not in str(dict(shown.answer.headers)).lower(), foreign
            assert shown.told == ""
        log_in(browser)


@pytest.mark.parametrize("foreign", FOREIGN[::2])
def test_web_04_no_form_of_the_flow_leads_there(browser: Browser, inbox: Inbox, foreign: str) -> None:
    named = {"return_to": foreign, "next": foreign}
    assert log_in(browser, **named).went_to == "/account/"
    browser.http.cookies.clear()
    with configured(REGISTRATION_MODE="pending"):
        browser.open("/register/").submit("/register/", email=NEW, password=PASSWORD, **named)
        assert MARK not in browser.text
        assert conf.destination_cookie_name not in browser.answer.cookies
        browser.submit("/verify-otp/", otp=inbox.newest(NEW).code, **named)
        assert browser.went_to == "/welcome/"
    browser.http.cookies.clear()
    browser.open("/password/reset/").submit("/password/reset/", email=ADA, **named)
    browser.submit("/password/reset/confirm/", otp=inbox.newest(ADA).code, password="another long password", **named)
    assert (browser.answer.status_code, MARK in browser.text) == (200, False)
    assert not any(link.startswith("Continue") for link in browser.links)


def test_web_04_the_cookie_leads_nowhere_else(browser: Browser, inbox: Inbox) -> None:
    """Neither one that we did not make, nor one of another purpose, nor one whose address is not allowed any more."""
    for kept in (
        "",
        "x",
        BACK,
        conf.keys.sign(link_token.SIGNING_PURPOSE, BACK.encode()),
        conf.keys.sign(COOKIE_PURPOSE, b"https://evil.example/"),
        conf.keys.sign(COOKIE_PURPOSE, b"//evil.example/"),
        conf.keys.sign(COOKIE_PURPOSE, BACK.encode())[:-1],
    ):
        browser.http.cookies[conf.destination_cookie_name] = kept
        shown = browser.open("/login/magic/?token=" + "t" * 60)
        assert (shown.told, "example" in shown.text) == ("", False)
    browser.http.cookies[conf.destination_cookie_name] = conf.keys.sign(COOKIE_PURPOSE, BACK.encode())
    assert browser.open("/login/magic/?token=" + "t" * 60).told == "to continue to app.example.com"
    with configured(RETURN_URLS=()):
        assert browser.open("/login/magic/?token=" + "t" * 60).told == ""


def test_web_07_the_cookie_is_one_of_ours(browser: Browser) -> None:
    """WEB-07, INP-15: it is signed, closed to scripts, and never too long for a browser."""
    longest = BACK + "y" * (2048 - len(BACK))
    assert len(longest) < MAX_IN_COOKIE
    with configured(BASE_URL="https://house.example"):
        browser.http.defaults["wsgi.url_scheme"] = "https"
        browser.open(f"/login/magic/?{urlencode({'return_to': longest})}").submit("/login/magic/", email=ADA)
        [(name, cookie)] = [each for each in browser.answer.cookies.items() if "destination" in each[0]]
    assert name == "__Host-destination"
    assert cookie["secure"]
    assert cookie["httponly"]
    assert (cookie["samesite"], cookie["path"], cookie["domain"]) == ("Lax", "/", "")
    assert 0 < cookie["max-age"] <= 6 * 3600
    assert len(cookie.OutputString()) <= 4096
    path = "/admin/" + "y" * MAX_IN_COOKIE  # one of ours may be longer, and is not kept then
    browser.open(f"/login/magic/?{urlencode({'next': path})}").submit("/login/magic/", email=ADA)
    kept = browser.answer.cookies.get(conf.destination_cookie_name)
    assert kept is None or kept["max-age"] == 0


def test_web_09_no_token_goes_along(browser: Browser, inbox: Inbox) -> None:
    """WEB-09: neither in the address of the application nor in a Referer."""
    with configured(REGISTRATION_MODE="pending"):
        carried = urlencode({"return_to": BACK})
        browser.open(f"/register/?{carried}").submit("/register/", email=NEW, password=PASSWORD)
        token = inbox.newest(NEW).token
        shown = browser.open(f"/verify-email/?token={token}")
        assert shown.answer["Referrer-Policy"] in POLICIES
        assert not any(token in link for link in shown.links.values() if not link.startswith("/"))
        browser.submit("/verify-email/")
        assert browser.went_to == BACK
        assert browser.answer["Referrer-Policy"] in POLICIES
    answer = browser.answer
    assert not any(cookie.value and cookie.value in browser.went_to for cookie in answer.cookies.values())


def test_web_04_markup_in_an_address_is_text(browser: Browser) -> None:
    """WEB-04: an allowed address may hold any of these letters."""
    sharp = f"{APP}/?q=\"'><script>alert(1)</script>&amp;"
    shown = browser.open(f"/login/?{urlencode({'return_to': sharp})}")
    assert "<script>alert" not in shown.text
    assert shown.forms[0].fields["return_to"] == sharp
    assert unquote(log_in(browser, return_to=sharp).went_to) == sharp


def test_web_04_only_where_our_forms_may_lead_grows(browser: Browser) -> None:
    """WEB-04: `form-action` gets the one origin of the destination, and no page without one gets any."""
    named = urlencode({"return_to": BACK})
    for page in ("/login/", "/register/", "/password/reset/", "/login/magic/", "/verify-email/resend/"):
        policies = [browser.open(url).answer["Content-Security-Policy"] for url in (f"{page}?{named}", page)]
        directives = [dict(each.strip().partition(" ")[::2] for each in policy.split(";")) for policy in policies]
        differing = {name for name in directives[0] if directives[0][name] != directives[1].get(name)}
        assert {name for name in differing if "nonce" not in directives[0][name]} == {"form-action"}
        assert directives[0]["form-action"] == f"{directives[1]['form-action']} {APP}"
