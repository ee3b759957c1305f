"""No path of ours is written from the root: a `urls.py` says it from where it is included, and everywhere else it is
asked for by its name. So a project may include us under whatever prefix it likes."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.test_docs import ROOT
from tests.architecture.test_shape import endpoints

SRC = ROOT / "src/vestibule"
SEGMENTS = {path.partition("/")[0] for path in endpoints()} - {""} | {"auth", "static", "health"}
# A path at the beginning of a string, or after a host, a variable or a word; not what prose says in backticks.
LITERAL = re.compile(rf"(?<![\w`/.<])/(?:{'|'.join(map(re.escape, sorted(SEGMENTS)))})(?:[/?\"'}}#{{]|$)")
TEXTS = [
    path
    for suffix in ("html", "txt", "js")
    for path in SRC.rglob(f"*.{suffix}")
    if "vendor" not in path.parts and {"templates", "static"} & set(path.parts)
]


def strings(tree: ast.AST) -> Iterator[str]:
    """Every string of a module but its docstrings."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # a string that is no value
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


def written(path: Path) -> list[str]:
    """The paths of ours that are written out there."""
    text = path.read_text()
    pieces = strings(ast.parse(text)) if path.suffix == ".py" else text.splitlines()
    return [piece.strip() for piece in pieces if LITERAL.search(piece)]


def test_no_source_writes_a_path_of_ours() -> None:
    sources = [path for path in SRC.rglob("*.py") if "migrations" not in path.parts]
    found = {str(path.relative_to(SRC)): lines for path in sources if (lines := written(path))}
    assert not found
    assert len(sources) > 150


def test_no_template_and_no_script_writes_a_path_of_ours() -> None:
    found = {str(path.relative_to(SRC)): lines for path in TEXTS if (lines := written(path))}
    assert not found
    assert len(TEXTS) > 40


@pytest.mark.parametrize(
    "line", ["/login/", "/admin/accounts/user/1/", "see /api/docs", 'href="/register/?channel=sms"', "{base}/account/"]
)
def test_a_path_of_ours_is_recognised(line: str) -> None:
    assert LITERAL.search(line)


@pytest.mark.parametrize("line", ["`/login/` is the page", "text/html", "https://example.com/login/", "%d/%m"])
def test_other_words_are_none(line: str) -> None:
    assert not LITERAL.search(line)
