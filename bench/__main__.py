"""`make bench`: every scenario at concurrency 1, 8 and 32 in the production shape, beside its limit lines.

CPU per request counts everything: web processes, worker (until the mail has left), PostgreSQL, Redis. What is allowed
is judged at concurrency 8, against the limit lines of the same seconds (bench.limits), by the median of the rounds.
"""

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterator
from datetime import date
from statistics import median

from bench import plot
from bench.limits import Limit, Told, limits
from bench.machine import machine
from bench.rows import HEAD, RESULTS, Row
from bench.scenarios import SCENARIOS, SELECT_MS, Town
from bench.stage import stage

CONCURRENCIES, JUDGED, ROUNDS = (1, 8, 32), 8, 5
FIRST = ("start", "confirm")  # who the others are played by


def main(names: list[str], threads: int | None) -> None:
    """Measure, print, keep. `names` and `threads` (of each web process) are for a closer look, which is not kept."""
    rows: list[Row] = []
    played = [each for each in SCENARIOS if not names or each.name in (*names, *FIRST)]
    lines = [f"{date.today().isoformat()}   {machine()}", HEAD]  # noqa: DTZ011 - the day of this machine
    say(*lines)
    with stage(**({"WEB_THREADS": str(threads)} if threads else {})) as here, limits(here) as limit_lines:
        town = Town(here)
        found: dict[str, list[Told]] = {}
        for concurrency in [JUDGED] if names else CONCURRENCIES:
            rows += [limit_lines.row(name, concurrency) for name in ("empty view", "one SELECT")]
            say(*rows[-2:])
            rounds: dict[str, list[Told]] = {}
            for _ in range(ROUNDS if concurrency == JUDGED else 1):
                for told in limit_lines.beside(here, town, played, concurrency):
                    rounds.setdefault(told.scenario.name, []).append(told)
            for tolds in rounds.values():
                rows.append(sorted(tolds, key=lambda told: told.selects)[len(tolds) // 2].row)
                say(rows[-1])
            if concurrency == JUDGED:
                found = rounds
    order = list(dict.fromkeys(row.name for row in rows))
    rows.sort(key=lambda row: order.index(row.name))
    taken = [told.limit for tolds in found.values() for told in tolds]
    verdicts = ["", *judged(found, taken)]
    say(*verdicts)
    if not names and not threads:
        RESULTS.joinpath("bench.txt").write_text("\n".join([*lines, *map(str, rows), *verdicts]) + "\n")
        plot.draw(rows, median(limit.hash_ms for limit in taken), median(limit.select_ms for limit in taken), RESULTS)


def judged(found: dict[str, list[Told]], taken: list[Limit]) -> Iterator[str]:
    """What each costs above its hash, and what it may."""
    hashes, plain = [limit.hash_ms for limit in taken], [limit.select_ms for limit in taken]
    yield f"limit lines at concurrency {JUDGED}, CPU ms: bare Argon2id hash {spread(hashes)}, SELECT {spread(plain)}"
    yield f"above its hash, everything counted, in SELECTs of the same seconds (allowed: ms where one is {SELECT_MS}):"
    for name, tolds in found.items():
        scenario, costs = tolds[0].scenario, [told.selects for told in tolds]
        if scenario.allowed:
            said = "ok" if median(costs) <= scenario.selects else "OVER"
            of = f"of {scenario.selects:4.1f} allowed ({scenario.allowed:.1f} ms)   {said}"
            yield f"{name:12}{spread(costs):>18}  {of}   [{median(told.above for told in tolds):.2f} ms here]"


def spread(costs: list[float]) -> str:
    """The median, the least and the most."""
    return f"{median(costs):.2f} ({min(costs):.2f} to {max(costs):.2f})"


def say(*lines: Row | str) -> None:
    """Print each."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


if __name__ == "__main__":
    asked = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    asked.add_argument("scenario", nargs="*", help="only these (and start, confirm), at concurrency 8")
    asked.add_argument("--threads", type=int, help="of each web process")
    given = asked.parse_args()
    main(given.scenario, given.threads)
