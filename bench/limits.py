"""The limit lines, taken beside what is measured: the bare Argon2id hash, an empty DRF view, one SELECT by primary key.

The machine is not ours alone, and its speed changes by half within a minute: what a request costs is told against what
the limit lines cost in the same seconds, before and after it.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from time import process_time

from argon2.low_level import Type, hash_secret

from bench.load import Ask, run
from bench.rows import Row, measure, row
from bench.scenarios import Scenario, Town
from bench.stage import PARTS, Stage
from tests.servers import free_port, until

CORES = len(os.sched_getaffinity(0))
PATHS = {"empty view": "/empty", "one SELECT": "/select?id=00000000-0000-0000-0000-000000000000"}


@dataclass(frozen=True)
class Limit:
    """CPU ms of one bare hash and of one SELECT, in these seconds."""

    hash_ms: float
    select_ms: float

    def and_then(self, later: "Limit") -> "Limit":
        """What they cost between two takings."""
        return Limit((self.hash_ms + later.hash_ms) / 2, (self.select_ms + later.select_ms) / 2)


@dataclass(frozen=True)
class Told:
    """A scenario as it was measured, and the limit lines of the same seconds."""

    scenario: Scenario
    row: Row
    limit: Limit

    @property
    def above(self) -> float:
        """CPU ms above its hash."""
        return self.row.total - self.scenario.hashes * self.limit.hash_ms

    @property
    def selects(self) -> float:
        """The same, in SELECTs."""
        return self.above / self.limit.select_ms

    def at_speed(self, speed: Limit) -> float:
        """The CPU ms of a request, had the machine been as fast as it was at `speed`."""
        return self.scenario.hashes * speed.hash_ms + self.selects * speed.select_ms


@dataclass(frozen=True, kw_only=True)
class Limits:
    """A server with nothing around it, and the bare hash."""

    stage: Stage
    port: int

    def take(self, concurrency: int) -> Limit:
        """What both cost now."""
        return Limit(bare_hash(min(concurrency, CORES)), self.row("one SELECT", concurrency).total)

    def beside(self, here: Stage, town: Town, played: Sequence[Scenario], concurrency: int) -> Iterator[Told]:
        """Each scenario once, with the limit lines before and after it."""
        before = self.take(concurrency)
        for scenario in played:
            row = measure(here, town, scenario, concurrency)
            after = self.take(concurrency)
            yield Told(scenario, row, before.and_then(after))
            before = after

    def row(self, name: str, concurrency: int) -> Row:
        """A limit line as a line of the table."""
        before = self.stage.cpu()
        ran = run(self.port, [Ask("GET", PATHS[name])] * 1000, concurrency)
        after = self.stage.cpu()
        parts = [part for part in PARTS if part != "worker"]  # which has nothing to do with it
        return row(name, concurrency, ran, {part: after[part] - before[part] for part in parts}, self.stage)


@contextmanager
def limits(here: Stage) -> Iterator[Limits]:
    """The plain server (bench.plain) beside the service, in the same shape and on the same database."""
    port = free_port()
    server = f"gunicorn --bind 127.0.0.1:{port} --workers 2 --worker-class gthread --threads 24 --keep-alive 5"
    command = [*(sys.executable, "-m"), *server.split(), "django.core.wsgi:get_wsgi_application()"]
    settings = {"DJANGO_SETTINGS_MODULE": "bench.plain", "DATABASE_URL": here.database_url}
    plain = subprocess.Popen(command, env=os.environ | settings, stderr=subprocess.DEVNULL)
    try:
        until(lambda: _up(port), "the plain server")
        taken = Limits(stage=replace(here, roots={**here.roots, "web": plain.pid}), port=port)
        taken.take(CORES)  # everything warm
        yield taken
    finally:
        plain.terminate()
        plain.wait()


def _up(port: int) -> bool:
    try:
        return run(port, [Ask("GET", PATHS["empty view"])], 1).answers[0].status == 200
    except OSError:
        return False


def bare_hash(at_once: int, times: int = 60) -> float:
    """CPU ms of one Argon2id hash with our parameters and nothing around it, where so many are made at once."""

    def once(_: int) -> bytes:
        return hash_secret(b"correct horse battery staple", b"sixteen bytes...", 2, 19456, 1, 32, Type.ID)

    with ThreadPoolExecutor(at_once) as threads:
        list(threads.map(once, range(at_once)))
        began = process_time()
        list(threads.map(once, range(times)))
        return 1000 * (process_time() - began) / times
