"""What the source says, read without running it: calls, and the texts that are given to them."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

import vestibule

ROOT = Path(__file__).parents[2]
SOURCE = Path(vestibule.__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Call:
    """A call, the function that it stands in (None at the top of a module), and the module."""

    node: ast.Call
    within: ast.FunctionDef | None
    module: str

    @property
    def callee(self) -> str:
        """What is called, as it is written: `conf.keys.digest`."""
        return ast.unparse(self.node.func)

    def argument(self, place: int) -> ast.expr | None:
        """What is given at this place, if anything is."""
        return self.node.args[place] if place < len(self.node.args) else None

    def keyword(self, name: str) -> ast.expr | None:
        """What is given by this name, if anything is."""
        return next((word.value for word in self.node.keywords if word.arg == name), None)

    def texts(self, node: ast.expr | None) -> Iterator[str]:
        """What an argument can be: a text, a formatted one with `{}` for each part that varies, one of two, or what a
        variable or constant holds. Nothing for a parameter or an attribute, whose texts are given elsewhere."""
        match node:
            case ast.Constant(value=str(text)):
                yield text
            case ast.JoinedStr(values=parts):
                yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
            case ast.IfExp(body=one, orelse=other):
                yield from self.texts(one)
                yield from self.texts(other)
            case ast.Name(id=name):
                yield from self._named(name)
            case None | ast.Attribute():
                pass
            case _:
                raise AssertionError(f"{self.module}:{node.lineno}: {ast.unparse(node)} cannot be read as a text")

    def _named(self, name: str) -> Iterator[str]:
        function = self.within
        if function and name in {each.arg for each in (*function.args.args, *function.args.kwonlyargs)}:
            return
        assigned = [
            node.value
            for node in ast.walk(function or ast.Module([], []))
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
        ]
        for value in assigned:
            yield from self.texts(value)
        if not assigned:
            constant = vars(import_module(self.module))[name]
            assert isinstance(constant, str), f"{self.module}: {name} is no text"
            yield constant


@cache
def trees() -> Mapping[str, ast.Module]:
    """Every module of ours but the migrations, by its dotted name."""
    paths = [path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts]
    return {
        ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): ast.parse(path.read_text())
        for path in paths
    }


@cache
def calls() -> Sequence[Call]:
    """Every call in them, once."""
    found = []
    for module, tree in trees().items():
        inside: dict[ast.Call, ast.FunctionDef] = {}
        for function in ast.walk(tree):  # the outer before the inner, so that the innermost is kept
            if isinstance(function, ast.FunctionDef):
                inside |= {node: function for node in ast.walk(function) if isinstance(node, ast.Call)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                found.append(Call(node, inside.get(node), module))
    return found
