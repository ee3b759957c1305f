"""Whom the staff mean: a look into an index, and no further."""

import pytest
from django.db import connection

from vestibule.accounts import directory
from vestibule.accounts.models import User

pytestmark = pytest.mark.usefixtures("house")

CROWD = """
INSERT INTO vestibule_user (id, password, email, full_name, role, status, email_verified_at, created_at, updated_at)
SELECT gen_random_uuid(), '!', (CASE WHEN n % 4 = 0 THEN 'ad' ELSE 'zo' END) || n || '@example.com', '', 'user',
       'active', now(), now(), now()
FROM generate_series(1, 20000) AS n
"""


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the plan of PostgreSQL")
def test_a_search_reads_no_table_from_its_start() -> None:
    """Many match, and the first would soon be met: it reads all where they lie at the end."""
    with connection.cursor() as cursor:
        cursor.execute(CROWD)
        cursor.execute("ANALYZE vestibule_user")
    found = directory.search_users("ad", User.objects.all())
    plan = found.values("pk").explain()
    assert "Index Cond: (((email)::text ~>=~ 'ad'::text)" in plan, plan
    assert found.count() == directory.MAX_SEARCH_RESULTS
