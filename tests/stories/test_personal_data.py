"""Every table of ours says what a recovery, the export and the erasure do with a person's rows (docs/personal-data.md),
and does it: a table that is added can't be forgotten."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from django.apps import apps
from django.db.models import ForeignKey, Model
from django.utils import timezone
from time_machine import travel

from tests.world import PASSWORD, Api, Inbox
from vestibule.accounts import address_history
from vestibule.accounts.credentials import digest_credentials
from vestibule.accounts.lifecycle import NO_PASSWORD
from vestibule.accounts.models import User
from vestibule.addresses.address import Email
from vestibule.applications.api_keys import create_key
from vestibule.applications.grants import create_grant
from vestibule.applications.models import Application, Consent, Grant, GrantRefreshToken
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.models import Newest, StoredChallenge
from vestibule.challenges.payloads import RecoveryPayload
from vestibule.challenges.store import State
from vestibule.conf import conf
from vestibule.factors import recovery_codes, remembered_devices, totp
from vestibule.factors.models import FactorReset, Passkey
from vestibule.flows.account import personal_data
from vestibule.flows.sign_in.by_password import password_count_keys
from vestibule.identities.answers import ProviderAnswer
from vestibule.identities.links import link_identity
from vestibule.kernel.client import Client
from vestibule.service.worker import schedule
from vestibule.sessions.models import RefreshToken, Session

DOC = Path(__file__).parents[2] / "docs/personal-data.md"
NOON = "2026-03-01T12:00:00Z"
ADA, NEW, NAME, BIO = "ada@example.com", "ada@example.org", "Ada Lovelace", "Countess"
PHONE = {"fingerprint_hash": "of my phone", "device_name": "My phone"}
NONE = "-"
# Where the rows of these tables say that they were revoked.
REVOKED: dict[type[Model], str] = {Session: "", RefreshToken: "session__", Grant: "", GrantRefreshToken: "grant__"}


class Fate(NamedTuple):
    """What becomes of a person's rows of a table."""

    recovery: str
    export: str
    erasure: str

    @property
    def is_personal(self) -> bool:
        """Whether there are any."""
        return self.erasure != NONE


def fates() -> dict[str, Fate]:
    """The table of the document."""
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([\w-]+) \| ([\w-]+) \| ([\w-]+) \|$", DOC.read_text(), re.MULTILINE)
    return {name: Fate(*rest) for name, *rest in rows}


def ours() -> dict[str, type[Model]]:
    """Every model of this project."""
    return {model.__name__: model for model in apps.get_models() if model.__module__.startswith("vestibule.")}


class Trace:
    """What identifies a person, and the rows that hold any of it."""

    def __init__(self, user: User) -> None:
        addresses = [Email(ADA), Email(NEW)]
        self.texts = {ADA, NEW, NAME, *(each.masked for each in addresses), str(user.pk)}
        self.digests = {digest for each in addresses for digest in each.all_digests}
        self.digests |= {*challenges.all_person_subjects(user.pk), *password_count_keys(user)}
        self.known: set[tuple[type[Model], Any]] = {(User, user.pk)}

    def rows(self, model: type[Model]) -> list[Any]:
        """The rows of a table that hold something of the person, or belong to a row that does."""
        found = [row for row in model._default_manager.all() if self.holds(row)]
        self.known |= {(model, row.pk) for row in found}
        return [row.pk for row in found]

    def holds(self, row: Model) -> bool:
        """Whether a row says whose it is."""
        for field in row._meta.concrete_fields:
            value = getattr(row, field.attname)
            if isinstance(field, ForeignKey) and (field.related_model, value) in self.known:
                return True
            if isinstance(value, bytes | memoryview) and bytes(value) in self.digests:
                return True
            if value is not None and not field.primary_key and str(value) in self.texts:
                return True
        return isinstance(row, User) and (User, row.pk) in self.known

    def all_rows(self) -> dict[str, list[Any]]:
        """The same of every table, those before that others belong to."""
        order = ["User", "Profile", "Device", "Session", "Grant", *ours()]
        return {name: self.rows(ours()[name]) for name in dict.fromkeys(order)}


def live(api: Api, inbox: Inbox) -> str:
    """A person who has a row in every table that may know them; the access token of one of their sessions."""
    api.account(inbox, ADA)
    access: str = api.login(ADA, device=PHONE).body["access"]
    api.send("PATCH", "me", access, {"full_name": NAME, "profile": {"bio": BIO}})
    api.send("POST", "email/change", access, {"email": NEW, "password": PASSWORD})
    moved = api.send("POST", "email/change/confirm", access, {"otp": inbox.newest(NEW).code})
    assert moved.status == 200, moved
    api.post("password/reset", {"email": NEW})
    api.login(NEW, "not the password")
    enrol_every_factor(User.objects.get())
    Session.objects.update(amr=["pwd", "otp", "mfa"])
    let_an_application_in(User.objects.get())
    return access


def let_an_application_in(user: User) -> None:
    now = timezone.now()
    application = Application.objects.create(client_id="shop", name="Shop", type="web", scope="openid", created_at=now)
    Consent.objects.create(user=user, application=application, scope="openid", created_at=now, updated_at=now)
    session = Session.objects.filter(revoked_at=None)[0]
    grant = create_grant(
        Client(at=now),
        application,
        session,
        proof_id=user.pk,
        scope=["openid", "offline_access"],
        audience=[],
        auth_time=now,
        amr=["pwd"],
    )
    GrantRefreshToken.objects.create(grant=grant, digest=b"1", created_at=now, expires_at=now)
    create_key(user, name="Script", scopes=["profile"], lives_for=timedelta(days=366), now=now)


def enrol_every_factor(user: User) -> None:
    now, client = timezone.now(), Client(at=timezone.now())
    totp.create_totp(user, now)
    recovery_codes.replace_recovery_codes(user, now)
    remembered_devices.remember_device(client, user, digest_credentials(user))
    FactorReset.objects.create(user=user, created_at=client.at, due_at=client.at)
    answer = ProviderAnswer(provider="google", issuer="https://accounts.google.com", subject="1", email=Email(ADA))
    link_identity(user, answer, session_id=None, now=now)
    Passkey.objects.create(
        user=user,
        credential_id=b"1",
        public_key=b"2",
        aaguid=user.pk,
        is_backup_eligible=True,
        is_backed_up=False,
        name="Phone",
        created_at=now,
    )


@pytest.fixture
def access(api: Api, inbox: Inbox) -> str:
    """Such a person."""
    return live(api, inbox)


def kept_in_database(name: str) -> bool:
    """Whether a table is used here at all."""
    return name != "StoredChallenge" or conf.challenge_store == "database"


def test_every_table_says_what_becomes_of_a_person_s_rows(access: str) -> None:
    assert fates().keys() == ours().keys()
    for name, pks in Trace(User.objects.get()).all_rows().items():
        if kept_in_database(name):
            assert bool(pks) is fates()[name].is_personal, f"{name}: {len(pks)} rows say whose they are"


def test_the_export_shows_every_row_of_every_part(api: Api, access: str) -> None:
    body = api.send("GET", "me/export", access).body
    assert body.keys() == {fate.export for fate in fates().values()} - {NONE}
    rows = Trace(User.objects.get()).all_rows()
    for name, fate in fates().items():
        if fate.export != NONE:
            part = body[fate.export]
            assert len(part if isinstance(part, list) else [part]) == len(rows[name]), name


def test_a_recovery_takes_what_it_says(api: Api, inbox: Inbox, access: str) -> None:
    """By the undo link at the first address: whatever came later may be a thief's."""
    rows = Trace(User.objects.get()).all_rows()
    issued = set(StoredChallenge.objects.values_list("pk", flat=True))
    undo = next(post for post in inbox.all(ADA) if "/email/undo/?token=" in post.text)
    assert api.post("email/change/undo", {"token": undo.token}).status == 204
    for name, fate in fates().items():
        if fate.is_personal and kept_in_database(name):
            assert what_became_of(ours()[name], rows[name], issued) == fate.recovery, name


def what_became_of(model: type[Model], pks: list[Any], issued: set[Any]) -> str:
    """In the words of the document: of rows that stood there before a recovery, and of what was issued until then."""
    left = model._default_manager.filter(pk__in=pks)
    if model is User:
        return "restored" if left.filter(email=ADA, password=NO_PASSWORD, epoch=1).count() == len(pks) else "kept"
    if not left.exists():
        return "deleted"
    if model in REVOKED:
        live = f"{REVOKED[model]}revoked_at__isnull"
        return "kept" if left.filter(**{live: True}).exists() else "revoked"
    if model in (StoredChallenge, Newest):
        named = set(left.values_list("pk" if model is StoredChallenge else "challenge_id", flat=True))
        return "kept" if any(proves_something(pk) for pk in issued & named) else "void"
    return "kept" if left.count() == len(pks) else "deleted in part"


def proves_something(challenge_id: UUID) -> bool:
    """Whether a challenge that waits for its secret would be acted on: the database decides, the store may not know."""
    found = challenges.store.get(challenge_id)
    if found is None or found.state is not State.WAITING:
        return False
    payload = challenges.unseal_payload(found, RecoveryPayload)
    return (
        address_history.find_proved_address(User.objects.get(), payload.address, payload.epoch, timezone.now())
        is not None
    )


def test_an_erasure_leaves_what_it_says(api: Api, inbox: Inbox) -> None:
    with travel(NOON, tick=False) as clock:
        access = live(api, inbox)
        assert api.send("DELETE", "me", access).status == 204
        trace = Trace(User.objects.get())
        before = trace.all_rows()
        clock.shift(timedelta(days=14, seconds=1))
        assert personal_data.erase_due_accounts(timezone.now(), 1) == 1
        clock.shift(timedelta(days=1))
        schedule.run_due_sweeps()
        left = trace.all_rows()
    for name, fate in fates().items():
        model = ours()[name]
        if fate.erasure == "emptied":
            assert left[name] == before[name], name
            values = {str(value) for row in model._default_manager.values() for value in row.values()}
            assert not values & {ADA, NEW, NAME, BIO, PHONE["device_name"]}, name
        else:
            assert left[name] == [], name
        if fate.erasure == "unlinked":
            assert model._default_manager.filter(pk__in=before[name]).count() == len(before[name]), name
