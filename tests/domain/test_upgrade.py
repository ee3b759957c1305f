"""What began before an upgrade ends after it: proofs sealed as version b28c98f sealed them, and rows that its processes
still insert while hosts are replaced one after the other."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AddField, CreateModel
from django.utils import timezone

from tests.domain.test_payloads import examples
from tests.world import PASSWORD, Api, Http, Inbox, Reply
from vestibule.accounts import lifecycle
from vestibule.accounts.account_details import AccountDetails
from vestibule.accounts.identifiers import FullName
from vestibule.accounts.models import Status, User
from vestibule.addresses.address import Email
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.policy import Purpose, SecretKind
from vestibule.challenges.store import Challenge
from vestibule.kernel import entropy

ADA = "ada@example.com"
CHOSEN = "another correct horse battery"


@dataclass(frozen=True)
class Begun:
    """What the person holds of a challenge that was issued before."""

    handle: str
    code: str
    link: str


def before(purpose: Purpose, subject: bytes | None = None, **changes: Any) -> Begun:
    """A challenge as version b28c98f issued it: its own JSON, sealed without a version, but for these fields."""
    id, code, link, now = entropy.random_uuid(), entropy.random_code(8), entropy.random_token(), timezone.now()
    policy, secrets, data = challenges.policies[purpose], challenges.secrets, {**sealed_before(purpose), **changes}
    code = code[: policy.digits]
    both = policy.secret is SecretKind.CODE_AND_LINK
    shown = (code, link) if both else (code,) if policy.secret is SecretKind.CODE else (link,)
    sealed = json.dumps({"decoy": False, "data": data}).encode()
    challenges.store.add(
        Challenge(
            id=id,
            purpose=purpose,
            subject=subject or Email(ADA).digest,
            digests=secrets.digest_secrets(purpose, id, *shown, decoy=False),
            sealed_payload=secrets.keys.seal(f"payload {purpose}", sealed, context=id.bytes),
            sent_at=now,
            expires_at=now + policy.ttl,
        )
    )
    return Begun(secrets.sign_handle(purpose, id), code, secrets.sign_link_token(purpose, id, link))


def sealed_before(purpose: Purpose) -> dict[str, Any]:
    """What a proof of this purpose sealed: without marks, epochs, and a word on whether its message was sent."""
    return dict(examples("b28c98f")[purpose][0]["data"])


def waiting() -> Begun:
    """A sign-up that waits for its link or code, with its PENDING row."""
    hashed = make_password(PASSWORD)
    details = AccountDetails(
        password=hashed, email=Email(ADA), username=None, full_name=FullName(""), phone_number=None, language=""
    )
    user_id = lifecycle.save_pending_user(details, entropy.random_uuid(), timezone.now())
    User.objects.update(sign_up_id=None)
    return before(Purpose.PENDING_REGISTRATION, user_id=str(user_id), password_hash=hashed)


def verify(**body: str | None) -> Reply:
    return Api().post("verify-email", body)


def test_a_sign_up_begun_before_is_confirmed_by_its_code(api: Api) -> None:
    """FLT-17."""
    begun = before(Purpose.REGISTRATION, password_hash=make_password(PASSWORD))
    assert api.confirm(begun.handle, begun.code).status == 201
    assert User.objects.get(email=ADA).status == Status.ACTIVE


def test_a_sign_up_begun_before_is_sent_again_and_elsewhere(api: Api, inbox: Inbox) -> None:
    begun = before(Purpose.REGISTRATION, password_hash=make_password(PASSWORD))
    moved = api.post("register/redirect", {"registration": begun.handle, "email": "ada@example.org"})
    assert moved.status == 202
    assert api.confirm(moved.registration, inbox.newest("ada@example.org").code).status == 201


@pytest.mark.parametrize("way", ["link in this browser", "link and password", "code", "code and password"])
def test_a_waiting_sign_up_begun_before_is_confirmed(way: str, api: Api) -> None:
    """FLT-17."""
    begun = waiting()
    if way == "link in this browser":
        reply = verify(token=begun.link, registration=begun.handle)
    elif way == "link and password":
        reply = verify(token=begun.link, password=PASSWORD)
    elif way == "code":
        reply = api.confirm(begun.handle, begun.code)
    else:
        reply = verify(email=ADA, otp=begun.code, password=PASSWORD)
    assert reply.status in (200, 201), reply
    user = User.objects.get(email=ADA)
    assert user.status == Status.ACTIVE
    assert user.check_password(PASSWORD)


def test_a_waiting_sign_up_begun_before_is_confirmed_at_the_page_of_its_link(house: None) -> None:
    begun = waiting()
    answer = Http().post("/verify-email/", {"token": begun.link, "password": PASSWORD})
    assert answer.status_code in (200, 303)
    assert User.objects.get(email=ADA).status == Status.ACTIVE


@pytest.mark.parametrize("way", ["link", "code"])
def test_a_reset_asked_for_before_sets_the_password(way: str, api: Api, inbox: Inbox) -> None:
    """FLT-17."""
    api.account(inbox, ADA)
    user = User.objects.get(email=ADA)
    asked = before(Purpose.PASSWORD_RESET, user_id=str(user.pk))
    shown = {"token": asked.link} if way == "link" else {"email": ADA, "otp": asked.code}
    assert api.post("password/reset/confirm", {**shown, "password": CHOSEN}).status == 204
    assert api.login(ADA, CHOSEN).status == 200


def test_a_reset_asked_for_before_does_not_outlive_a_recovery(api: Api, inbox: Inbox) -> None:
    api.account(inbox, ADA)
    user = User.objects.get(email=ADA)
    asked = before(Purpose.PASSWORD_RESET, user_id=str(user.pk))
    User.objects.filter(pk=user.pk).update(epoch=1)
    refused = api.post("password/reset/confirm", {"token": asked.link, "password": CHOSEN})
    assert (refused.status, refused.code) == (410, "token_expired")


def test_an_account_closed_before_is_kept_by_its_link(api: Api, inbox: Inbox) -> None:
    api.account(inbox, ADA)
    user = User.objects.get(email=ADA)
    lifecycle.schedule_closing_by_owner(user.pk, timezone.now() + timedelta(days=14))
    link = before(Purpose.ACCOUNT_UNDO, challenges.person_subject(user.pk), user_id=str(user.pk)).link
    assert api.post("me/keep", {"token": link}).status == 204
    assert User.objects.get(pk=user.pk).status == Status.ACTIVE


@pytest.mark.parametrize(
    ("purpose", "path"), [(Purpose.EMAIL_UNDO, "email/change/undo"), (Purpose.NOT_ME, "sessions/disown")]
)
def test_a_link_that_does_not_say_which_address_counts_more_is_dead(
    purpose: Purpose, path: str, api: Api, inbox: Inbox
) -> None:
    """A thief's is as good as an owner's: both are told that it expired, and nothing changes."""
    api.account(inbox, ADA)
    user = User.objects.get(email=ADA)
    link = before(purpose, challenges.person_subject(user.pk), user_id=str(user.pk)).link
    refused = api.post(path, {"token": link})
    assert (refused.status, refused.code) == (410, "token_expired")
    assert api.login(ADA).status == 200


def test_every_column_that_a_migration_adds_is_filled_by_the_database() -> None:
    """An older process, which does not know the column, inserts rows until it is replaced."""
    for (app, name), migration in MigrationLoader(None).disk_migrations.items():
        if not migration.__module__.startswith("vestibule."):
            continue
        made = {op.name_lower for op in migration.operations if isinstance(op, CreateModel)}  # nobody inserts there yet
        for op in migration.operations:
            if isinstance(op, AddField) and op.model_name_lower not in made:
                field = op.field
                filled = field.null or field.has_db_default() or field.many_to_many
                assert filled, f"{app} {name}: {op.name}"


def test_a_row_of_an_older_process_is_taken(api: Api, inbox: Inbox) -> None:
    """FLT-17: as it is inserted by one that knows neither `epoch`, `own_closing` nor `sign_up_id`."""
    api.account(inbox, ADA)
    newer = ("epoch", "own_closing", "sign_up_id")
    columns = [str(field.column) for field in User._meta.concrete_fields if field.name not in newer]
    values = ", ".join({"id": "%s", "email": "%s"}.get(column, column) for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO vestibule_user ({', '.join(columns)}) SELECT {values} FROM vestibule_user",
            [User._meta.pk.get_db_prep_save(entropy.row_id(), connection), "bob@example.com"],
        )
    bob = User.objects.get(email="bob@example.com")
    assert (bob.epoch, bob.own_closing) == (0, False)
