"""Docstrings and comments say what the code does, in plain words (docs/architecture.md, CONTRIBUTING.md)."""

import ast
import builtins
import re
import tokenize
from collections.abc import Iterator

import django.db
import pytest

from tests.architecture.source import SOURCE, trees

ITEM = re.compile(r"    (\w+): \S.*")
# Its module is as long as a module may be: each of these would take three lines more.
ON_ONE_LINE = {"vestibule.challenges.engine"}
HEADLESS = re.compile(r"\bwhoever\b|\bwhat is no\b|(?<!street and )\bthe house\b|\bskins?\b", re.IGNORECASE)


def docstrings() -> Iterator[tuple[str, str, str]]:
    """The module, the name and the docstring of each module, class and function that has one."""
    for module, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (text := ast.get_docstring(node)):
                yield module, getattr(node, "name", ""), text


def comments() -> Iterator[tuple[str, str]]:
    """Each comment of the source, with its place."""
    for path in SOURCE.rglob("*.py"):
        if "migrations" not in path.parts:
            with path.open("rb") as file:
                for token in tokenize.tokenize(file.readline):
                    if token.type == tokenize.COMMENT:
                        yield f"{path.relative_to(SOURCE)}:{token.start[0]}", token.string


def items_of(docstring: str) -> list[str]:
    """The lines of `Raises:`, each with those that continue it."""
    section = re.search(r"^Raises:\n((?:    .*\n?)+)", docstring, re.MULTILINE)
    return re.sub(r"\n {8}", " ", section[1]).splitlines() if section else []


@pytest.fixture(scope="module")
def errors() -> set[str]:
    """The names that exceptions may have: Python's, Django's, those of the source, and those that it uses."""
    known = {*dir(builtins), *dir(django.db)}
    for tree in trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                known.add(node.name)
            elif isinstance(node, ast.ImportFrom):
                known |= {each.name for each in node.names}
            elif isinstance(node, ast.Attribute):
                known.add(node.attr)
    return known


def test_what_a_function_raises_is_a_list_with_reasons(errors: set[str]) -> None:
    for module, name, text in docstrings():
        place = f"{module}.{name}"
        if module not in ON_ONE_LINE:
            assert not re.search(r"\bRaises [A-Z`]", text), f"{place}: write `Raises:`, and below it a line for each"
        for item in items_of(text):
            found = ITEM.fullmatch(item)
            assert found, f"{place}: `{item.strip()}` is not `Error: reason`"
            assert found[1] in errors, f"{place}: there is no {found[1]}"


def test_docstrings_and_comments_name_who_acts() -> None:
    texts = [*((f"{module}.{name}", text) for module, name, text in docstrings()), *comments()]
    assert not [(place, found[0]) for place, text in texts if (found := HEADLESS.search(text))]
