"""No digest, secret or token is compared in a time that tells how much of it was right."""

import ast
from itertools import pairwise
from pathlib import Path

import vestibule

SOURCE = Path(vestibule.__file__).parent
SECRET = {"digest", "digests", "secret", "secrets", "token", "tokens", "mac", "macs"}
COMPARES = (ast.Eq, ast.NotEq, ast.In, ast.NotIn)
# What is asked for a letter, or for a word of a table, is compared with nobody's secret.
WORDS = (ast.Constant, ast.Tuple)


def last_word(node: ast.expr) -> str:
    """Of the name of a value, the word that says what it is: `expected_digest`, `seen.digests`, `mac[:8]`."""
    while isinstance(node, ast.Subscript | ast.Call | ast.Attribute):
        if isinstance(node, ast.Attribute):
            return node.attr.lower().rpartition("_")[2]
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id.lower().rpartition("_")[2] if isinstance(node, ast.Name) else ""


def careless(module: ast.Module) -> list[str]:
    """The comparisons of such values by `==`, `!=` and `in`."""
    found = []
    for each in ast.walk(module):
        if isinstance(each, ast.Compare) and all(isinstance(op, COMPARES) for op in each.ops):
            for pair in pairwise([each.left, *each.comparators]):
                words = any(isinstance(operand, WORDS) for operand in pair)
                if not words and any(last_word(operand) in SECRET for operand in pair):
                    found.append(ast.unparse(each))
    return found


def test_m01_secrets_are_compared_in_constant_time() -> None:
    """By `hmac.compare_digest` alone (CWE-208): no test of ours could see the time that `==` takes."""
    found = {
        f"{path.relative_to(SOURCE)}: {each}"
        for path in SOURCE.rglob("*.py")
        for each in careless(ast.parse(path.read_text()))
    }
    assert not found, found


def test_what_is_careless_is_seen() -> None:
    for line in ("digest == expected", "seen.digests != kept", "mac[:8] in known", "keys.digest(a, b) == c"):
        assert careless(ast.parse(line)), line
    for line in ("hmac.compare_digest(digest, mac)", "' ' in token", "policy.secret in (CODE, LINK)", "token is None"):
        assert not careless(ast.parse(line)), line
