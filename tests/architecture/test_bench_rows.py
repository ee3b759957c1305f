"""The benches make people by SQL: what they insert fits the tables as they are now."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import NOT_PROVIDED, AutoField

from tests.architecture.test_docs import ROOT

INSERT = re.compile(r"INSERT INTO (vestibule_\w+)\s*\(([^)]*)\)")
MODELS = {model._meta.db_table: model for model in apps.get_models()}
INSERTS = [
    (file, table, set(re.split(r",\s*", named)))
    for file in sorted(ROOT.glob("bench/*.py"))
    for table, named in INSERT.findall(file.read_text())
]


@pytest.mark.parametrize(("file", "table", "named"), INSERTS, ids=[f"{each[0].stem}-{each[1]}" for each in INSERTS])
def test_a_bench_names_each_column_that_has_to_be_given(file: Path, table: str, named: set[str]) -> None:
    columns = {field.column: field for field in MODELS[table]._meta.concrete_fields}
    wanted = {
        name
        for name, field in columns.items()
        if not field.null and field.db_default is NOT_PROVIDED and not isinstance(field, AutoField)
    }
    assert named <= set(columns), file
    assert wanted <= named, file


def test_there_are_such_benches() -> None:
    assert {file.stem for file, _, _ in INSERTS} == {"purge", "size", "timing"}
