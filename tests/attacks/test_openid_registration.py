"""OID-09: applications that strangers would like to make, and metadata that would give one more than its maker may
give. Which addresses may stand in it: tests/properties/test_redirect_uris.py."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.attacks.openid_moves import OFFLINE, create_person, error_of, signed_in
from tests.desk import APPLICATIONS, ApiDesk, PageDesk, account, given, make_application
from tests.interleaving import interleaved, transaction
from tests.oauth import CALLBACK, RelyingParty
from tests.world import Api, Inbox, Reply
from vestibule.accounts.models import Role, User
from vestibule.applications.models import Application, ApplicationSecret, Consent, Grant, Source

BOSS, MAX, ADA = "boss@example.com", "max@example.com", "ada@example.com"
WEB: dict[str, Any] = {"name": "Shop", "type": "web", "redirect_uris": [CALLBACK]}


@pytest.fixture
def boss(api: Api, inbox: Inbox) -> ApiDesk:
    """An admin."""
    account(api, inbox, BOSS)
    given(BOSS, "admin")
    return ApiDesk(BOSS)


def everything(desk: ApiDesk, path: str, secret: str) -> dict[str, Reply]:
    """Whatever can be asked about an application."""
    asked: dict[str, Callable[[], Reply]] = {
        "list": lambda: desk.get("applications"),
        "create": lambda: desk.send("POST", "applications", WEB),
        "show": lambda: desk.get(path),
        "change": lambda: desk.send("PATCH", path, {"redirect_uris": ["https://evil.example"]}),
        "create secret": lambda: desk.send("POST", f"{path}/secrets"),
        "remove secret": lambda: desk.send("DELETE", f"{path}/secrets/{secret}"),
        "remove": lambda: desk.send("DELETE", path),
    }
    return {name: ask() for name, ask in asked.items()}


def test_oid_09_nobody_but_an_admin_sees_or_makes_one(boss: ApiDesk, api: Api, inbox: Inbox) -> None:
    """AUZ-05: whether or not it exists, by API and by page."""
    known = make_application(**WEB)
    before = list(Application.objects.values())
    account(api, inbox, MAX)
    account(api, inbox, ADA)
    given(MAX, "manager")
    for email, status, code in ((MAX, 403, "permission_denied"), (ADA, 403, "permission_denied"), ("", 401, "")):
        desk, pages = ApiDesk(email), PageDesk()
        if email:
            pages.http.post("/login/", {"name": email, "password": "correct horse battery staple"})
        for name in (known.client_id, str(known.pk), "unknown"):
            for what, reply in everything(desk, f"applications/{name}", str(known.pk)).items():
                assert reply.status == status, (email, what)
                assert reply.code == (code or "not_authenticated")
                assert CALLBACK not in reply.text
        for path in ("", "add/", f"{known.pk}/", f"{known.pk}/change/", f"{known.pk}/remove/"):
            for answer in (pages.http.get(APPLICATIONS + path), pages.http.post(APPLICATIONS + path, WEB)):
                assert answer.status_code == (404 if email else 303), (email, path)
    assert list(Application.objects.values()) == before


def test_oid_09_nothing_but_what_is_declared_is_taken(boss: ApiDesk) -> None:
    """Neither the client id, nor where it comes from, nor a column by its own name."""
    chosen = "00000000-0000-4000-8000-000000000001"
    more = {"id": chosen, "client_id": "shop", "source": "file", "client_secret": "x", "created_at": "2000-01-01"}
    columns = {"is_first_party": True, "can_introspect": True, "secrets": [{"digest": "00"}], "grants": []}
    made = boss.send("POST", "applications", {**WEB, **more, **columns}).body
    changed = boss.send("PATCH", f"applications/{made['client_id']}", {**more, **columns}).body
    for shown in (made, changed):
        assert chosen not in shown.values()
        assert shown["client_id"] not in ("shop", chosen)
        assert (shown["source"], shown["first_party"], shown["introspect"]) == ("staff", False, False)
        assert len(shown["secrets"]) == 1
    assert Application.objects.get().source == Source.STAFF


TOO_MUCH: list[dict[str, Any]] = [
    {"scope": "openid staff"},
    {"scope": "openid *"},
    {"resources": ["http://testserver"]},
    {"grant_types": ["authorization_code", "password"]},
    {"grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:jwt-bearer"]},
    {"grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:token-exchange"]},
    {"type": "spa", "grant_types": ["client_credentials"]},
    {"type": "native", "grant_types": ["client_credentials"]},
    {"type": "spa", "introspect": True},
    {"token_endpoint_auth_method": "none"},
    {"token_endpoint_auth_method": "client_secret_jwt"},
    {"id_token_signed_response_alg": "none"},
    {"logo_uri": "javascript:alert(1)"},
    {"logo_uri": "http://169.254.169.254/latest"},
    {"backchannel_logout_uri": "http://169.254.169.254/latest"},
    {"backchannel_logout_uri": "file:///etc/passwd"},
    {"type": "native", "redirect_uris": ["javascript:alert(1)"]},
    {"type": "native", "redirect_uris": ["myapp:/back"]},
]


def test_oid_09_metadata_that_would_give_it_more(boss: ApiDesk, subtests: pytest.Subtests) -> None:
    """At its creation and by a change of one that is well formed."""
    for declared in TOO_MUCH:
        with subtests.test(declared=declared):
            assert boss.send("POST", "applications", {**WEB, **declared}).code == "invalid"
            kind = declared.get("type", "web")
            path = f"applications/{boss.send('POST', 'applications', {**WEB, 'type': kind}).body['client_id']}"
            before = boss.get(path).body
            assert boss.send("PATCH", path, declared).code == "invalid"
            assert boss.get(path).body == before


def test_oid_09_a_public_application_never_turns_into_one_with_secrets(boss: ApiDesk) -> None:
    path = f"applications/{boss.send('POST', 'applications', {**WEB, 'type': 'spa'}).body['client_id']}"
    for changes in ({"type": "web"}, {"token_endpoint_auth_method": "client_secret_basic"}, {"introspect": True}):
        assert boss.send("PATCH", path, changes).code == "invalid"
    assert boss.send("POST", f"{path}/secrets").code == "invalid"
    assert not ApplicationSecret.objects.exists()


def test_oid_09_who_is_demoted_meanwhile_makes_nothing(boss: ApiDesk, api: Api, inbox: Inbox) -> None:
    """RACE: between the check and the transaction of each act."""
    known = make_application(**WEB)
    path, secret = f"applications/{known.client_id}", str(ApplicationSecret.objects.get().pk)
    asked = [
        ("POST", "applications", WEB),
        ("PATCH", path, {"name": "Mine"}),
        ("POST", f"{path}/secrets", {}),
        ("DELETE", f"{path}/secrets/{secret}", {}),
        ("DELETE", path, {}),
    ]

    def demote() -> None:
        User.objects.filter(email=BOSS).update(role=Role.USER)

    for each in asked:
        User.objects.filter(email=BOSS).update(role=Role.ADMIN)
        reply, _ = interleaved(lambda each=each: boss.send(*each), transaction(), demote)  # type: ignore[misc]
        assert (reply.status, reply.code) == (403, "permission_denied"), each
    assert (Application.objects.get().name, ApplicationSecret.objects.count()) == ("Shop", 1)


def test_oid_06_what_a_removed_application_was_granted_is_over(boss: ApiDesk, api: Api, inbox: Inbox) -> None:
    """With an offline refresh token, at the next request; and with a removed secret it proves itself no more."""
    create_person(api, inbox)
    made = boss.send("POST", "applications", WEB).body
    path = f"applications/{made['client_id']}"
    shop = RelyingParty(made["client_id"], secret=made["client_secret"])
    tokens = shop.sign_in(signed_in(), scope=OFFLINE)
    newer = boss.send("POST", f"{path}/secrets").body["client_secret"]
    for secret in (made["client_secret"], newer):
        assert RelyingParty(shop.client_id, secret=secret).introspect(tokens["access_token"])["active"] is True
    assert boss.send("DELETE", f"{path}/secrets/{made['secrets'][0]['id']}").status == 204
    assert error_of(shop.refresh(tokens["refresh_token"])) == (401, "invalid_client")
    again = RelyingParty(shop.client_id, secret=newer)
    tokens = again.refresh(tokens["refresh_token"]).json()
    assert boss.send("DELETE", path).status == 204
    assert error_of(again.refresh(tokens["refresh_token"])) == (401, "invalid_client")
    assert again.userinfo(tokens["access_token"]).status_code == 401
    assert not Grant.objects.exists()
    assert not Consent.objects.exists()
