"""Applications at the pages of the admin: made, shown, changed, given another secret, removed."""

import re
from typing import Any

import pytest

from tests.desk import APPLICATIONS, PageDesk, account, given, make_application
from tests.world import Api, Inbox
from vestibule.applications.client_secrets import digest_secret
from vestibule.applications.models import Application, ApplicationSecret, Source
from vestibule.audit.models import AuditEvent

BOSS, BACK = "boss@example.com", "https://shop.example/back"
SECRET = re.compile(r'<code id="secret">([\w-]{43})</code>')
WEB = {"name": "Shop", "type": "web", "redirect_uris": f"{BACK}\r\n\r\n {BACK}/2 \r\n", "scope": ""}


@pytest.fixture
def boss(api: Api, inbox: Inbox) -> PageDesk:
    """An admin."""
    account(api, inbox, BOSS)
    given(BOSS, "admin")
    return PageDesk(BOSS)


def submit(boss: PageDesk, path: str, **typed: Any) -> tuple[int, str]:
    """The status and the page of a form."""
    answer = boss.http.post(f"{APPLICATIONS}{path}", typed)
    return answer.status_code, answer.content.decode()


def shown(boss: PageDesk, path: str = "") -> str:
    """A page."""
    answer = boss.http.get(f"{APPLICATIONS}{path}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_one_is_made_and_its_secret_is_shown_once(boss: PageDesk) -> None:
    assert f'href="{APPLICATIONS}add/"' in shown(boss)
    assert "as usual for its type" in shown(boss, "add/")
    status, page = submit(boss, "add/", **WEB)
    application, row = Application.objects.get(), ApplicationSecret.objects.get()
    secret = SECRET.findall(page)[0]
    assert (status, digest_secret(secret)) == (200, bytes(row.digest))
    assert (application.redirect_uris, application.is_first_party) == ([BACK, f"{BACK}/2"], False)
    assert application.scope == "openid profile email phone offline_access"
    for path in ("", f"{application.pk}/", f"{application.pk}/change/"):
        assert secret not in shown(boss, path)
    assert f"…{secret[-4:]}" in shown(boss, f"{application.pk}/")
    assert AuditEvent.objects.get(name="application.created").user_id is not None


def test_one_without_a_secret_leads_to_its_page(boss: PageDesk) -> None:
    answer = boss.http.post(f"{APPLICATIONS}add/", {**WEB, "type": "spa"})
    assert (answer.status_code, answer["Location"]) == (303, f"{APPLICATIONS}{Application.objects.get().pk}/")
    page = shown(boss, f"{Application.objects.get().pk}/")
    assert "There is none." in page
    assert "New secret" not in page


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(boss: PageDesk) -> None:
    typed = {**WEB, "redirect_uris": "http://shop.example/<b>", "scope": "admin", "first_party": "on", "jwks": "{"}
    status, page = submit(boss, "add/", **typed)
    assert status == 400
    assert 'id="jwks-error"' in page
    status, page = submit(boss, "add/", **{**typed, "jwks": "", "grant_types": ["refresh_token"]})
    assert status == 400
    assert page.count('class="wrong"') == 3
    assert 'id="redirect_uris-error">Use https addresses' in page
    assert "http://shop.example/&lt;b&gt;</textarea>" in page
    assert re.search(r'value="refresh_token" checked', page)
    assert re.search(r'name="first_party" type="checkbox" checked', page)
    assert '<details class="more" open>' in page
    assert not Application.objects.exists()


def test_one_is_changed(boss: PageDesk) -> None:
    application = make_application(
        type="web", redirect_uris=[BACK], resources=["https://api.example"], introspect=True, scope="openid"
    )
    page = shown(boss, f"{application.pk}/change/")
    assert f">{BACK}</textarea>" in page
    assert 'name="type"' not in page
    form = {"name": "Store", "redirect_uris": BACK, "scope": "openid email", "resources": "https://api.example"}
    more = {"grant_types": "authorization_code", "token_endpoint_auth_method": "client_secret_post"}
    algorithm = {"id_token_signed_response_alg": "RS256", "type": "spa"}
    assert submit(boss, f"{application.pk}/change/", **form, **more, **algorithm)[0] == 303
    application.refresh_from_db()
    assert (application.name, application.type, application.scope) == ("Store", "web", "openid email")
    assert (application.can_introspect, application.grant_types) == (False, ["authorization_code"])
    assert submit(boss, f"{application.pk}/change/", **{**form, "redirect_uris": ""}, **more, **algorithm)[0] == 400
    assert ApplicationSecret.objects.count() == 1


def test_a_secret_is_rotated(boss: PageDesk) -> None:
    application = make_application()
    old = ApplicationSecret.objects.get().pk
    assert "Remove" in shown(boss, f"{application.pk}/")
    status, page = submit(boss, f"{application.pk}/new-secret/")
    assert (status, len(SECRET.findall(page))) == (200, 1)
    assert ApplicationSecret.objects.count() == 2
    assert f'value="{old}"' in shown(boss, f"{application.pk}/remove-secret/?secret={old}")
    assert submit(boss, f"{application.pk}/remove-secret/", secret=str(old))[0] == 303
    assert not ApplicationSecret.objects.filter(pk=old).exists()
    for secret in (str(old), "", "x"):
        assert submit(boss, f"{application.pk}/remove-secret/", secret=secret)[0] == 404


def test_one_is_removed(boss: PageDesk) -> None:
    application = make_application()
    assert "This is for good." in shown(boss, f"{application.pk}/remove/")
    assert Application.objects.exists()
    answer = boss.http.post(f"{APPLICATIONS}{application.pk}/remove/")
    assert (answer.status_code, answer["Location"]) == (303, APPLICATIONS)
    assert not Application.objects.exists()
    for path in ("", "change/", "remove/"):
        assert boss.http.get(f"{APPLICATIONS}{application.pk}/{path}").status_code == 404


def test_what_is_declared_elsewhere_has_no_buttons(boss: PageDesk) -> None:
    application = make_application()
    acts = ("change", "new-secret", "remove-secret", "remove")
    for source, open_acts in ((Source.FILE, set()), (Source.DOCUMENT, {"remove"}), (Source.STAFF, set(acts))):
        Application.objects.update(source=source)
        page = shown(boss, f"{application.pk}/")
        found = {act for act in acts if f"{application.pk}/{act}/" in page}
        answered = {act for act in acts if boss.http.get(f"{APPLICATIONS}{application.pk}/{act}/").status_code == 200}
        assert found == answered == open_acts, source


@pytest.mark.parametrize("path", ["x/", "00000000-0000-4000-8000-000000000001/", "%00/"])
def test_an_unknown_one_is_not_found(boss: PageDesk, path: str) -> None:
    assert boss.http.get(f"{APPLICATIONS}{path}").status_code == 404


def test_a_manager_does_not_see_them(boss: PageDesk, api: Api, inbox: Inbox) -> None:
    assert f'href="{APPLICATIONS}"' in boss.http.get("/admin/").content.decode()
    account(api, inbox, "max@example.com")
    given("max@example.com", "manager")
    page = PageDesk("max@example.com").http.get("/admin/").content.decode()
    assert "/admin/accounts/user/" in page
    assert APPLICATIONS not in page
