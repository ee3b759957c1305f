"""Signing in as its users try it (UX 4, 10, C): every page says what happened in plain words, and its button fits."""

import re
from typing import Any

import pytest
from time_machine import travel

from tests.browsing import Browser, alert_words
from tests.configured import configured
from tests.world import PASSWORD, Api, Http, Inbox

ADA, BOB = "ada@example.com", "bob@example.com"
NEXT = "another password entirely"
APP = "https://app.example.com/inbox"
TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)


def sign_in(browser: Browser, name: str, password: str) -> Browser:
    return browser.submit("/login/", name=name, password=password)


def test_ux_04_who_has_the_right_password_gets_a_new_mail_by_one_button(api: Api, inbox: Inbox, house: None) -> None:
    browser = Browser()
    with travel("2026-03-01T12:00:00Z", tick=False) as clock, configured(RETURN_URLS=["https://app.example.com"]):
        api.register(email=ADA, password=PASSWORD)
        first = inbox.newest(ADA)
        clock.shift(61)
        browser.open(f"/login/?return_to={APP}")
        sign_in(browser, " ADA@example.com ", PASSWORD)
        assert browser.answer.status_code == 403
        [form] = [each for each in browser.forms if each.action == "/verify-email/resend/"]
        assert (form.fields["email"], form.fields["return_to"]) == (ADA, APP)
        assert re.search(r" autofocus>Send me a new mail<", browser.text)
        browser.submit("/verify-email/resend/")
        assert "Check your email" in browser.text
        assert inbox.newest(ADA).token != first.token
        assert "app.example.com" in browser.told


@pytest.mark.parametrize(("name", "password"), [(ADA, NEXT), (BOB, PASSWORD), ("nobody@example.com", PASSWORD)])
def test_ux_04_nobody_else_learns_of_the_sign_up(api: Api, inbox: Inbox, house: None, name: str, password: str) -> None:
    api.register(email=ADA, password=PASSWORD)
    api.account(inbox, BOB) if name == BOB else None
    browser = sign_in(Browser().open("/login/"), name, password)
    assert "/verify-email/resend/" not in browser.text
    assert "Send me a new mail" not in browser.text
    assert name == BOB or alert_words(browser.text) == "Wrong email or password."


def test_ux_10_a_dead_reset_link_says_so_before_a_password_is_asked(api: Api, inbox: Inbox, house: None) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        api.account(inbox, ADA)
        links = []
        for _ in range(3):
            api.post("password/reset", {"email": ADA})
            links.append(f"/password/reset/confirm/?token={inbox.newest(ADA).token}")
            clock.shift(61)
        replaced, _, newest = links
        for _ in range(2):  # looking changes nothing
            assert "Choose a new password" in Browser().open(newest).text
        assert_is_over(Browser().open(replaced), 410, "Already used")
        done = Browser().open(newest).submit("/password/reset/confirm/", password=NEXT)
        assert "Your password is changed." in done.text
        for dead in (replaced, newest):
            page = Browser().open(dead)
            assert_is_over(page, 410, "Already used")
            assert page.links.keys() >= {"Sign in", "Send me a new link"}
        api.post("password/reset", {"email": ADA})
        late = f"/password/reset/confirm/?token={inbox.newest(ADA).token}"
        clock.shift(3601)
        page = Browser().open(late)
        assert_is_over(page, 410, "This link does not work")
        assert alert_words(page.text) == "The link has expired. Request a new one."
        page = Browser().open(f"/password/reset/confirm/?token={'x' * 43}")
        assert_is_over(page, 400, "This link does not work")
        assert page.links["Send me a new link"] == "/password/reset/"


def assert_is_over(page: Browser, status: int, title: str) -> None:
    """The page says what became of the link, in its title, too, and asks for nothing."""
    assert page.answer.status_code == status
    [told] = TITLE.findall(page.text)
    assert title in told
    assert f"<h1>{title}</h1>" in page.text
    assert 'type="password"' not in page.text


def test_ux_10_a_password_that_is_refused_is_told_in_its_field(api: Api, inbox: Inbox, house: None) -> None:
    api.account(inbox, ADA)
    api.post("password/reset", {"email": ADA})
    page = Browser().open(f"/password/reset/confirm/?token={inbox.newest(ADA).token}")
    assert 'autocomplete="username" value="ada@example.com"' in page.text
    page.submit("/password/reset/confirm/", password="short")
    assert re.search(r'<p class="error" id="password-rule"[^>]*>Use at least 12 characters\.', page.text)
    assert page.text.count("Use at least 12 characters.") == 1
    assert 'autocomplete="username" value="ada@example.com"' in page.text
    assert re.search(r'id="password"[^>]* autofocus aria-invalid="true" aria-describedby="password-rule"', page.text)


def test_ux_c_a_wrong_password_is_called_what_it_is(api: Api, inbox: Inbox, house: None) -> None:
    access = api.account(inbox, ADA)
    assert api.login(ADA, NEXT).body["detail"] == "Wrong email or password."
    for path, body in (
        ("reauthenticate", {"password": NEXT}),
        ("password/change", {"current_password": NEXT, "password": NEXT, "password2": NEXT}),
        ("email/change", {"email": BOB, "password": NEXT}),
    ):
        reply = api.send("POST", path, access, body)
        assert (reply.status, reply.code, reply.body["detail"]) == (401, "invalid_credentials", "Wrong password.")


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://testserver"}, {"Sec-Fetch-Site": "same-origin"}])
def test_ux_10_a_form_left_open_is_shown_again(house: None, headers: dict[str, str]) -> None:
    """The cookie of its token is gone: the same form with what was typed leads on."""
    browser = Browser()
    answer: Any = Http(enforce_csrf_checks=True).post(
        "/login/?return_to=/account/", {"name": ADA, "password": PASSWORD, "stay": "1"}, headers=headers
    )
    assert answer.status_code == 403
    browser.http.cookies = answer.client.cookies
    browser._show(answer)
    assert alert_words(browser.text.replace('class="lead"', 'class="alert"')).startswith(
        "This page was open too long. Try again."
    )
    [form] = browser.forms
    assert (form.action, form.fields["name"], form.fields["stay"]) == ("/login/?return_to=/account/", ADA, "1")
    again = browser._show(browser.http.post(form.action, {**form.fields, "password": "not right"}))
    assert alert_words(again.text) == "Wrong email or password."
