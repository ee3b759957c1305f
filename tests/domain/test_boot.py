"""The start of a process: a server begins anew, once, so that the C library gets its hashes huge pages; the garbage
collector pauses until a command is loaded."""

import gc
import os
import subprocess
import sys

import pytest
from django.core import management
from django.core.management.base import BaseCommand

from vestibule.service.cli import overview

BEGIN = """
import os, sys
from vestibule.service.boot import restart_with_huge_pages
print("began", flush=True)
restart_with_huge_pages()
print(os.environ.get("GLIBC_TUNABLES"), sys.argv[1:])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="another C library")
@pytest.mark.parametrize(
    ("given", "began", "told"),
    [(None, 2, "glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1"), ("glibc.malloc.check=0", 1, "glibc.malloc.check=0")],
)
def test_it_begins_anew_once_with_the_same_arguments(given: str | None, began: int, told: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "GLIBC_TUNABLES"}
    environment |= {"GLIBC_TUNABLES": given} if given else {}
    argv = [sys.executable, "-c", BEGIN, "serve", "--port", "80 80"]
    said = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()
    assert said == [*["began"] * began, f"{told} ['serve', '--port', '80 80']"]


@pytest.mark.skipif(sys.platform != "linux", reason="another C library")
def test_it_begins_anew_once_where_the_variable_is_removed() -> None:
    """glibc 2.39 does, for a program that has capabilities."""
    begin = BEGIN.replace('print("began"', 'os.environ.pop("GLIBC_TUNABLES", None)\nprint("began"')
    argv = [sys.executable, "-c", begin, "serve"]
    said = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=20).stdout.splitlines()
    assert said == ["began", "began", "None ['serve']"]


def test_garbage_is_collected_again_when_a_command_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    collects: dict[str, bool] = {}
    before = gc.get_threshold()
    monkeypatch.setattr(BaseCommand, "run_from_argv", lambda *_: None)
    try:
        for name in overview.our_commands():
            command = management.load_command_class(management.get_commands()[name], name)
            gc.disable()
            command.run_from_argv([])
            collects[name] = gc.isenabled()
    finally:
        gc.enable()
        gc.set_threshold(*before)
        gc.unfreeze()
    assert collects == dict.fromkeys(overview.our_commands(), True)
