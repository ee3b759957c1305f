"""`make mutants`: break each defence once, in a copy of the source, and see a test notice.

`python -m tests.mutants M04 M12` for some of them, `-n 1` for one at a time.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from time import monotonic

from tests.mutants.breaks import SOURCE, TESTS, Break, read

LONGEST = 240  # seconds for the tests of one break, also on a machine that does other things
PYTEST = ("-m", "pytest", "-q", "-p", "pytest_django.plugin", "-p", "no:cacheprovider", "--tb=no", "--show-capture=no")
_NOTICED = re.compile(r"^(?:FAILED|ERROR) tests/(\S+?)(?:\[.*?\])?(?: - (.*))?$", re.MULTILINE)
_NO_CODE = ("SyntaxError", "NameError", "ImportError", "ModuleNotFoundError")  # such a break breaks no defence


def main() -> int:
    """Run them and print one line each; 1 where one survived, lost its place, or a test fails with nothing broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("ids", nargs="*", help="of the breaks, like M04; all of them where none is named")
    parser.add_argument("-n", type=int, default=2, help="how many at a time")
    asked = parser.parse_args()
    breaks = [each for each in read() if not asked.ids or each.id in asked.ids]
    if unknown := set(asked.ids) - {each.id for each in breaks}:
        parser.error(f"no such break: {', '.join(sorted(unknown))}")
    began = monotonic()
    with tempfile.TemporaryDirectory(prefix="vestibule-mutants-") as folder:
        whole, *copies = (_copied(Path(folder) / str(number)) for number in range(asked.n + 1))
        caught, failed = _all(whole, copies, breaks)
    if failed:
        _tell(f"{failed}\nThese tests fail with nothing broken, and so notice anything.")
    _tell(f"caught {caught} of {len(breaks)}, in {monotonic() - began:.0f} seconds")
    return int(caught < len(breaks) or bool(failed))


def _copied(folder: Path) -> Path:
    """A copy of the source; a process that is started with it on its path imports it, and nothing else of ours."""
    shutil.copytree(SOURCE, folder)
    where = [sys.executable, "-c", "import vestibule; print(vestibule.__file__)"]
    found = subprocess.run(where, env=_environment(folder, ""), check=True, capture_output=True, text=True).stdout
    if not Path(found.strip()).is_relative_to(folder):
        raise SystemExit(f"{found.strip()} is imported, and not the copy")
    return folder


def _all(whole: Path, copies: list[Path], breaks: list[Break]) -> tuple[int, str]:
    """How many were caught, and what pytest says of the same tests where they fail on the `whole` source."""
    free: SimpleQueue[Path] = SimpleQueue()
    for copy in copies:
        free.put(copy)

    def outcome(each: Break) -> tuple[Break, str]:
        copy = free.get()
        try:
            return each, _outcome(copy, each)
        finally:
            free.put(copy)

    caught = 0
    with ThreadPoolExecutor(len(copies)) as pool:
        unbroken = pool.submit(_unbroken, whole, breaks)
        for each, said in pool.map(outcome, breaks):
            caught += said.startswith("caught")
            _tell(f"{each.id}  {each.what}\n     {said}")
    return caught, unbroken.result()


def _unbroken(whole: Path, breaks: Iterable[Break]) -> str:
    """What pytest says where one of all these tests fails with nothing broken; empty where they pass."""
    for stack in sorted({each.stack for each in breaks}):
        tests = dict.fromkeys(test for each in breaks if each.stack == stack for test in each.tests)
        code, said = _tested(whole, tests, stack, longest=20 * LONGEST)
        if code:
            return said
    return ""


def _outcome(copy: Path, each: Break) -> str:
    """Whether the tests of this break notice it, and which does."""
    module = copy / "vestibule" / each.path
    whole = module.read_text()
    try:
        module.write_text(each.broken(whole))
        code, said = _tested(copy, each.tests, each.stack, "-x", longest=LONGEST)
    except LookupError as lost:
        return f"ITS PLACE IS LOST: {lost}"
    except subprocess.TimeoutExpired:
        return f"NO ANSWER in {LONGEST} seconds"
    finally:
        module.write_text(whole)
    noticed = _NOTICED.search(said)
    if code == 1 and noticed and not (noticed[2] or "").startswith(_NO_CODE):
        return f"caught by {noticed[1]}"
    return "SURVIVED" if code == 0 else f"NO TEST RAN TO ITS END (pytest: {code})\n{said}"


def _tested(copy: Path, tests: Iterable[str], stack: str, *options: str, longest: int) -> tuple[int, str]:
    """The exit status of pytest, and what it says."""
    command = [sys.executable, *PYTEST, *options, *(f"tests/{test}" for test in tests)]
    env = _environment(copy, stack)
    done = subprocess.run(
        command, cwd=TESTS.parent, env=env, capture_output=True, text=True, timeout=longest, check=False
    )
    return done.returncode, done.stdout + done.stderr


def _environment(copy: Path, stack: str) -> dict[str, str]:
    of_ours = {"PYTHONPATH": str(copy), "STACK": stack, "CI": "true"}
    of_ours["PYTHONDONTWRITEBYTECODE"] = "1"  # it would stand for the next break, where second and size are the same
    return {**os.environ, **of_ours, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # to load them takes as long as most tests


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
