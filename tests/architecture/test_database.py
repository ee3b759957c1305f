"""Whoever opens a transaction or writes SQL does it in the database of our tables, which a router of somebody else's
project may have put elsewhere than in `default` (docs/decisions/0103). What Ruff says of this does not reach all
layers."""

import ast
from collections.abc import Iterator

from tests.architecture.source import trees

DEFAULT_ONLY = {"transaction", "connection", "connections", "router", "DEFAULT_DB_ALIAS"}
MODULES = {"django.db", "django.db.transaction", "django.db.utils"}
MAY = {
    "vestibule.storage.database",
    "vestibule.service.cli.management.commands.migrate",  # is told which
    "vestibule.service.cli.management.commands.serve",  # closes them all
}


def imported(tree: ast.Module) -> Iterator[str]:
    """What a module takes of Django that means the database `default`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in MODULES:
            names = {each.name for each in node.names}
            yield from names if node.module == "django.db.transaction" else names & DEFAULT_ONLY
        elif isinstance(node, ast.Import):
            yield from {each.name for each in node.names} & MODULES
        elif isinstance(node, ast.Call) and says_where(node):
            yield ast.unparse(node)


def says_where(call: ast.Call) -> bool:
    return ast.unparse(call.func).endswith(".using") or any(word.arg == "using" for word in call.keywords)


def test_nobody_but_one_module_says_which_database() -> None:
    found = {module: list(imported(tree)) for module, tree in trees().items() if module not in MAY}
    assert not {module: names for module, names in found.items() if names}
    assert all(any(imported(trees()[module])) for module in MAY)
