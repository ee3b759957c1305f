"""The start of a process: the garbage collector pauses until a command is loaded, large blocks are given back, and a
server has read the lists of common passwords before it forks."""

import ctypes
import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core import management
from django.core.management.base import BaseCommand

from vestibule.service.cli import overview

MAPPED = """
import ctypes
from vestibule.service.boot import return_large_blocks

class Mallinfo2(ctypes.Structure):  # mallinfo(3)
    names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in names.split()]

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
libc.mallinfo2.restype = Mallinfo2
return_large_blocks()
libc.free(libc.malloc(16 * 1024 * 1024))  # after which glibc would keep what is smaller
before = libc.mallinfo2().hblks
libc.malloc(2 * 1024 * 1024)
print(libc.mallinfo2().hblks - before)
"""

# A server loads what it forks with; then somebody chooses a password, and the files that are opened for it are told.
FIRST_PASSWORD = """
import sys
import django
from vestibule.service import boot
boot.set_default_settings_module()
django.setup()
from vestibule.accounts import passwords
from vestibule.accounts.models import User
from vestibule.service.server import gunicorn_server
gunicorn_server._load_before_fork(None)
opened = []
sys.addaudithook(lambda event, args: opened.append(args[0]) if event == "open" else None)
passwords.find_policy_violations("correct horse battery staple", User(email="ada@example.com"))
print(opened)
"""


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


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="another C library")
def test_a_large_block_is_given_back_when_it_is_freed() -> None:
    """It is a mapping of its own, also where the C library has seen larger ones."""
    told = subprocess.run([sys.executable, "-c", MAPPED], capture_output=True, text=True, check=True)
    assert told.stdout == "1\n"


def test_a_process_of_a_server_opens_no_file_for_its_first_password(tmp_path: Path) -> None:
    """Two dozen threads would each read the lists of common passwords, and the memory would stay with the process."""
    environment = {**os.environ, "VAR_DIR": str(tmp_path)}
    run = [sys.executable, "-c", FIRST_PASSWORD]
    told = subprocess.run(run, env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == "[]"
