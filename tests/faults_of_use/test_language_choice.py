"""Which language a page is in: what was picked in this browser, what an application asks for while a person is on their
way back to it, what the account says, what the browser accepts. The API hears Accept-Language alone."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from django.conf import global_settings
from django.urls import URLPattern, reverse
from django.urls.converters import UUIDConverter

from tests import pseudo_locale
from tests.configured import configured
from tests.oauth import RelyingParty, create_application
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import User
from vestibule.web.language import offered_languages
from vestibule.web.pages import languages, urls

XA = pseudo_locale.LANGUAGE
ADA = "ada@example.com"
COOKIE, VISIT = "language", "visit_language"


@pytest.fixture(scope="module", autouse=True)
def _languages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pseudo_locale.installed(tmp_path_factory.mktemp("locale"), ("de", "German")):
        yield


def spoken(response: Any) -> str:
    """The language of a page, as its header and its document say it."""
    found: list[str] = re.findall(r'<html lang="([^"]*)"', response.content.decode())
    [language] = found
    assert response["Content-Language"] == language
    assert {"Accept-Language", "Cookie"} <= set(response["Vary"].split(", "))
    return language


def pick(http: Http, language: str, page: str, **headers: str) -> Any:
    """Use the form at the foot of that page."""
    shown = http.get(page, headers={"Accept-Language": "en"})
    [here] = re.findall(r'name="page" value="([^"]*)"[^<]*<ul>', shown.content.decode()) or [""]
    return http.post("/language/", {"language": language, "page": unescape(here)}, headers=headers)


def test_what_is_picked_stays_in_this_browser_and_leads_back_to_the_page(house: None) -> None:
    http = Http()
    shown = http.get("/login/?next=/device/&return_to=https://evil.example").content.decode()
    assert "evil.example" not in shown
    picked = pick(http, XA, "/login/?next=/device/&return_to=https://evil.example")
    assert (picked.status_code, picked["Location"]) == (303, "/login/?next=%2Fdevice%2F")
    cookie = http.cookies[COOKIE]
    assert (cookie.value, cookie["samesite"], cookie["httponly"], cookie["domain"]) == (XA, "Lax", True, "")
    assert spoken(http.get("/login/", headers={"Accept-Language": "en"})) == XA
    assert spoken(http.get("/login/?ui_locales=en")) == XA
    api = http.get("/api/auth/me", headers={"Accept-Language": "en"})
    assert (api["Content-Language"], "Accept-Language" in api["Vary"]) == ("en", True)


def test_each_language_is_named_in_itself(house: None) -> None:
    with configured(LANGUAGES=[("en", "English"), (XA, "Pseudo")]):
        page = Http().get("/login/").content.decode()
    assert f'value="{XA}" lang="{XA}">Pseudo</button>' in page
    assert 'value="en" lang="en" aria-current="true">English</button>' in page


def test_a_language_without_a_catalogue_is_neither_offered_nor_picked(house: None) -> None:
    http = Http()
    with configured(LANGUAGES=[("en", "English"), (XA, "Pseudo"), ("sv", "Swedish")]):
        assert 'lang="sv"' not in http.get("/login/").content.decode()
        assert pick(http, "sv", "/login/").status_code == 404
    with configured(LANGUAGES=[("en", "English")]):
        assert 'class="languages"' not in http.get("/login/").content.decode()
    assert COOKIE not in http.cookies


@pytest.mark.parametrize("language", ["", "xx", "de\r\nSet-Cookie: a=b", "x" * 5000, "../../etc", "en-xa;domain=evil"])
def test_nothing_else_is_kept(house: None, language: str) -> None:
    http = Http()
    assert http.post("/language/", {"language": language, "page": "/login/"}).status_code == 404
    assert COOKIE not in http.cookies


ELSEWHERE = [
    *(
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/%5Cevil",
        "javascript:alert(1)",
    ),
    *("/login/../admin/", "/login/%2e%2e/admin/", "/login/\r\nX: y", "/login/#x", "", "login/", "/no-such-page/"),
    *("/admin/", "/api/auth/me", "/metrics", "/social/google/", "/language/", "/static/x.js", "/" + "x" * 5000),
]


@pytest.mark.parametrize("next_", ELSEWHERE)
def test_the_picker_leads_to_no_other_place(house: None, next_: str) -> None:
    picked = Http().post("/language/", {"language": XA, "page": next_})
    assert picked["Location"] == reverse("vestibule_pages:home")


def test_no_other_site_picks(house: None) -> None:
    http = Http(enforce_csrf_checks=True)
    assert http.get(f"/language/?language={XA}").status_code == 405
    assert http.post("/language/", {"language": XA}, headers={"Origin": "https://evil.example"}).status_code == 403
    assert COOKIE not in http.cookies


def test_the_address_to_come_back_to_holds_no_token(house: None) -> None:
    token = "t" * 43
    page = Http().get(f"/password/reset/confirm/?token={token}&next=/device/").content.decode()
    assert 'name="page" value="/password/reset/confirm/?next=%2Fdevice%2F"' in page


def test_an_address_that_is_nowhere_is_not_repeated(house: None) -> None:
    page = Http(raise_request_exception=False).get("/no-such-page/?a=Evil").content.decode()
    assert 'name="page" value=""' in page
    assert "Evil" not in page


def test_every_page_can_be_shown_again_by_a_get(house: None) -> None:
    """But those that the picker does not lead back to."""
    http = Http(raise_request_exception=False)
    refused = set()
    for pattern in urls.urlpatterns:
        assert isinstance(pattern, URLPattern)
        kinds = pattern.pattern.converters.items()
        names = {name: UUID(int=0) if isinstance(kind, UUIDConverter) else "google" for name, kind in kinds}
        if http.get(reverse(f"vestibule_pages:{pattern.name}", kwargs=names)).status_code == 405:
            refused.add(pattern.name)
    assert refused <= languages._SHOWN_BY_POST


def test_the_cookie_is_this_hosts_alone_under_https(house: None) -> None:
    with configured(LANGUAGE_COOKIE_NAME="__Host-language", LANGUAGE_COOKIE_SECURE=True):
        http = Http()
        pick(http, XA, "/login/")
        cookie = http.cookies["__Host-language"]
        assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")


def signed_in(inbox: Inbox, language: str) -> Http:
    """The browser of an account that was made in this language."""
    api, http = Api(), Http()
    started = api.post("register/start", {"email": ADA, "password": PASSWORD}, **{"Accept-Language": language})
    api.confirm(started.registration, inbox.newest(ADA).code)
    assert http.post("/login/", {"name": ADA, "password": PASSWORD}).status_code == 303
    return http


def test_the_language_of_the_account_counts_more_than_what_the_browser_accepts(inbox: Inbox, house: None) -> None:
    http = signed_in(inbox, XA)
    assert spoken(http.get("/account/", headers={"Accept-Language": "en"})) == XA
    assert spoken(http.get("/account/?ui_locales=en")) == "en"
    assert spoken(http.get("/login/?prompt=login", headers={"Accept-Language": "en"})) == "en"
    http.cookies[COOKIE] = "en"
    assert spoken(http.get("/account/", headers={"Accept-Language": XA})) == "en"


def test_a_person_changes_their_language_and_their_messages_follow(inbox: Inbox, house: None) -> None:
    http = signed_in(inbox, XA)
    assert "<bdi>Pseudo</bdi>" in http.get("/account/").content.decode()
    assert f'value="{XA}" lang="{XA}" selected' in http.get("/account/language/").content.decode()
    assert http.post("/account/language/", {"language": "xx"}).status_code == 400
    changed = http.post("/account/language/", {"language": "en"})
    assert (changed.status_code, changed["Location"]) == (303, "/account/?saved")
    assert User.objects.get().language == "en"
    assert spoken(http.get("/account/", headers={"Accept-Language": XA})) == "en"
    Api().post("password/reset", {"email": ADA}, **{"Accept-Language": XA})
    assert re.fullmatch(r"\d+ is your password reset code · Vestibule", inbox.newest(ADA).subject)
    access = Api().login(ADA).body["access"]
    exported = Api().send("GET", "me/export", access)
    assert exported.body["account"]["language"] == "en"


def test_the_api_hears_accept_language_alone_whoever_asks(inbox: Inbox, house: None) -> None:
    http = signed_in(inbox, XA)
    access = Api().login(ADA).body["access"]
    sent = {"Authorization": f"Bearer {access}", "Accept-Language": "en"}
    refused = http.get(f"/api/auth/sessions/x?ui_locales={XA}", headers=sent)
    assert (refused.status_code, refused["Content-Language"]) == (404, "en")
    assert refused.json()["detail"] == "There is nothing here."


def test_an_application_s_language_lasts_for_the_visit(inbox: Inbox, house: None) -> None:
    http = signed_in(inbox, "en")
    http.post("/logout/")
    create_application(is_first_party=True)
    party = RelyingParty(http=http)
    begun = http.get(party.authorize_url(ui_locales=f"xx {XA}"))
    sign_in = http.get(begun["Location"], headers={"Accept-Language": "en"})
    assert spoken(sign_in) == XA
    assert spoken(http.get("/password/reset/", headers={"Accept-Language": "en"})) == XA
    entered = http.post(begun["Location"], {"name": ADA, "password": PASSWORD})
    back = http.get(entered["Location"])
    assert back["Location"].startswith(party.redirect_uri)
    assert http.cookies[VISIT].value == ""
    assert spoken(http.get("/account/", headers={"Accept-Language": XA})) == "en"


def test_a_request_that_was_pushed_says_its_language_too(house: None) -> None:
    create_application()
    pushed = RelyingParty().push(ui_locales=XA).json()
    http = Http()
    begun = http.get(f"/oauth/authorize?client_id=shop&request_uri={pushed['request_uri']}")
    assert spoken(http.get(begun["Location"], headers={"Accept-Language": "en"})) == XA


def test_what_a_person_picked_counts_more_than_what_an_application_asks(inbox: Inbox, house: None) -> None:
    http = Http()
    pick(http, "en", "/login/")
    create_application(is_first_party=True)
    party = RelyingParty(http=http)
    begun = http.get(party.authorize_url(ui_locales=XA))
    assert spoken(http.get(begun["Location"])) == "en"
    assert http.cookies[COOKIE].value == "en"
    pick(http, XA, "/login/")
    http.get(party.authorize_url(ui_locales="en"))
    assert spoken(http.get(begun["Location"])) == XA


def test_the_next_visit_is_in_its_own_language(house: None) -> None:
    http = Http()
    create_application(is_first_party=True)
    party = RelyingParty(http=http)
    http.get(party.authorize_url(ui_locales=XA))
    begun = http.get(party.authorize_url())
    assert spoken(http.get(begun["Location"], headers={"Accept-Language": "en"})) == "en"


def test_what_everybody_may_keep_has_no_language(house: None) -> None:
    http = Http()
    for path in (
        "/.well-known/jwks.json",
        "/.well-known/openid-configuration",
        "/house.css",
        "/static/vestibule/pages/house.css",
    ):
        response = http.get(path, headers={"Accept-Language": XA})
        assert response.status_code == 200
        assert "Content-Language" not in response, path
        assert "Accept-Language" not in response.get("Vary", ""), path
    supported = http.get("/.well-known/openid-configuration").json()["ui_locales_supported"]
    assert supported == ["en", XA, "de"]


def test_where_nothing_reads_the_choice_there_is_no_picker(house: None) -> None:
    """In a project of somebody else's without Django's middleware; with it, what has a catalogue of ours is offered."""
    django_s = "django.middleware.locale.LocaleMiddleware"
    with configured(LANGUAGES=global_settings.LANGUAGES, MIDDLEWARE=[]):
        assert offered_languages() == {}
    with configured(LANGUAGES=global_settings.LANGUAGES, MIDDLEWARE=[django_s]):
        assert "English" in offered_languages().values()
        assert len(offered_languages()) <= 14
