"""`vestibule serve` in an empty folder works, and what it writes there is nobody else's to read."""

from io import StringIO

import pytest
from django.test import Client

from tests.doctors import migration_missing
from vestibule.kernel import cached
from vestibule.service.cli.management.commands import serve
from vestibule.service.ops import migrations


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_not_migrated_is_said_by_serve_and_by_readiness(house: None) -> None:
    told = StringIO()
    with migration_missing():
        migrations.reset_migration_check()
        cached.reset_all()
        serve.Command(stderr=told).warn_if_not_migrated()
        answer = Client().get("/health/ready")
        assert answer.status_code == 503
        assert answer.json()["checks"]["database"] == "not migrated"
    assert "run `vestibule migrate`" in told.getvalue()
    cached.reset_all()
    assert Client().get("/health/ready").json()["checks"]["database"] == "ok"
