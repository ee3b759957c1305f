"""Queries that are compiled once say what the ORM says; rows that are inserted and changed so are as it would leave
them."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection
from django.db.models import Exists, OuterRef
from django.db.transaction import atomic
from django.test.utils import CaptureQueriesContext

from tests.environment import PRODUCTION
from vestibule.accounts.models import Profile, Status, User
from vestibule.sessions.models import RefreshToken, Session
from vestibule.storage.prepared import PreparedQuery
from vestibule.storage.rows import insert_new_row, insert_once, insert_row, inserted_together, update_row, write_row

NOW = datetime(2027, 4, 5, 12, 0, 0, 123456, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def person(email: str, status: Status = Status.ACTIVE) -> User:
    user = insert_row(User(email=email, password="!", status=status, email_verified_at=NOW))
    insert_row(Profile(user=user, bio="Mathematician"))
    return user


def session(user: User, **facts: object) -> Session:
    times = {"created_at": NOW, "last_seen_at": NOW, "expires_at": NOW + timedelta(days=1), "auth_time": NOW}
    return insert_row(Session(**{"user": user, "amr": ["pwd", "otp"], "address": "2001:db8::1", **times, **facts}))


def fields(row: object) -> dict[str, object]:
    return {name: value for name, value in vars(row).items() if not name.startswith("_")}


def test_a_row_and_what_it_selects_along_are_those_of_the_orm() -> None:
    person("eve@example.com")
    made = session(person("ada@example.com"))
    rows = Session.objects.select_related("user__profile")
    prepared = PreparedQuery(rows, "id")
    for _ in range(2):
        found, wanted = prepared.first(made.pk), rows.get(pk=made.pk)
        assert found is not None
        assert fields(found) == fields(wanted) == fields(made)
        assert fields(found.user) == fields(wanted.user)
        assert fields(found.user.profile) == fields(wanted.user.profile)
    assert prepared.first(made.user_id) is None


def test_a_filter_of_its_own_and_lookups_in_their_order() -> None:
    ada, eve = person("ada@example.com"), person("eve@example.com", Status.PENDING)
    accounts = PreparedQuery(User.objects.exclude(status=Status.PENDING), "email")
    assert accounts.first("ada@example.com") == ada
    assert accounts.first(eve.email) is None
    old = session(ada, created_at=NOW - timedelta(days=2))
    new = session(ada)
    session(ada, revoked_at=NOW)
    recent = PreparedQuery(Session.objects.filter(revoked_at=None).only("id"), "user_id", "created_at__gt")
    assert recent.all(ada.pk, NOW - timedelta(days=1)) == [new]
    assert {row.pk for row in recent.all(ada.pk, NOW - timedelta(days=3))} == {old.pk, new.pk}
    assert recent.first(eve.pk, NOW - timedelta(days=3)) is None
    with pytest.raises(ValueError, match="NULL"):
        recent.first(None, NOW)


def test_annotations_are_those_of_the_orm() -> None:
    ada, eve = person("ada@example.com"), person("eve@example.com")
    session(ada)
    rows = User.objects.only("id").annotate(
        is_in=Exists(Session.objects.filter(user=OuterRef("pk"), amr__isnull=False))
    )
    prepared = PreparedQuery(rows, "id")
    for user, is_in in ((ada, True), (eve, False)):
        found, wanted = prepared.first(user.pk), rows.get(pk=user.pk)
        assert fields(found) == fields(wanted) == {"id": user.pk, "is_in": is_in}


def test_what_is_there_is_not_inserted_again() -> None:
    kept = {"session": session(person("ada@example.com")), "created_at": NOW, "expires_at": NOW}
    parent = RefreshToken.objects.create(digest=b"p" * 32, **kept)
    assert insert_once(RefreshToken(digest=b"c" * 32, parent=parent, **kept))
    assert not insert_once(RefreshToken(digest=b"c" * 32, **kept))
    assert not insert_once(RefreshToken(digest=b"d" * 32, parent=parent, **kept))
    assert RefreshToken.objects.get(parent=parent).digest == b"c" * 32
    assert RefreshToken.objects.count() == 2


def test_rows_that_belong_together_are_inserted_together() -> None:
    """Also those of another such body within, and in the order in which they came."""
    kept = {"created_at": NOW, "expires_at": NOW}
    eve = session(person("eve@example.com"))
    with atomic(), CaptureQueriesContext(connection) as statements, inserted_together():
        user = person("ada@example.com")
        with inserted_together():
            mine = session(user)
            insert_row(RefreshToken(digest=b"b" * 32, session=mine, **kept))
        write_row("UPDATE vestibule_session SET agent = %s WHERE address = %s", ["Lynx", eve.address])
        insert_new_row(RefreshToken(digest=b"a" * 32, session=mine, **kept), LookupError())
        insert_row(RefreshToken(digest=b"c" * 32, session=mine, **kept))
        assert mine._state.adding
        assert not statements.captured_queries
    assert len(statements) == (1 if PRODUCTION else 7)
    for made in (user, user.profile, mine):
        assert not made._state.adding
        assert fields(made) | {"agent": ""} == {
            **fields(type(made).objects.get(pk=made.pk)),
            **fields(made),
            "agent": "",
        }
    digests = RefreshToken.objects.filter(session=mine).order_by("pk").values_list("digest", flat=True)
    assert [bytes(each)[:1] for each in digests] == [b"a", b"b", b"c"]
    eve.refresh_from_db()
    assert eve.agent == "Lynx"


def test_a_row_that_is_there_refuses_what_would_be_inserted_with_it() -> None:
    kept = {"session": session(person("ada@example.com")), "created_at": NOW, "expires_at": NOW}
    RefreshToken.objects.create(digest=b"p" * 32, **kept)
    refused, tokens = LookupError(), RefreshToken.objects.count()

    def insert(together: Callable[[], AbstractContextManager[None]]) -> None:
        with atomic(), together():
            insert_row(RefreshToken(digest=b"q" * 32, **kept))
            insert_new_row(RefreshToken(digest=b"p" * 32, **kept), refused)

    for together in (inserted_together, nullcontext):
        with pytest.raises(LookupError) as told:
            insert(together)
        assert told.value is refused
        assert RefreshToken.objects.count() == tokens
    with atomic():
        insert_new_row(RefreshToken(digest=b"q" * 32, **kept), refused)
    assert RefreshToken.objects.count() == tokens + 1


def test_of_rows_together_either_all_are_inserted_or_none() -> None:
    user = person("ada@example.com")

    def insert(then: Callable[[], object]) -> None:
        with atomic(), inserted_together():
            session(user)
            then()

    def fail() -> None:
        raise LookupError

    with pytest.raises(IntegrityError):
        insert(lambda: person("ada@example.com"))
    with pytest.raises(LookupError):
        insert(fail)
    assert not Session.objects.exists()
    session(user)  # nothing is held back any more
    assert Session.objects.count() == 1


def test_a_row_changes_while_it_is_what_it_was() -> None:
    mine = session(person("ada@example.com"))
    theirs, other = Session.objects.get(pk=mine.pk), session(mine.user)
    later = NOW + timedelta(hours=1)
    assert update_row(mine, "last_seen_at", last_seen_at=later, amr=["webauthn"], revoked_at=NOW, address=None)
    assert fields(mine) == fields(Session.objects.get(pk=mine.pk))
    assert (mine.last_seen_at, mine.amr, mine.revoked_at, mine.address) == (later, ["webauthn"], NOW, None)
    assert not update_row(theirs, "last_seen_at", revoked_at=None)
    assert theirs.last_seen_at == NOW  # what was not changed is not said to be
    assert fields(mine) == fields(Session.objects.get(pk=mine.pk))
    assert fields(other) == fields(Session.objects.get(pk=other.pk))
