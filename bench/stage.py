"""The production shape on one machine, with meters: CPU seconds and memory of each part, from /proc."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.sink import read_letters
from tests.servers import Postgres, Redis, free_port, until
from tests.service import CODE, Service

TICKS = os.sysconf("SC_CLK_TCK")
PARTS = ("web", "worker", "postgres", "redis")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What runs, and what it costs."""

    service: Service
    database_url: str
    roots: dict[str, int]
    letters_file: Path

    def cpu(self) -> dict[str, float]:
        """CPU seconds that each part has used, its ended children included."""
        return cpu_of_trees(self.roots)

    def memory(self, part: str = "web") -> int:
        """MB that a part holds."""
        return resident(self.roots[part])

    def codes(self) -> dict[str, str]:
        """The newest code that each address got."""
        found = {address: CODE.search(text) for address, text in read_letters(self.letters_file)}
        return {address: code[1] if code else "-" for address, code in found.items()}

    def delivered(self) -> None:
        """Come back when every message has left."""
        await_outbox(self.database_url)


@contextmanager
def stage(*, postgres: Sequence[str] = (), **environment: str) -> Iterator[Stage]:
    """PostgreSQL (with these settings of its own), Redis, a mail server, the web processes and one worker; stopped and
    removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="vestibule-bench-"))
    folder.chmod(0o755)
    database, redis = Postgres(folder, *postgres), Redis(folder / "redis")
    letters, mail = folder / "letters", free_port()
    letters.touch()
    sink = subprocess.Popen([sys.executable, "-m", "bench.sink", str(mail), str(letters)])
    try:
        database.start()
        redis.start()
        url = database.create("vestibule")
        shape = {
            "DATABASE_URL": url,
            "REDIS_URL": redis.url(),
            "SECRET_KEY": "a secret key for one measurement on one machine",
            "WEB_PROCESSES": "2",
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": str(mail),
            **environment,
        }
        with Service(folder, **shape) as service:
            service.start("worker")
            roots = {name: service.process(process).pid for name, process in (("web", "serve"), ("worker", "worker"))}
            roots |= {"postgres": database.pid, "redis": redis.pid}
            yield Stage(service=service, database_url=url, roots=roots, letters_file=letters)
    finally:
        sink.kill()
        redis.stop()
        database.stop()
        shutil.rmtree(folder, ignore_errors=True)


def await_outbox(database_url: str) -> None:
    """Come back when every message of this database has left."""
    with psycopg.connect(database_url, autocommit=True) as database:

        def nothing_waits() -> bool:
            row = database.execute("SELECT count(*) FROM vestibule_message WHERE state IN ('queued', 'sending')")
            return row.fetchone() == (0,)

        until(nothing_waits, "the outbox", 120)


def cpu_of_trees(roots: Mapping[str, int]) -> dict[str, float]:
    """CPU seconds that each process and all that descend from it have used, ended children included."""
    stats = _stats()
    return {part: sum(_cpu(stats[pid]) for pid in _tree(stats, root)) for part, root in roots.items()}


def resident(root: int) -> int:
    """MB that a process and all that descend from it hold; what they share is counted once (PSS)."""
    total = 0
    for pid in _tree(_stats(), root):
        facts = dict(line.split(":", 1) for line in _read(pid, "smaps_rollup").splitlines() if ":" in line)
        total += int(facts.get("Pss", "0 kB").split()[0])
    return total // 1024


def _stats() -> dict[int, list[str]]:
    """pid -> the fields of /proc/<pid>/stat after the name (proc(5): the state is the first)."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        if text := _read(int(process.name), "stat"):
            found[int(process.name)] = text.rpartition(")")[2].split()
    return found


def _tree(stats: dict[int, list[str]], root: int) -> list[int]:
    """A process and all that descend from it."""
    children = [pid for pid, fields in stats.items() if int(fields[1]) == root]
    return [root, *(each for child in children for each in _tree(stats, child))]


def _cpu(fields: list[str]) -> float:
    """utime + stime + those of the ended children."""
    return sum(int(ticks) for ticks in fields[11:15]) / TICKS


def _read(pid: int, name: str) -> str:
    """A file of /proc, whose process may have ended."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except OSError:
        return ""
