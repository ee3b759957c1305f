"""`vestibule` commands as processes of their own that need not import each what all of them import.

A parent, one for each process of pytest, imports packages of others and forks a command whenever it is asked. None of
them reads the environment or Django's settings while it is imported, and nothing of ours is imported before the fork:
arguments, environment, folder, session, output and exit status are those of `python -m vestibule`.
"""

import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO

# prometheus_client reads the environment when it is imported, Django REST framework and models the settings.
PACKAGES = (
    *("PIL.Image", "altcha", "argon2", "asyncio", "bcrypt", "celery", "cryptography.x509", "email_validator"),
    *("corsheaders.middleware", "django.contrib.admin.helpers", "django.core.mail", "django.core.management"),
    *("django.db.migrations.executor", "django.template.loader", "django.test", "django.views.generic"),
    *("gunicorn.app.base", "gunicorn.arbiter", "gunicorn.workers.gthread", "inflection", "jwt", "kombu", "limits"),
    *("kombu.transport.redis", "phonenumbers", "psycopg", "pyotp", "redis", "requests", "rich.console", "segno"),
    *("smtplib", "structlog", "uritemplate", "yaml"),
)
_LONGEST_REQUEST = 256 * 1024  # bytes
_running: dict[int, int] = {}  # in the parent: where to tell the end of which process


class Command:
    """A command that runs, with the methods of `subprocess.Popen` that tests use. It leads a session of its own."""

    def __init__(
        self, words: Sequence[str], environment: Mapping[str, str], stdout: IO[bytes], stderr: IO[bytes], folder: Path
    ) -> None:
        read, write = os.pipe()
        asked = json.dumps([words, dict(environment), str(folder)]).encode()
        socket.send_fds(_parent(), [asked], [stdout.fileno(), stderr.fileno(), write])
        os.close(write)
        self._told = os.fdopen(read)
        self.pid = int(self._told.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit status, or None while it runs."""
        return self._await_end(0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, once it ended. Raises subprocess.TimeoutExpired if that lasts longer."""
        status = self._await_end(timeout)
        if status is None:
            raise subprocess.TimeoutExpired("vestibule", timeout or 0)
        return status

    def terminate(self) -> None:
        """Send SIGTERM, if it runs."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)

    def _await_end(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._told], [], [], timeout)[0]:
            self.returncode = int(self._told.readline())
            self._told.close()
        return self.returncode


@cache
def _parent() -> socket.socket:
    """The line to the parent, which ends when nobody holds it any more."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        subprocess.Popen(
            [sys.executable, "-m", "tests.forks", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
    return ours


def _fork_when_asked(line: socket.socket) -> None:
    """In the parent, return when pytest has ended; in each process that it forks, return as the command to run."""
    signal.signal(signal.SIGCHLD, _tell_ends)
    while True:
        asked, lent, *_ = socket.recv_fds(line, _LONGEST_REQUEST, 3)
        if not asked:
            sys.exit()
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])  # it is known before its end is told
        stdout, stderr, told = lent
        if (pid := os.fork()) == 0:
            os.setsid()
            os.write(told, f"{os.getpid()}\n".encode())
            line.close()
            os.dup2(stdout, 1)
            os.dup2(stderr, 2)
            for descriptor in (*lent, *_running.values()):
                os.close(descriptor)
            _become(*json.loads(asked))
            return
        _running[pid] = told
        os.close(stdout)
        os.close(stderr)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])


def _become(words: list[str], environment: dict[str, str], folder: str) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.path[0], sys.argv = folder, ["", *words]


def _tell_ends(*_: object) -> None:
    while _running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        told = _running.pop(pid)
        with suppress(BrokenPipeError):  # nobody waits
            os.write(told, f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os.close(told)


if __name__ == "__main__":
    for package in PACKAGES:
        importlib.import_module(package)
    gc.collect()
    gc.freeze()
    _fork_when_asked(socket.socket(fileno=int(sys.argv[1])))
    runpy.run_module("vestibule", run_name="__main__", alter_sys=True)
