"""Two tabs, and forms that were opened before (FAULTS 25): a refused form leads on, and gives nothing away."""

import re
from html import unescape
from typing import Any
from uuid import UUID

import pytest

from tests.world import PASSWORD, Http, Inbox, Pages
from vestibule.accounts.models import User
from vestibule.conf import conf
from vestibule.web.pages.urls import urlpatterns

ADA, BOB = "ada@example.com", "bob@example.com"
OTHER = "another word of honest length"
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
PASSWORDS = re.compile(r'name="(\w*password\w*)" type="password"')
FORMS = [str(each.pattern) for each in urlpatterns]
FORMS = [f"/{path}" for path in FORMS if path.endswith("/") and "<" not in path and not path.startswith("dev/")]
FORMS.remove("/welcome/")  # the one page that takes no form
EVERY_PAGE = {
    re.sub("<[^>]+>", "x", re.sub("<uuid:[^>]+>", str(UUID(int=1)), f"/{each.pattern}")) for each in urlpatterns
}
EVERY_PAGE -= {"/social/x/callback/", "/oauth/logout"}  # csrf_exempt: other sites send browsers there


@pytest.fixture
def pages(house: None) -> Pages:
    """One browser."""
    return Pages()


def again(answer: Any) -> dict[str, str]:
    """What the form that leads on would send."""
    assert answer.status_code == 403
    return {name: unescape(value) for name, value in HIDDEN.findall(answer.content.decode())}


def stale(pages: Pages, path: str, **typed: str) -> Any:
    """Send a form whose token is of before."""
    return pages.http.post(path, {**typed, "csrfmiddlewaretoken": "x" * 64})


def test_fault_25_the_second_tab_goes_on(pages: Pages, inbox: Inbox) -> None:
    """Two people sign up in two tabs of one browser."""
    first = pages.start(email=ADA, password=PASSWORD)
    second = pages.start(email=BOB, password=OTHER)
    in_second_tab = Pages._TOKEN.findall(second.text)[0]
    assert pages.confirm(first.registration, inbox.newest(ADA).code).status == 303
    typed = {"registration": second.registration, "otp": inbox.newest(BOB).code}
    refused = pages.http.post("/verify-otp/", {**typed, "csrfmiddlewaretoken": in_second_tab})
    form = again(refused)
    assert form.items() >= typed.items()
    assert 'action="/verify-otp/"' in refused.content.decode()
    assert pages.http.post("/verify-otp/", form).status_code == 303
    assert User.objects.filter(email=BOB, status="active").exists()


def test_fault_25_what_was_typed_is_kept_but_for_passwords(pages: Pages) -> None:
    refused = stale(pages, "/login/", name='<b>"&', password=PASSWORD, stay="on", next="/admin/")
    form, html = again(refused), refused.content.decode()
    assert (form["name"], form["stay"], form["next"]) == ('<b>"&', "on", "/admin/")
    assert "<b>" not in html
    assert PASSWORD not in html
    assert PASSWORDS.findall(html) == ["password"]
    refused = stale(
        pages, "/account/security/", act="password", current_password="a b c", password="d e", password2="f"
    )
    assert PASSWORDS.findall(refused.content.decode()) == ["current_password", "password", "password2"]
    assert not re.search("a b c|d e", refused.content.decode())


@pytest.mark.parametrize("path", [*FORMS, "/admin/accounts/user/"])
def test_fault_25_every_form_leads_on(pages: Pages, inbox: Inbox, path: str) -> None:
    """A token of before is refused, whatever the form; the same form with the new one is not."""
    pages.confirm(pages.start(email=ADA, password=PASSWORD).registration, inbox.newest(ADA).code)
    form = again(stale(pages, path, email=ADA, name=ADA, otp="000000", registration="x", token="x", act="end_all"))
    assert form.keys() >= {"email", "name", "otp", "registration", "token", "act", "csrfmiddlewaretoken"}
    assert pages.http.post(path, form | {"password": PASSWORD}).status_code != 403


@pytest.mark.parametrize("path", sorted(each for each in EVERY_PAGE if not each.startswith("/.well-known/")))
def test_ux_10_every_form_says_that_it_was_open_too_long(house: None, path: str) -> None:
    """The cookie of the token is gone; whichever page it is, what was typed is there to be sent again."""
    answer = Pages().http.post(f"{path}?return_to=/account/", {"email": ADA, "act": "end", "password": PASSWORD})
    html = answer.content.decode()
    assert answer.status_code == 403
    assert "This page was open too long. Try again." in html
    assert "Not allowed" not in html
    assert f'action="{path}?return_to=/account/"' in html
    assert again(answer).items() >= {"email": ADA, "act": "end"}.items()
    assert PASSWORDS.findall(html) == ["password"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://other.testserver"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://testserver.evil.example"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
    ],
)
def test_web_02_a_form_of_another_site_leads_nowhere(pages: Pages, headers: dict[str, str]) -> None:
    """A button that sends what a stranger filled in would be a CSRF with one more press."""
    pages.http.get("/login/")
    answer = pages.http.post("/account/security/", {"act": "close", "csrfmiddlewaretoken": "x" * 64}, headers=headers)
    assert answer.status_code in (400, 403)
    assert "<form" not in answer.content.decode().partition("<footer>")[0]
    assert "close" not in answer.content.decode()


@pytest.mark.parametrize("origin", [None, "http://testserver", conf.base_url])
def test_fault_25_our_own_page_leads_on(pages: Pages, origin: str | None) -> None:
    headers = {"Origin": origin, "Sec-Fetch-Site": "same-origin"} if origin else {"Sec-Fetch-Site": "same-origin"}
    answer = pages.http.post("/login/", {"name": ADA, "csrfmiddlewaretoken": "x" * 64}, headers=headers)
    assert again(answer)["name"] == ADA


ODD: list[dict[str, Any]] = [
    {},
    {"act": "nothing of ours"},
    {"act": ["password", "email"]},
    {"act": "\x00", "id": "\x00", "otp": "\x00", "token": "\x00", "registration": "\x00", "email": "\x00"},
    {"__proto__": "x", "act[]": "x", "password": "", "id": "x" * 5000},
    {"channel": "pigeon", "email": "@", "password": "\ud800".encode("utf-8", "surrogatepass")},
    {"registration": "x" * 5000, "otp": "🂡", "token": "x" * 5000, "username": "\u202e", "next": "//evil"},
    {"picture": "no file", "full_name": ["a", "b"], "bio": "\x0b", "address": "\ufffe"},
]
ACTS: list[dict[str, Any]] = [  # of forms alone: no page reads one from its address
    *({"act": act} for act in ("password", "email", "email_confirm", "phone", "phone_confirm", "end", "forget")),
    *({"act": act, "id": "x", "name": "x" * 5000} for act in ("rename", "trust", "distrust", "end", "forget")),
    *({"act": act, "id": "0" * 32, "name": "\r\n"} for act in ("rename", "trust", "distrust", "end", "forget")),
]


@pytest.mark.parametrize("path", [*FORMS, "/account/closing/", "/welcome/"])
@pytest.mark.parametrize("signed_in", [False, True])
def test_no_form_breaks_a_page(house: None, inbox: Inbox, path: str, signed_in: bool) -> None:
    """Nothing at all, fields of other forms, and what is none: a 4xx or the page, never a 500."""
    pages = Pages()
    if signed_in:
        pages.confirm(pages.start(email=ADA, password=PASSWORD).registration, inbox.newest(ADA).code)
    http = Http(raise_request_exception=False)
    http.cookies = pages.http.cookies
    for typed in (*ODD, *ACTS):
        assert http.post(path, typed).status_code < 500, typed
    for typed in ODD:
        assert http.get(path, typed).status_code < 500, typed
    unknown = http.post("/account/security/", {"act": "nothing of ours"})
    if signed_in and path == "/account/security/":
        assert unknown.status_code == 404
