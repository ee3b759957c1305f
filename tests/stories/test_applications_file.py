"""APPLICATIONS_FILE: applications that the operator declares, the same after any number of starts."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.configured import configured
from tests.contracts.stores import at_once
from tests.desk import ApiDesk, account, given, make_application
from tests.world import Api, Inbox
from vestibule.applications.declarations import parse_declarations
from vestibule.applications.models import Application, ApplicationSecret, Source
from vestibule.audit.models import AuditEvent
from vestibule.flows.staff import declared_applications
from vestibule.kernel.client import Client
from vestibule.service.applications_file import check_applications_file
from vestibule.service.cli.management.commands import serve

BOSS = "boss@example.com"
SECRET, NEXT = (sha256(each).hexdigest() for each in (b"one", b"two"))
SHOP = f"""
[applications.shop]
name = "Shop"
type = "web"
redirect_uris = ["https://shop.example/back"]
secret_digests = ["{SECRET}"]
"""
SPA = """
[applications."spa.example"]
name = "Spa"
type = "spa"
redirect_uris = ["https://spa.example/back"]
id_token_signed_response_alg = "RS256"
"""


@contextmanager
def declared(folder: Path, text: str) -> Iterator[None]:
    """Such a file."""
    path = folder / "applications.toml"
    path.write_text(text, "utf-8")
    with configured(APPLICATIONS_FILE=path):
        yield


def applied(folder: Path, text: str) -> str:
    """What the command says."""
    with declared(folder, text):
        call_command("apply_applications", stdout=(output := StringIO()))
    return output.getvalue().strip().removeprefix("applications: ")


def happened() -> list[str]:
    """The events of applications, oldest first."""
    return list(AuditEvent.objects.filter(name__startswith="app").order_by("pk").values_list("name", flat=True))


def test_what_the_file_declares_is_there_and_stays(house: None, tmp_path: Path) -> None:
    assert applied(tmp_path, SHOP + SPA) == "2 created, 0 changed, 0 removed"
    rows, secrets = list(Application.objects.values()), list(ApplicationSecret.objects.values())
    assert {row["client_id"]: row["source"] for row in rows} == {"shop": Source.FILE, "spa.example": Source.FILE}
    assert [bytes(each["digest"]).hex() for each in secrets] == [SECRET]
    assert applied(tmp_path, SPA + SHOP) == "0 created, 0 changed, 0 removed"
    assert (list(Application.objects.values()), list(ApplicationSecret.objects.values())) == (rows, secrets)
    assert happened() == ["application.created"] * 2


def test_what_changes_there_changes_here(house: None, tmp_path: Path) -> None:
    applied(tmp_path, SHOP + SPA)
    shop = Application.objects.get(client_id="shop").pk
    renamed = SHOP.replace('"Shop"', '"Store"').replace(f'"{SECRET}"', f'"{SECRET}", "{NEXT}"')
    assert applied(tmp_path, renamed) == "0 created, 1 changed, 1 removed"
    assert Application.objects.get().name == "Store"
    assert Application.objects.get().pk == shop
    assert ApplicationSecret.objects.count() == 2
    assert applied(tmp_path, renamed.replace(f'"{SECRET}", ', "")) == "0 created, 1 changed, 0 removed"
    assert [bytes(each.digest).hex() for each in ApplicationSecret.objects.all()] == [NEXT]
    assert applied(tmp_path, "") == "0 created, 0 changed, 1 removed"
    assert happened()[2:] == [
        "application.changed",
        "application.removed",
        "application.changed",
        "application.removed",
    ]


def test_another_type_is_another_application(house: None, tmp_path: Path) -> None:
    applied(tmp_path, SHOP)
    before = Application.objects.get().pk
    assert applied(tmp_path, SHOP.replace('"web"', '"device"')) == "1 created, 0 changed, 0 removed"
    assert Application.objects.get().pk != before
    assert ApplicationSecret.objects.count() == 1


def test_without_a_file_nothing_is_touched(house: None, tmp_path: Path) -> None:
    applied(tmp_path, SHOP)
    with pytest.raises(CommandError, match="not set"):
        call_command("apply_applications")
    call_command("migrate", verbosity=0)
    assert Application.objects.count() == 1


def test_a_migration_brings_them_in(house: None, tmp_path: Path) -> None:
    with declared(tmp_path, SHOP):
        call_command("migrate", verbosity=0)
    assert Application.objects.get().client_id == "shop"


def test_a_start_brings_them_in_and_goes_on_without_them_where_that_fails(house: None, tmp_path: Path) -> None:
    """Of a server whose database others share."""
    said, failed = StringIO(), StringIO()
    server = serve.Command(stdout=said, stderr=failed)
    with declared(tmp_path, SHOP):
        assert server.warn_if_not_migrated()
        server.apply_applications()
    assert (said.getvalue(), failed.getvalue()) == ("applications: 1 created, 0 changed, 0 removed\n", "")
    Application.objects.update(client_id="mine", source=Source.STAFF)
    with declared(tmp_path, SHOP):
        server.apply_applications()
    assert "were not brought in: shop.secret_digests: Two applications have one secret." in failed.getvalue()
    assert Application.objects.get().client_id == "mine"


def test_what_the_staff_made_is_theirs_or_becomes_the_files(house: None, tmp_path: Path) -> None:
    others, mine = make_application(), make_application(name="Mine")
    Application.objects.filter(pk=mine.pk).update(client_id="mine")
    text = SHOP + SHOP.replace("shop]", "mine]").replace(SECRET, NEXT).replace('"web"', '"service"')
    assert applied(tmp_path, text) == "1 created, 1 changed, 0 removed"
    assert Application.objects.get(pk=mine.pk).source == Source.FILE
    assert [bytes(each.digest).hex() for each in ApplicationSecret.objects.filter(application=mine)] == [NEXT]
    assert applied(tmp_path, "") == "0 created, 0 changed, 2 removed"
    assert Application.objects.get() == others


def test_an_admin_changes_nothing_of_the_file(api: Api, inbox: Inbox, tmp_path: Path) -> None:
    account(api, inbox, BOSS)
    given(BOSS, "admin")
    boss = ApiDesk(BOSS)
    applied(tmp_path, SHOP)
    assert boss.get("applications/shop").body["source"] == "file"
    secret = ApplicationSecret.objects.get().pk
    for method, path in (
        ("PATCH", "shop"),
        ("DELETE", "shop"),
        ("POST", "shop/secrets"),
        ("DELETE", f"shop/secrets/{secret}"),
    ):
        refused = boss.send(method, f"applications/{path}", {"name": "Mine"} if method == "PATCH" else {})
        assert (refused.status, refused.body["codes"]) == (400, {"source": ["impossible"]}), (method, path)
    assert applied(tmp_path, SHOP) == "0 created, 0 changed, 0 removed"


def test_a_secret_is_of_one_application(house: None, tmp_path: Path) -> None:
    make_application()
    theirs = bytes(ApplicationSecret.objects.get().digest).hex()
    with pytest.raises(CommandError, match=r"shop.secret_digests: Two applications"):
        applied(tmp_path, SPA + SHOP.replace(SECRET, theirs))
    assert Application.objects.count() == 1


def test_race_many_hosts_start_at_once(house: None) -> None:
    """From nothing, and once more with another file: each ends with what is declared, and each change is told once."""
    first = parse_declarations(SHOP + SPA)
    second = parse_declarations(SHOP.replace('"Shop"', '"Store"').replace(SECRET, NEXT))

    def start(which: list[Any]) -> list[tuple[int, int, int]]:
        def apply(_: int) -> tuple[int, int, int]:
            client = Client.for_system("cli", timezone.now())
            done = declared_applications.apply_declarations(client=client, declared=which)
            return done.created, done.changed, done.removed

        return sorted(at_once(apply, 8))

    assert start(first) == [(0, 0, 0)] * 7 + [(2, 0, 0)]
    assert start(second) == [(0, 0, 0)] * 7 + [(0, 1, 1)]
    assert [(each.client_id, each.name) for each in Application.objects.all()] == [("shop", "Store")]
    assert [bytes(each.digest).hex() for each in ApplicationSecret.objects.all()] == [NEXT]
    assert sorted(happened()) == sorted(["application.created"] * 2 + ["application.changed", "application.removed"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[applications.shop", "at end of document"),
        (SHOP + SHOP, "Cannot"),
        ("[application.shop]", "application: There is no such setting"),
        ("applications = 1", "applications: This is not the kind"),
        ("[applications]\nshop = 1", "shop.client_id: This is not the kind"),
        (SHOP.replace("applications.shop", 'applications."a b"'), "a b.client_id: A client id has"),
        (SHOP.replace("redirect_uris", "redirect_uri"), "shop.redirect_uri: There is no such setting"),
        (SHOP.replace("https://shop", "http://shop"), "shop.redirect_uris: Use https"),
        (SHOP.replace('"web"', "1979-05-27"), "shop.type: This is not the kind"),
        (SHOP.replace(SECRET, "secret"), "shop.secret_digests: Give SHA-256 digests"),
        (SHOP.replace(f'"{SECRET}"', ""), "shop.secret_digests: Give the digest of its secret"),
        (SHOP.replace(f'["{SECRET}"]', f'"{SECRET}"'), "shop.secret_digests: Give SHA-256 digests"),
        (SHOP.replace('"web"', '"spa"'), "shop.secret_digests: This application has no secrets"),
        (SHOP + SHOP.replace("shop", "store"), "applications: Two applications have one secret"),
    ],
)
def test_what_cannot_be_stops_the_start(house: None, tmp_path: Path, text: str, said: str) -> None:
    with declared(tmp_path, text):
        [error] = check_applications_file()
        assert error.id == "vestibule.E042"
        assert said in error.msg
        with pytest.raises(CommandError, match=r".") as refused:
            call_command("apply_applications")
    assert said in str(refused.value)
    assert SECRET not in str(refused.value)
    assert not Application.objects.exists()


def test_a_file_that_is_no_text_stops_the_start(house: None, tmp_path: Path) -> None:
    path = tmp_path / "applications.toml"
    with configured(APPLICATIONS_FILE=path):
        for content in (b"\xff\xfe", b"a = [" * 5000):
            path.write_bytes(content)
            assert [error.id for error in check_applications_file()] == ["vestibule.E042"]
        path.write_bytes(b"\xef\xbb\xbf" + SHOP.encode())
        assert check_applications_file() == []
