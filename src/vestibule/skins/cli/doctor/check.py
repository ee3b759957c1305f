"""What a check is, and what it may find."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Level(StrEnum):
    """How it looks: `error` is mended before people come, `warning` is thought about, `skipped` could not be seen."""

    FINE = "fine"
    WARNING = "warning"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that a check saw, in words without secrets; `remedy` where it is not the check's own."""

    level: Level
    says: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One visit of the doctor: when it began, and where a test mail goes (empty: nowhere)."""

    at: datetime
    mail_to: str = ""


Look = Callable[[Round], Iterable[Seen]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One row of the table. `needs`: the check that has to be free of errors before this one is worth a look."""

    id: str
    looks_at: str
    remedy: str
    look: Look
    needs: str = ""


def fine(says: str) -> Seen:
    """All is well."""
    return Seen(Level.FINE, says)


def warning(says: str) -> Seen:
    """Think about it."""
    return Seen(Level.WARNING, says)


def error(says: str) -> Seen:
    """Mend it before people come."""
    return Seen(Level.ERROR, says)


def skipped(says: str) -> Seen:
    """Nobody could look."""
    return Seen(Level.SKIPPED, says)
