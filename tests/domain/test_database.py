"""Transactions and SQL of our own are where the router has our tables, as it says at that moment."""

from contextlib import suppress

import pytest
from django.db import connections, models, transaction
from django.test import override_settings
from django.utils.connection import ConnectionDoesNotExist

from vestibule.accounts.models import User
from vestibule.storage import database
from vestibule.storage.prepared import PreparedQuery

pytestmark = pytest.mark.stores


class People:
    """A router of somebody else's."""

    def db_for_write(self, model: type[models.Model], **_: object) -> str | None:
        return "people" if model._meta.app_label.startswith("vestibule_") else None


def test_where_there_is_no_router_it_is_the_default() -> None:
    assert database.alias() == database.atomic().using == "default"
    assert database.connection() is connections["default"]


def test_a_router_is_followed_and_no_longer_than_it_is_there() -> None:
    with override_settings(DATABASE_ROUTERS=[People()]):
        assert database.alias() == database.atomic().using == "people"
        with pytest.raises(ConnectionDoesNotExist, match="people"):
            database.connection()
        with pytest.raises(ConnectionDoesNotExist, match="people"):
            database.on_commit(list)
        with pytest.raises(ConnectionDoesNotExist, match="people"):
            PreparedQuery(User.objects.all(), "email").first("ada@example.com")
    assert database.alias() == "default"


@pytest.mark.django_db
def test_atomic_is_that_of_django() -> None:
    with database.atomic(savepoint=False) as inside:
        assert inside is None
        assert database.connection().in_atomic_block
    for given in ({"savepoint": False}, {"durable": True}, {}):
        assert vars(database.atomic(**given)) == vars(transaction.atomic("default", **given))


@pytest.mark.django_db(transaction=True)
def test_what_waits_for_the_commit_is_done_after_it_and_not_after_a_rollback() -> None:
    done: list[str] = []
    with database.atomic():
        database.on_commit(lambda: done.append("after"))
        assert done == []
    assert done == ["after"]
    with suppress(ZeroDivisionError), database.atomic():
        database.on_commit(lambda: done.append("never"))
        raise ZeroDivisionError
    assert done == ["after"]
