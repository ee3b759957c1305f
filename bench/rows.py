"""One line of the table."""

from dataclasses import dataclass

from bench.stage import PARTS


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
