"""`make measures`: names, sizes, cycles, `Any`, and the calls of one sign-up, as a table; `--json` for a program.

A one-word name has no underscore inside; a shared name stands, as a module-level function, in more than one module.
A call is one of a function of ours by anybody; a move, a call that goes from one of our modules to another, or from
one package to another. A function, and a way from one module to another, is counted once, however often it is called
(docs/decisions/0139).
"""

import ast
import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles
from types import FrameType
from typing import Any

import vestibule

SOURCE = Path(vestibule.__file__).parent
Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules() -> dict[Path, ast.Module]:
    """Every module of ours but migrations, parsed."""
    paths = (path for path in sorted(SOURCE.rglob("*.py")) if "migrations" not in path.parts)
    return {path: ast.parse(path.read_text()) for path in paths}


def functions(tree: ast.AST) -> Iterator[Function]:
    """Functions and methods, nested ones too; no dunders."""
    for node in ast.walk(tree):
        if isinstance(node, Function) and not node.name.startswith("__"):
            yield node


def names(trees: dict[Path, ast.Module]) -> dict[str, float]:
    """How much of the names is one word, and how much stands in several modules, in per cent."""
    every = [each.name for tree in trees.values() for each in functions(tree)]
    places = defaultdict(set)
    for path, tree in trees.items():
        for node in tree.body:
            if isinstance(node, Function):
                places[node.name].add(path)
    several = sum(len(found) for found in places.values() if len(found) > 1)
    one_word = [name for name in every if "_" not in name.strip("_")]
    return {
        "functions": len(every),
        "one-word function names, %": round(100 * len(one_word) / len(every), 1),
        "module functions whose name stands in several modules, %": round(
            100 * several / sum(map(len, places.values())), 1
        ),
    }


def sizes(trees: dict[Path, ast.Module]) -> dict[str, float]:
    """Lines of modules and functions, and uses of `Any` in a thousand lines."""
    lines = [len(path.read_text().splitlines()) for path in trees]
    long = [(node.end_lineno or 0) - node.lineno + 1 for tree in trees.values() for node in functions(tree)]
    uses = [node for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.Name)]
    return {
        "modules": len(trees),
        "lines": sum(lines),
        "lines of a module, median": median(lines),
        "lines of a module, longest": max(lines),
        "lines of a function, median": median(long),
        "lines of a function, 90 %": quantiles(long, n=10)[-1],
        "lines of a function, longest": max(long),
        "Any in 1,000 lines": round(1000 * sum(node.id == "Any" for node in uses) / sum(lines), 1),
    }


def cycles() -> dict[str, float]:
    """Groups of packages at the top that import one another in a ring."""
    from grimp import build_graph  # noqa: PLC0415 - takes seconds, and only this measure needs it

    graph = build_graph("vestibule")
    return {"cycles among packages": len(graph.nominate_cycle_breakers("vestibule"))}


class Calls:
    """Counts our own calls, and the moves between our modules and packages, of what runs while it is entered."""

    def __init__(self) -> None:
        self.calls, self.moves, self.package_moves = 0, 0, 0
        self.functions: set[tuple[str, str]] = set()
        self.ways: set[tuple[str, str]] = set()
        self._source = f"{SOURCE}/"

    def __enter__(self) -> "Calls":
        sys.setprofile(self._count)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _count(self, frame: FrameType, event: str, _: Any) -> None:
        where = frame.f_code.co_filename
        if event != "call" or not where.startswith(self._source):
            return
        self.calls += 1
        self.functions.add((where, frame.f_code.co_qualname))
        caller = frame.f_back
        while caller and not caller.f_code.co_filename.startswith(self._source):
            caller = caller.f_back
        if caller and caller.f_code.co_filename != where:
            self.moves += 1
            self.ways.add((caller.f_code.co_filename, where))
            self.package_moves += self._package(caller.f_code.co_filename) != self._package(where)

    def _package(self, path: str) -> str:
        return path.removeprefix(self._source).partition("/")[0]


def sign_up() -> dict[str, float]:
    """One `register/start`, the second of its process, on an empty embedded database."""
    from tests import environment  # noqa: F401, PLC0415 - a folder of its own, before Django reads it

    os.environ["LOG_LEVEL"] = "ERROR"
    import django  # noqa: PLC0415 - as above

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415 - after the settings

    from tests.world import PASSWORD, Api  # noqa: PLC0415 - after the settings

    call_command("migrate", verbosity=0)
    Api().start(email="first@example.com", password=PASSWORD)
    with Calls() as counted:
        reply = Api().start(email="ada@example.com", password=PASSWORD)
    assert reply.status == 202, reply
    return {
        "calls of a sign-up": counted.calls,
        "functions of a sign-up": len(counted.functions),
        "moves between modules of a sign-up": counted.moves,
        "moves between packages of a sign-up": counted.package_moves,
        "ways between modules of a sign-up": len(counted.ways),
    }


def main() -> None:
    """Print all of it."""
    trees = modules()
    found = {**names(trees), **sizes(trees), **cycles(), **sign_up()}
    if "--json" in sys.argv:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        return
    for name, number in found.items():
        sys.stdout.write(f"{name:60} {number:>10,}\n")


if __name__ == "__main__":
    main()
