"""One table of personal fields: every column that a person fills has a row, and a new one is a row and a migration."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import models

import vestibule
from vestibule.accounts.fields import PERSONAL_FIELDS, PROFILE_FIELDS, USER_FIELDS, PersonalField
from vestibule.accounts.models import Profile, User

ROOT = Path(__file__).parents[2]
OF_THE_HOUSE = {"password", "role", "status", "picture", "language"}  # text that no person types
COMPANY = """PERSONAL_FIELDS = (
    PersonalField(
        name="company",
        label="Company",
        holder=Holder.PROFILE,
        parse=partial(parse_prose, longest=100),
        longest=100,
        at_sign_up=True,
        staff_see=True,
        autocomplete="organization",
    ),
"""


@pytest.mark.parametrize(("model", "rows"), [(User, USER_FIELDS), (Profile, PROFILE_FIELDS)])
def test_every_column_that_a_person_fills_has_a_row(model: type[models.Model], rows: tuple[PersonalField, ...]) -> None:
    columns = [each for each in model._meta.local_fields if isinstance(each, models.CharField)]
    assert {each.name: each.max_length for each in columns if each.name not in OF_THE_HOUSE} == {
        row.name: row.longest for row in rows
    }
    for row in rows:
        assert row.empty is not None or model._meta.get_field(row.name).null


def test_no_name_stands_twice() -> None:
    """At sign-up the fields of user and profile are told side by side."""
    names = [row.name for row in PERSONAL_FIELDS]
    assert len(names) == len(set(names))


def test_company_is_one_row_and_a_migration(tmp_path: Path) -> None:
    """In a copy of the source: the row, `makemigrations`, and the story of a person who tells it."""
    package = shutil.copytree(Path(vestibule.__file__).parent, tmp_path / "vestibule")
    table = package / "accounts" / "fields.py"
    table.write_text(table.read_text().replace("PERSONAL_FIELDS = (\n", COMPANY, 1))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TEST_", "PYTEST_", "STACK"))}
    environ = {**kept, "PYTHONPATH": str(tmp_path), "VAR_DIR": str(tmp_path / "var")}
    for command in (
        ["-m", "vestibule", "makemigrations", "vestibule_accounts"],
        ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/domain/company_story.py"],
    ):
        done = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout
    [added] = [path for path in (package / "accounts" / "migrations").glob("0*.py") if "company" in path.name]
    assert "AddField" in added.read_text()
