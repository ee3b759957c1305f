"""Draw what was measured."""

from pathlib import Path
from typing import Any


def draw(rows: list[Any], hash_ms: float, folder: Path) -> None:
    """Soon."""
