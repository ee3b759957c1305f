"""The way back to an application through another provider: the visit keeps it, whatever comes between."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.factors import enrol
from tests.providers import OpenIdFake, Person
from tests.social import APP, come_back, coming_from, press
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import User
from vestibule.identities.models import Identity

ADA = "ada@example.com"
BACK = f"{APP}/done?order=1&step=2"


@pytest.fixture
def fake(house: None) -> Iterator[OpenIdFake]:
    """A provider, where Ada is signed in."""
    provider = OpenIdFake()
    provider.person = Person(sub="ada", email=ADA)
    with coming_from(provider):
        yield provider


@pytest.fixture
def pages() -> Http:
    """A browser."""
    return Http()


def arrive(pages: Http, fake: OpenIdFake, **more: str) -> Any:
    """From the application to the provider and back to us."""
    return come_back(pages, fake, press(pages, fake, return_to=BACK), **more)


def fields(answer: Any) -> dict[str, str]:
    """The hidden fields of the page."""
    found = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', answer.content.decode())
    return {name: value.replace("&amp;", "&") for name, value in found}


def ended_there(pages: Http, answer: Any) -> bool:
    """Whether the person is back at the application, and signed in here."""
    return (answer.status_code, answer["Location"]) == (303, BACK) and pages.get("/account/").status_code == 200


def test_the_button_takes_it_along(pages: Http, fake: OpenIdFake) -> None:
    for page in ("/login/", "/register/"):
        shown = pages.get(page, {"return_to": BACK})
        [button] = re.findall(r'action="/social/acme/".*?</form>', shown.content.decode(), re.DOTALL)
        assert 'name="return_to"' in button
        [allowed] = [each for each in shown["Content-Security-Policy"].split(";") if "form-action" in each]
        assert {APP, fake.url} < set(allowed.split())


def test_who_signs_up_and_who_signs_in_goes_back(pages: Http, fake: OpenIdFake) -> None:
    assert ended_there(pages, arrive(pages, fake))
    assert ended_there(pages, arrive(pages, fake))
    assert User.objects.count() == 1


def test_a_second_factor_comes_before(pages: Http, fake: OpenIdFake) -> None:
    arrive(pages, fake)
    app = enrol(User.objects.get())
    pages.cookies.clear()
    asked = arrive(pages, fake)
    assert b"to continue to <strong>app.example.com" in asked.content
    assert ended_there(pages, pages.post("/login/mfa/", {**fields(asked), "code": app.code()}))


def test_an_account_is_linked_before(api: Api, pages: Http, fake: OpenIdFake, inbox: Inbox) -> None:
    api.account(inbox, ADA)
    told = arrive(pages, fake)
    assert told.status_code == 409
    assert b"to continue to <strong>app.example.com" in told.content
    typed = {**fields(told), "name": ADA, "password": PASSWORD}
    following = pages.post("/login/", typed)["Location"]
    assert urlsplit(following).path == "/account/link/"
    assert parse_qs(urlsplit(following).query)["return_to"] == [BACK]
    shown = pages.get(following)
    assert b"to continue to <strong>app.example.com" in shown.content
    assert ended_there(pages, pages.post("/account/link/", fields(shown)))
    assert Identity.objects.get().user.email == ADA


def test_an_address_is_proved_before(pages: Http, fake: OpenIdFake, inbox: Inbox) -> None:
    fake.person = Person(email=None)
    form = arrive(pages, fake)
    sent = pages.post("/register/social/", {**fields(form), "email": ADA})
    assert ended_there(pages, pages.post("/verify-otp/", {**fields(sent), "otp": inbox.newest(ADA).code}))


def test_what_went_wrong_leads_back_too(pages: Http, fake: OpenIdFake) -> None:
    begun = press(pages, fake, return_to=BACK)
    [state] = parse_qs(urlsplit(begun).query)["state"]
    told = pages.get("/social/acme/callback/", {"error": "access_denied", "state": state})
    html = told.content.decode()
    assert f'href="/login/?{urlencode({"return_to": BACK})}"' in html
    assert "Continue to app.example.com" in html


def test_fed_09_the_callback_names_no_destination(pages: Http, fake: OpenIdFake) -> None:
    """What the visit kept counts, also if it kept nothing."""
    assert ended_there(pages, arrive(pages, fake, return_to=f"{APP}/other"))
    gone = come_back(pages, fake, press(pages, fake), return_to=f"{APP}/other", next="/admin/")
    assert gone["Location"] == "/account/"
