"""Draw what was measured, as SVG: the CPU of a request by part, and how long it took at each concurrency."""

from collections.abc import Iterable, Sequence
from math import log10
from pathlib import Path

from bench.rows import Row
from bench.scenarios import SCENARIOS
from bench.stage import PARTS

COLORS = dict(zip(PARTS, ("#3455d1", "#8a9be6", "#c98a2b", "#b4453c"), strict=True))
WIDTH, LEFT, LINE = 760, 130, 26


def draw(rows: Sequence[Row], hash_ms: float, select_ms: float, folder: Path) -> None:
    """`cpu.svg` and `latency.svg`."""
    folder.joinpath("cpu.svg").write_text(cpu([row for row in rows if row.concurrency == 8], hash_ms, select_ms))
    folder.joinpath("latency.svg").write_text(latency(rows))


def cpu(rows: Sequence[Row], hash_ms: float, select_ms: float) -> str:
    """A bar a scenario at concurrency 8; a mark where the hash, and what is allowed above it, ends."""
    allowed = {each.name: each.hashes * hash_ms + each.selects * select_ms for each in SCENARIOS if each.allowed}
    scale = (WIDTH - LEFT - 70) / max([row.total for row in rows] + list(allowed.values()))
    out = [
        text(0, 16, "CPU ms of a request at concurrency 8, everything counted; the mark is what is allowed", bold=True)
    ]
    for number, part in enumerate(PARTS):
        out += [box(LEFT + 110 * number, 28, 12, 12, COLORS[part]), text(LEFT + 110 * number + 18, 38, part)]
    for number, row in enumerate(rows):
        y, x = 56 + LINE * number, float(LEFT)
        out.append(text(0, y + 13, row.name))
        for part in PARTS:
            wide = scale * row.cpu.get(part, 0)
            out.append(box(x, y, wide, 16, COLORS[part]))
            x += wide
        out.append(text(x + 6, y + 13, f"{row.total:.1f}"))
        if row.name in allowed:
            out.append(box(LEFT + scale * allowed[row.name], y - 3, 2, 22, "currentColor"))
    return picture(out, 56 + LINE * len(rows))


def latency(rows: Sequence[Row]) -> str:
    """A line a scenario and concurrency, from p50 over p95 to p99; logarithmic."""
    low, high = (pick(row.seconds for row in rows) for pick in (least, most))
    scale = (WIDTH - LEFT - 90) / (high - low)

    def at(seconds: float) -> float:
        return LEFT + 30 + scale * (log10(1000 * seconds) - low)

    out = [text(0, 16, "Milliseconds: p50, p95 and p99 at concurrency 1, 8 and 32 (logarithmic)", bold=True)]
    for power in range(int(low), int(high) + 1):
        x = LEFT + 30 + scale * (power - low)
        out += [box(x, 30, 1, LINE * len(rows) + 6, "#8886"), text(x + 4, 38, f"{10**power:g} ms")]
    for number, row in enumerate(rows):
        y = 46 + LINE * number
        p50, p95, p99 = map(at, row.seconds)
        out += [text(0, y + 12, f"{row.name}, {row.concurrency}"), box(p50, y + 7, max(1, p99 - p50), 2, "#8a9be6")]
        out += [dot(p50, y + 8, "#3455d1"), dot(p95, y + 8, "#c98a2b"), dot(p99, y + 8, "#b4453c")]
    return picture(out, 52 + LINE * len(rows))


def least(seconds: Iterable[tuple[float, float, float]]) -> float:
    """The power of ten below the quickest."""
    return min(log10(1000 * each) for three in seconds for each in three) - 0.1


def most(seconds: Iterable[tuple[float, float, float]]) -> float:
    """The power of ten above the slowest."""
    return max(log10(1000 * each) for three in seconds for each in three) + 0.1


def text(x: float, y: float, words: str, *, bold: bool = False) -> str:
    """Words."""
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="currentColor"{weight}>{words}</text>'


def box(x: float, y: float, wide: float, high: float, color: str) -> str:
    """A rectangle."""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" fill="{color}"/>'


def dot(x: float, y: float, color: str) -> str:
    """A point."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{color}"/>'


def picture(parts: Sequence[str], high: int) -> str:
    """The whole SVG, right in light and dark."""
    light, dark = "svg{color:#1a1d23;background:#fff}", "svg{color:#e6e8ec;background:#16181d}"
    style = f"<style>{light}@media(prefers-color-scheme:dark){{{dark}}}</style>"
    size = f'viewBox="-16 -8 {WIDTH + 32} {high + 24}" font-family="system-ui, sans-serif" font-size="13"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>'
    return "\n".join([head, style, *parts, "</svg>"]) + "\n"
