"""Whatever writes an account, a session, a device, a grant or a key acts on something that was read:
docs/architecture.md says on what, and what keeps it so until the commit."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from vestibule.accounts import lifecycle

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/vestibule"
MODELS = {"User", "Profile", "Session", "Device", "RefreshToken", "Grant", "ApiKey"}
WRITES = {"update", "delete", "create", "update_or_create", "get_or_create", "bulk_create", "save"}
ROWS = {"insert_row", "insert_once", "insert_or_update", "update_row", "first_if_written"}
# Queries of these tables that go by another name.
QUERIES = {"_PENDING_USERS", "_pending_users_at", "list_live_sessions", "users_due_for_erasure", "_LOCKED_BY_DIGEST"}


def writers() -> Iterator[str]:
    """`module.function` of each function that writes a row of these."""
    for layer in ("accounts", "sessions", "applications", "flows"):
        for path in (SOURCE / layer).rglob("*.py"):
            for function in ast.parse(path.read_text()).body:
                if isinstance(function, ast.FunctionDef) and writes(function):
                    yield f"{path.stem}.{function.name}"


def writes(function: ast.FunctionDef) -> bool:
    """Whether it changes rows and names one of their models or queries."""
    names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute)}
    called = {ast.unparse(node.func).rpartition(".")[2] for node in ast.walk(function) if isinstance(node, ast.Call)}
    return bool(called & (WRITES | ROWS)) and (bool(names & (MODELS | QUERIES)) or "list_devices_of" in called)


def table() -> set[str]:
    """The first column."""
    section = (ROOT / "docs/architecture.md").read_text().partition("## Compared, then done")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([\w.]+)`", row)}


def test_whatever_writes_an_account_says_on_the_strength_of_what() -> None:
    assert set(writers()) == table()


def test_an_account_is_written_by_whoever_holds_it_or_by_its_status() -> None:
    for name in sorted(name.partition(".")[2] for name in table() if name.startswith("lifecycle.")):
        function = getattr(lifecycle, name)
        held = ": LockedUser" in str(inspect.signature(function)).replace("vestibule.accounts.lifecycle.", "")
        guarded = re.search(r"status(__in)?=|_PENDING_USERS|_pending_users_at\(", inspect.getsource(function))
        assert held or guarded, f"{name} acts on what may be otherwise by now: let it take a LockedUser"


def test_only_lifecycle_writes_users() -> None:
    written = re.compile(r"\bUser\.objects\b[^\n]*\.(update|delete|create)\(|\binsert_row\(User\(|\bupdate_row\(user\b")
    found = {str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*.py") if written.search(path.read_text())}
    assert found == {"accounts/lifecycle.py", "accounts/passwords.py"}
