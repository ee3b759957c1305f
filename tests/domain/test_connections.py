"""A kept connection is looked at before it is used, and no round trip is made for it."""

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from tests.servers import until

pytestmark = [
    pytest.mark.stores,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="a file hangs nobody up"),
]


def test_a_connection_that_stands_is_usable() -> None:
    connection.ensure_connection()
    assert connection.is_usable()


def test_one_that_the_server_cut_is_not() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    database = settings.DATABASES["default"]
    with psycopg.connect(
        host=database["HOST"], port=database["PORT"], user=database["USER"], dbname="postgres"
    ) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])
    until(lambda: not connection.is_usable(), "the cut to be seen")
    connection.close()


def test_nor_one_that_was_closed_under_our_hands() -> None:
    connection.ensure_connection()
    connection.connection.close()
    assert not connection.is_usable()
    connection.close()
    assert not connection.is_usable()
