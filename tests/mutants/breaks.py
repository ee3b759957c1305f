"""One-line breaks of defences (`breaks.toml`), each with the tests that must notice it."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parents[1]
SOURCE = TESTS.parent / "src"


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """What is broken, in one sentence; where (`path` in src/vestibule), by which text in place of which; and the tests
    that must notice, as `folder/module.py::function`. `stack`: on which they run, "production" or "" for SQLite."""

    id: str
    what: str
    path: str
    old: str
    new: str
    tests: tuple[str, ...]
    stack: str = ""

    def broken(self, text: str) -> str:
        """The text of the module with the defence broken. Raises LookupError where `old` is not in it exactly once."""
        if text.count(self.old) != 1:
            raise LookupError(f"{self.id}: {self.path} holds {text.count(self.old)} times: {self.old}")
        return text.replace(self.old, self.new)


def read() -> list[Break]:
    """All of them, in the order of the table."""
    table = tomllib.loads((TESTS / "mutants/breaks.toml").read_text())
    return [Break(**{**each, "tests": tuple(each["tests"])}) for each in table["break"]]
