"""No name that others rely on changes by accident: all of them stand in golden/names.txt."""

import ast
import os
import re
from difflib import unified_diff
from pathlib import Path

import pytest

from tests.architecture.names import collected, task_names
from tests.architecture.source import trees
from tests.architecture.test_docs import flow_names
from vestibule.service.celery import app

GOLDEN = Path(__file__).parent / "golden/names.txt"


def test_every_name_that_others_rely_on_is_as_it_was() -> None:
    found = collected()
    if os.environ.get("REWRITE_GOLDEN"):
        GOLDEN.write_text("\n".join(found) + "\n")
    changes = list(unified_diff(GOLDEN.read_text().splitlines(), found, "as it was", "as it is", lineterm="", n=0))
    if changes:
        told = "\n".join(line for line in changes if not line.startswith("@@"))
        pytest.fail(f"{told}\n\nA name that goes breaks somebody. If that is meant: make golden", pytrace=False)


def test_a_refusal_that_is_named_in_the_source_is_that_of_a_flow() -> None:
    texts = {node.value for tree in trees().values() for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    named = {text for text in texts if isinstance(text, str) and re.fullmatch(r"\w+\.\w+\.refused", text)}
    assert named
    assert {name.removesuffix(".refused") for name in named} <= flow_names()


def test_beat_rings_for_tasks_that_exist() -> None:
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= task_names()
