"""`make bench`: every scenario at concurrency 1, 8 and 32 in the production shape, beside its limit lines.

CPU per request counts everything: web processes, worker (until the mail has left), PostgreSQL, Redis. The limit lines
are taken in the same run: the bare Argon2id hash, an empty DRF view, a view with one SELECT by primary key.
"""

import os
import subprocess
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import chain
from time import process_time

from argon2.low_level import Type, hash_secret

from bench import plot
from bench.load import Ask, run
from bench.machine import machine
from bench.rows import RESULTS, Row, measure, row
from bench.scenarios import SCENARIOS, Scenario, Town
from bench.stage import PARTS, Stage, stage
from tests.servers import free_port, until

CONCURRENCIES = (1, 8, 32)
CORES = len(os.sched_getaffinity(0))


def main(names: list[str], threads: int | None) -> None:
    """Measure, print, keep. `names` and `threads` (of each web process) are for a closer look, which is not kept."""
    lines = [f"{date.today().isoformat()}   {machine()}"]  # noqa: DTZ011 - the day of this machine
    hash_ms = bare_hash(CORES)
    alone = f"one at a time {bare_hash(1):.2f}, {CORES} at a time {hash_ms:.2f}"
    lines.append(f"bare Argon2id hash, ms of CPU: {alone} (the cores share caches and memory: this is taken off below)")
    lines.append("scenario       c    req/s   p50 ms   p95 ms   p99 ms" + "".join(f"{part:>9}" for part in PARTS))
    lines[-1] += "  CPU ms     MB    503"
    sys.stdout.write("\n".join(lines) + "\n")
    rows: list[Row] = []
    with stage(**({"WEB_THREADS": str(threads)} if threads else {})) as here:
        town = Town(here)
        for each in chain(limits(here), measured(here, town, names)):
            rows.append(each)
            sys.stdout.write(f"{each}\n")
            sys.stdout.flush()
    verdicts = [verdict(scenario, rows, hash_ms) for scenario in SCENARIOS if scenario.allowed]
    order = list(dict.fromkeys(row.name for row in rows))
    rows.sort(key=lambda row: order.index(row.name))
    lines += [*map(str, rows), "", "at concurrency 8, CPU ms above the hash, everything counted:"]
    lines += [line for line in verdicts if line]
    sys.stdout.write("\n".join(lines[-len(verdicts) - 1 :]) + "\n")
    if not names and not threads:
        RESULTS.joinpath("bench.txt").write_text("\n".join(lines) + "\n")
        plot.draw(rows, hash_ms, RESULTS)


def measured(here: Stage, town: Town, names: list[str]) -> Iterator[Row]:
    """Every scenario at every concurrency; those before it are played for what they leave. Where some are named, only
    they are told, and only at concurrency 8."""
    for concurrency in [8] if names else CONCURRENCIES:
        for scenario in SCENARIOS:
            row = measure(here, town, scenario, concurrency)
            if not names or scenario.name in names:
                yield row


def limits(here: Stage) -> Iterator[Row]:
    """The limit lines of a server: nothing, and one SELECT."""
    port = free_port()
    server = f"gunicorn --bind 127.0.0.1:{port} --workers 2 --worker-class gthread --threads 24 --keep-alive 5"
    command = [*(sys.executable, "-m"), *server.split(), "django.core.wsgi:get_wsgi_application()"]
    settings = {"DJANGO_SETTINGS_MODULE": "bench.plain", "DATABASE_URL": here.database_url}
    plain = subprocess.Popen(command, env=os.environ | settings, stderr=subprocess.DEVNULL)
    try:
        until(lambda: _up(port), "the plain server")
        bare = Stage(
            service=here.service,
            database_url=here.database_url,
            roots={**here.roots, "web": plain.pid},
            codes_file=here.codes_file,
        )
        nobody = "00000000-0000-0000-0000-000000000000"
        paths = (("empty view", "/empty"), ("one SELECT", f"/select?id={nobody}"))
        for name, path in paths:
            for concurrency in CONCURRENCIES:
                yield _limit(bare, port, name, path, concurrency)
    finally:
        plain.terminate()
        plain.wait()


def _limit(bare: Stage, port: int, name: str, path: str, concurrency: int) -> Row:
    before = bare.cpu()
    ran = run(port, [Ask("GET", path)] * 2000, concurrency)
    after = bare.cpu()
    parts = [part for part in PARTS if part != "worker"]  # which has nothing to do with it, and is still starting
    return row(name, concurrency, ran, {part: after[part] - before[part] for part in parts}, bare)


def _up(port: int) -> bool:
    try:
        return run(port, [Ask("GET", "/empty")], 1).answers[0].status == 200
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


def verdict(scenario: Scenario, rows: list[Row], hash_ms: float) -> str:
    """What one costs above its hash, and what it may."""
    found = [row for row in rows if row.name == scenario.name and row.concurrency == 8]
    if not found:
        return ""
    above = found[0].total - scenario.hashes * hash_ms
    said = "ok" if above <= scenario.allowed else "OVER"
    return f"{scenario.name:12}{above:7.2f}  of {scenario.allowed:4.1f} allowed   {said}"


if __name__ == "__main__":
    asked = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    asked.add_argument("scenario", nargs="*", help="only these, at concurrency 8")
    asked.add_argument("--threads", type=int, help="of each web process")
    given = asked.parse_args()
    main(given.scenario, given.threads)
