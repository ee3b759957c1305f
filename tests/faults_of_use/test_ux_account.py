"""UX C, 11, 14, 19: the account's pages. Rows with a page of their own, errors where they were made, a way back from
the step-up, times for the reader's zone, a name for each button, and a copy of all data."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test.html import Element, parse_html
from django.utils import timezone
from time_machine import travel

from tests import gallery
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.fields import PERSONAL_FIELDS, PersonalField
from vestibule.accounts.models import User
from vestibule.flows.staff.permissions import ROLE_PERMISSIONS, Permission
from vestibule.web.pages.account_page import find_initials
from vestibule.web.pages.gallery.registry import list_states

ADA = "ada@example.com"
ACCOUNT, SECURITY, CONFIRM = "/account/", "/account/security/", "/account/confirm/"
EDITABLE = [row for row in PERSONAL_FIELDS if row.editable and not row.is_address]
# Pages that ask who it is before they show their form.
GUARDED = [f"{SECURITY}{row}/" for row in ("password", "email", "phone", "codes", "close", "passkey")]
GUARDED += ["/account/profile/username/", "/account/export/"]
STATES = [f"{gallery.ROOT}{group}/{name}/" for group in ("account", "security") for name in list_states(group)]


@pytest.fixture
def pages(api: Api, inbox: Inbox) -> Http:
    """Ada at her pages."""
    api.account(inbox, ADA)
    http = Http()
    http.post("/login/", {"name": ADA, "password": PASSWORD})
    return http


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def every_element(html: str) -> Iterator[Element]:
    """The elements of a page, in order."""
    waiting = [parse_html(re.sub(r"<!doctype html>", "", html))]
    while waiting:
        element = waiting.pop()
        yield element
        waiting += [each for each in reversed(element.children) if isinstance(each, Element)]


def attribute(element: Element, name: str) -> str:
    return str(dict(element.attributes).get(name) or "")


def words_in(element: Element) -> str:
    parts = [words_in(each) if isinstance(each, Element) else str(each) for each in element.children]
    return " ".join(" ".join(parts).split())


@pytest.mark.parametrize("path", [ACCOUNT, SECURITY])
def test_ux_c_each_row_leads_to_a_page_of_its_own(pages: Http, path: str) -> None:
    page = text_of(pages.get(path))
    main = page[page.index("<main") : page.index("</main")]
    rows = re.findall(r'<a class="small button"[^>]*? href="([^"]+)"', main)
    assert len(rows) == len(set(rows)) >= 5
    assert "<details" not in main
    for row in rows:
        answer = pages.get(row)
        assert (answer.status_code, row.startswith(ACCOUNT)) == (200, True), row
        assert text_of(answer).count("<h1") == 1


@pytest.mark.parametrize("row", EDITABLE, ids=lambda row: row.name)
def test_ux_c_a_field_is_changed_alone_and_shown_again_as_it_was_typed(pages: Http, row: PersonalField) -> None:
    for other in EDITABLE:
        assert pages.post(f"/account/profile/{other.name}/", {other.name: f"Before_{other.name}"}).status_code == 303
    path, long = f"/account/profile/{row.name}/", "x" * (row.longest + 1)
    refused = pages.post(path, {row.name: long})
    page = text_of(refused)
    assert (refused.status_code, long in page, page.count('aria-invalid="true"')) == (400, True, 1)
    [described] = re.findall(r'aria-describedby="([^"]+)"', page)
    assert f'id="{described}"' in page
    assert f'action="{path}"' in page
    assert pages.post(path, {row.name: "Afterwards"})["Location"] == "/account/?saved"
    user = User.objects.select_related("profile").get()
    after = {each.name: user.read_field(each) for each in EDITABLE}
    assert after == {each.name: f"Before_{each.name}" for each in EDITABLE} | {row.name: "Afterwards"}
    assert pages.post(path, {row.name: ""}).status_code == 303
    assert not User.objects.select_related("profile").get().read_field(row)


@pytest.mark.parametrize("name", ["email", "phone_number", "role", "x", "password"])
def test_ux_c_what_is_no_field_of_the_profile_has_no_page(pages: Http, name: str) -> None:
    for path in (f"/account/profile/{name}/", f"{SECURITY}{name}x/"):
        assert (pages.get(path).status_code, pages.post(path, {name: "x"}).status_code) == (404, 404)


@pytest.mark.parametrize("page", [SECURITY, ""])
@pytest.mark.parametrize(
    ("row", "typed", "wrong"),
    [
        ("password", {"current_password": "wrong", "password": "another password entirely"}, "current_password"),
        ("password", {"current_password": PASSWORD, "password": "short"}, "password"),
        ("password", {"password": "another password entirely"}, "current_password"),
        ("email", {"email": "no address", "current_password": PASSWORD}, "email"),
        ("email", {"email": "new@example.com", "current_password": "wrong"}, "current_password"),
        ("email", {"email": "new@example.com"}, "current_password"),
        ("email", {"email": ADA, "current_password": PASSWORD}, "email"),
        ("phone", {"phone_number": "12", "current_password": PASSWORD}, "phone_number"),
        ("phone", {"phone_number": "+14155550100", "current_password": "wrong"}, "current_password"),
    ],
)
def test_ux_c_what_was_refused_comes_back_in_its_form(
    pages: Http, row: str, typed: dict[str, str], wrong: str, page: str
) -> None:
    """Posted to the row's own page, or to that of all rows as before."""
    own = f"{SECURITY}{row}/"
    answer = pages.post(page or own, {"act": row, **typed})
    text = text_of(answer)
    assert answer.status_code in (400, 401)
    assert f'action="{own}"' in text
    [field] = [each for each in every_element(text) if attribute(each, "aria-invalid") == "true"]
    assert attribute(field, "name") == wrong
    assert "autofocus" in dict(field.attributes)
    assert f'id="{attribute(field, "aria-describedby").split()[0]}"' in text
    for name in ("email", "phone_number"):
        assert name not in typed or f'value="{typed[name]}"' in text
    assert "another password entirely" not in text


def test_ux_c_a_wrong_code_comes_back_on_the_page_of_its_row(pages: Http, inbox: Inbox) -> None:
    asked = pages.post(f"{SECURITY}email/", {"act": "email", "email": "new@example.com", "current_password": PASSWORD})
    assert "<strong>new@example.com</strong>" in text_of(asked)
    wrong = pages.post(f"{SECURITY}email/", {"act": "email_confirm", "otp": "000000"})
    assert (wrong.status_code, 'name="act" value="email_confirm"' in text_of(wrong)) == (400, True)
    done = pages.post(f"{SECURITY}email/", {"act": "email_confirm", "otp": inbox.newest("new@example.com").code})
    assert done["Location"] == f"{SECURITY}?done=email"


@pytest.mark.parametrize("path", GUARDED)
def test_ux_c_the_step_up_comes_before_the_form_and_back_to_it(pages: Http, path: str) -> None:
    with travel(timezone.now() + timedelta(minutes=11)):
        asked = text_of(pages.get(path))
        assert f'name="back" value="{path}"' in asked
        confirmed = pages.post(CONFIRM, {"password": PASSWORD, "back": path})
        assert (confirmed.status_code, confirmed["Location"]) == (303, path)
        assert 'name="back"' not in text_of(pages.get(path))


@pytest.mark.parametrize(
    "back",
    [
        *("//evil.example/", "https://evil.example/account/", "/\\evil.example", "/admin/", "/logout/", "", "x"),
        *("/account/security/password", "/account/security/password/?x=1", "/account/security//password/"),
        *("/account/security/../security/", "/account/security/%70assword/", "/account/devices/x/"),
    ],
)
def test_ux_c_the_step_up_leads_nowhere_else(pages: Http, back: str) -> None:
    assert pages.post(CONFIRM, {"password": PASSWORD, "back": back})["Location"] == SECURITY


def test_ux_11_the_data_is_downloaded_from_the_pages(api: Api, pages: Http) -> None:
    assert "Download my data" in text_of(pages.get("/account/export/"))
    answer = pages.post("/account/export/")
    assert (answer["Content-Type"], answer["Content-Disposition"]) == (
        "application/json",
        'attachment; filename="account.json"',
    )
    by_page, by_api = json.loads(answer.content), api.send("GET", "me/export", api.login(ADA).body["access"]).body
    assert by_page.keys() == by_api.keys()
    assert by_page["account"] == by_api["account"]
    assert by_page["events"] == by_api["events"][: len(by_page["events"])]
    with travel(timezone.now() + timedelta(minutes=11)):
        assert 'name="back" value="/account/export/"' in text_of(pages.post("/account/export/"))


@pytest.mark.parametrize("path", STATES)
def test_ux_14_every_moment_can_be_told_in_the_zone_of_the_reader(path: str) -> None:
    page = gallery.shown(path)
    for moment in re.findall(r"<time[^>]*>", page):
        assert re.search(r'datetime="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^"]*[+-]\d\d:\d\d"', moment), moment
    outside = re.sub(r"<time.*?</time>|<[^>]*>", " ", page[page.index("<main") :], flags=re.DOTALL)
    assert not re.search(r"\b20\d\d\b|\bUTC\b", outside)


@pytest.mark.parametrize("path", STATES)
def test_ux_19_every_button_and_link_has_a_name_of_its_own(path: str) -> None:
    """Two that are called the same do the same."""
    elements = list(every_element(gallery.shown(path)))
    by_id = {attribute(each, "id"): each for each in elements}
    does: dict[str, set[str]] = {}
    form = ""
    for each in elements:
        if each.name == "form":
            hidden = [child for child in every_form_field(each) if attribute(child, "name") != "csrfmiddlewaretoken"]
            values = sorted(f"{attribute(child, 'name')}={attribute(child, 'value')}" for child in hidden)
            form = f"{attribute(each, 'action')} {values}"
        if each.name in ("a", "button") and attribute(each, "type") != "button":
            labelled = [words_in(by_id[id]) for id in attribute(each, "aria-labelledby").split()]
            name = " ".join(labelled) or attribute(each, "aria-label") or words_in(each)
            assert name, each
            act = attribute(each, "href") or f"{form} {attribute(each, 'name')}={attribute(each, 'value')}"
            does.setdefault(name, set()).add(act)
    assert does
    assert {name: acts for name, acts in does.items() if len(acts) > 1} == {}


def every_form_field(form: Element) -> Iterator[Element]:
    waiting = [form]
    while waiting:
        element = waiting.pop()
        if element.name == "input" and attribute(element, "type") == "hidden":
            yield element
        waiting += [each for each in element.children if isinstance(each, Element)]


@pytest.mark.parametrize("role", list(ROLE_PERMISSIONS))
def test_ux_c_the_frame_says_whose_account_it_is_and_leads_out(pages: Http, role: str) -> None:
    User.objects.update(role=role, full_name="Ada King Lovelace")
    for path in (ACCOUNT, SECURITY, "/account/sessions/", "/account/activity/", "/account/picture/"):
        page = text_of(pages.get(path))
        tabs = page[page.index('<ul class="tabs">') : page.index("</ul>")]
        assert ">AL</span>" in page
        assert "<strong>Ada King Lovelace</strong>" in page
        assert ('href="/logout/"' in page, "/logout/" in tabs) == (True, False)
        assert ('href="/admin/"' in page) == (Permission.LOOK in ROLE_PERMISSIONS[role])


@pytest.mark.parametrize(
    ("known", "initials"),
    [
        ({"full_name": "Ada Lovelace"}, "AL"),
        ({"full_name": "ada king lovelace"}, "AL"),
        ({"full_name": "Ada", "username": "x"}, "A"),
        ({"full_name": "Ада Лавлейс"}, "АЛ"),
        ({"full_name": "Ada (Countess)"}, "A"),
        ({"full_name": "ßen"}, "S"),
        ({"username": "lovelace", "email": ADA}, "L"),
        ({"email": ADA}, "A"),
        ({"phone_number": "+14155550100"}, ""),
    ],
)
def test_ux_c_initials_stand_where_there_is_no_picture(known: dict[str, str], initials: str) -> None:
    assert find_initials(User(**known)) == initials
