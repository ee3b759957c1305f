"""Every name in the prose exists: modules, functions, files. A rename that forgets the docs fails here."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, trees

SOURCE = ROOT / "src/vestibule"
# docs/attacks.md and docs/openapi.yaml are generated; decisions tell what was so when they were taken.
PROSE = ["CONTRIBUTING.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
GENERATED = {"docs/attacks.md"}
WHOLLY_NAMED = {"docs/architecture.md", "docs/glossary.md"}  # in these every identifier in back quotes is one of ours
SUFFIXES = ("py", "toml", "txt", "md", "yaml", "yml", "html", "json", "lua", "sh")
MADE_AT_RUN_TIME = {"var/"}
OF_OPERATORS = "templates/vestibule/"  # what an operator's folder has over a template of ours (docs/branding.md)
OF_OTHERS = {"pg_stat_database.sessions"}  # PostgreSQL's
OLD_WORDS = re.compile(r"\b(skins?|guards/\w*|handing|ways_in|signing_up|owner\.py|desk|roster)\b")


def quoted(document: str) -> set[str]:
    """What stands in back quotes, outside of blocks of code."""
    prose = re.sub(r"^```.*?^```", "", (ROOT / document).read_text(), flags=re.MULTILINE | re.DOTALL)
    return {text.removesuffix("()") for text in re.findall(r"`([^`\n]+)`", prose)}


@cache
def public_names() -> set[str]:
    """Of events, flows, log lines and the like, which are spelled with dots too."""
    golden = (ROOT / "tests/architecture/golden/names.txt").read_text()
    return set(re.findall(r"[\w.]+", golden))


@cache
def definitions() -> dict[str, set[str]]:
    """What each module and each of its classes defines, by dotted name."""
    found: dict[str, set[str]] = {}
    for module, tree in trees().items():
        found[module] = set(names_in(tree.body))
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                found[f"{module}.{node.name}"] = set(names_in(node.body))
    for module in list(found):
        package, _, name = module.rpartition(".")
        found.setdefault(package, set()).add(name)
    return found


def names_in(body: list[ast.stmt]) -> Iterator[str]:
    """The names that these statements define."""
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Assign(targets=targets):
                yield from (each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name))


@cache
def words() -> set[str]:
    """Every identifier of the source."""
    return {word for path in SOURCE.rglob("*.py") for word in re.findall(r"[A-Za-z_]\w*", path.read_text())}


def is_defined(dotted: str) -> bool:
    """Whether some module or class whose name ends like this defines the last part."""
    owner, _, name = dotted.rpartition(".")
    return any(
        name in defined and (each == owner or each.endswith(f".{owner}")) for each, defined in definitions().items()
    )


def is_dotted_name(text: str) -> bool:
    """Whether it names something in a module or a class, rather than an event, a flow or the like."""
    like_code = re.fullmatch(r"[A-Z][a-z]\w*\.\w+|[a-z_]\w*(\.\w+)+", text)
    return bool(like_code) and text not in public_names() | OF_OTHERS


def is_path(text: str) -> bool:
    """Whether it names a file or a folder of the repository, and no path of a URL."""
    return bool(re.fullmatch(r"[\w-][\w./-]*", text)) and (
        text.endswith("/") or Path(text).suffix[1:] in SUFFIXES or text.partition("/")[0] in {"src", "tests", "docs"}
    )


def exists(path: str) -> bool:
    """From the root, from the package, or, as a bare name, anywhere."""
    if path in MADE_AT_RUN_TIME or (ROOT / path).exists() or (SOURCE / path).exists():
        return True
    if path.startswith(OF_OPERATORS):
        return any(SOURCE.rglob(path))
    return "/" not in path and any(each for folder in (SOURCE, ROOT / "deploy") for each in folder.rglob(path))


@pytest.mark.parametrize("document", [each for each in PROSE if each not in GENERATED])
def test_every_file_and_function_that_prose_names_exists(document: str) -> None:
    for text in sorted(quoted(document)):
        if is_path(text):
            assert exists(text), f"{document}: there is no {text}"
        elif is_dotted_name(text):
            assert is_defined(text), f"{document}: nothing defines {text}"
        elif document in WHOLLY_NAMED and re.fullmatch(r"[A-Za-z_]\w*", text):
            assert text in words(), f"{document}: the source knows no {text}"


@pytest.mark.parametrize("document", [each for each in PROSE if each not in GENERATED])
def test_no_document_uses_a_word_that_was_renamed(document: str) -> None:
    assert not OLD_WORDS.findall((ROOT / document).read_text())


def test_a_name_that_is_gone_is_found() -> None:
    assert is_defined("passwords.hash_password")
    assert is_defined("Engine.verify")
    assert not is_defined("passwords.hash_passwords")
    assert is_path("flows/sign_up/steps.py")
    assert not exists("flows/signing_up/steps.py")
    assert not is_path("10/hour")


def test_the_layers_that_the_docs_tell_are_the_contract() -> None:
    text = " ".join((ROOT / "docs/architecture.md").read_text().split())
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert f"`{' > '.join(contracts[0]['layers'])}`" in text


def test_the_tree_in_the_docs_names_every_package() -> None:
    tree = (ROOT / "docs/architecture.md").read_text().partition("```\nsrc/vestibule/\n")[2].partition("```")[0]
    packages = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert packages == set(re.findall(r"^  (\w+)/ ", tree, re.MULTILINE))
