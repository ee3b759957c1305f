"""The breaks of `make mutants` still have their place in the source, and their tests."""

import ast

from tests.mutants.breaks import SOURCE, TESTS, read


def test_every_break_has_its_place_and_its_tests() -> None:
    """The text that a break replaces stands exactly once in its module, and each test that must notice exists."""
    breaks = read()
    assert len({each.id for each in breaks}) == len(breaks) >= 40
    for each in breaks:
        broken = each.broken((SOURCE / "vestibule" / each.path).read_text())
        if each.path.endswith(".py"):
            ast.parse(broken)
        assert each.tests, each.id
        for test in each.tests:
            path, _, name = test.partition("::")
            found = ast.parse((TESTS / path).read_text()).body
            assert name in {node.name for node in found if isinstance(node, ast.FunctionDef)}, f"{each.id}: {test}"
