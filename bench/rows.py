"""One line of the table, and how it is measured."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.load import Ran, run
from bench.scenarios import Scenario, Town
from bench.stage import PARTS, Stage

RESULTS = Path(__file__).parent / "results"
HEAD = "scenario       c    req/s   p50 ms   p95 ms   p99 ms" + "".join(f"{part:>9}" for part in PARTS)
HEAD += "  CPU ms     MB    503"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One scenario at one concurrency: per second; seconds; CPU ms a request by part; MB."""

    name: str
    concurrency: int
    rate: float
    seconds: tuple[float, float, float]
    cpu: dict[str, float]
    memory: int
    refused: int

    @property
    def total(self) -> float:
        """CPU ms a request, everything counted."""
        return sum(self.cpu.values())

    def __str__(self) -> str:
        p50, p95, p99 = (1000 * each for each in self.seconds)
        parts = "".join(f"{self.cpu.get(part, 0):9.2f}" for part in PARTS)
        return (
            f"{self.name:12}{self.concurrency:4}{self.rate:9.0f}{p50:9.1f}{p95:9.1f}{p99:9.1f}"
            f"{parts}{self.total:9.2f}{self.memory:7}{self.refused:7}"
        )


def measure(here: Stage, town: Town, scenario: Scenario, concurrency: int) -> Row:
    """One scenario at one concurrency. Raises RuntimeError where an answer is not the right one."""
    asks = list(scenario.asks(town, scenario.requests))
    before = here.cpu()
    ran = run(here.service.port, asks, concurrency)
    here.delivered()
    after = here.cpu()
    statuses = Counter(answer.status for answer in ran.answers)
    if set(statuses) != {scenario.status}:
        raise RuntimeError(f"{scenario.name}: {statuses}")
    for answer in ran.answers:
        if scenario.keep:
            scenario.keep(town, answer)
    return row(scenario.name, concurrency, ran, {part: after[part] - before[part] for part in PARTS}, here)


def row(name: str, concurrency: int, ran: Ran, cpu: dict[str, float], here: Stage) -> Row:
    """The measures of these answers."""
    seconds, number = sorted(answer.seconds for answer in ran.answers), len(ran.answers)
    return Row(
        name=name,
        concurrency=concurrency,
        rate=number / ran.seconds,
        seconds=(median(seconds), seconds[number * 95 // 100], seconds[number * 99 // 100]),
        cpu={part: 1000 * spent / number for part, spent in cpu.items()},
        memory=here.memory(),
        refused=ran.refused,
    )
