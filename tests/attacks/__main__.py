"""`make attacks`: write docs/attacks.md, case by case the tests that show it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.attacks.cases import CHAPTERS, Case

TESTS = Path(__file__).parents[1]
DOC = TESTS.parent / "docs/attacks.md"
HEAD = """# Attacks that must fail

Each case, and the tests that show that it fails; `make attacks` writes this table, `make test` holds it. P0 cases
hold a release back. `python -m pytest -k enum_08` runs what is named for a case, on SQLite; with `STACK=production`
before it, on PostgreSQL, Redis and SMTP. Defences broken one at a time, and which test notices: `make mutants`.
"""
_NAMED = re.compile(r"test_(?!ux_)([a-z]+)_(\d\d)")  # what stood in a user's way is no attack
_TOLD = re.compile(r"[A-Z]{2,5}-\d\d(?:(?:,? and |, )[A-Z]{2,5}-\d\d)*")


def main() -> None:
    """Write the table."""
    DOC.write_text(table())


def table() -> str:
    """The whole document."""
    shown = tests_by_case()
    lines = [HEAD]
    for chapter, cases in CHAPTERS.items():
        lines += [f"## {chapter}", "", "| case | gate | attack | tests |", "|---|---|---|---|"]
        lines += [f"| {case.id} | {case.gate} | {case.title} | {_tests(case, shown)} |" for case in cases]
        lines.append("")
    return "\n".join(lines)


def tests_by_case() -> dict[str, list[str]]:
    """The tests that show each case, as `folder/module::name`."""
    shown: dict[str, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        module = path.relative_to(TESTS).with_suffix("").as_posix()
        for name, cases in _functions(ast.parse(path.read_text())):
            for case in cases:
                shown.setdefault(case, []).append(f"{module}::{name}")
    return shown


def _functions(module: ast.Module) -> Iterator[tuple[str, list[str]]]:
    for each in ast.walk(module):
        if isinstance(each, ast.FunctionDef) and each.name.startswith("test_"):
            named = _NAMED.match(each.name)
            told = _TOLD.match(ast.get_docstring(each) or "")
            cases = [f"{named[1].upper()}-{named[2]}"] if named else []
            yield each.name, list(dict.fromkeys([*cases, *(re.findall(r"[A-Z]+-\d\d", told[0]) if told else [])]))


def _tests(case: Case, shown: dict[str, list[str]]) -> str:
    found = shown.get(case.id, [])
    if not found and case.waits_for:
        return f"waits for {case.waits_for}"
    return "<br>".join(f"`{each}`" for each in found)


if __name__ == "__main__":
    main()
