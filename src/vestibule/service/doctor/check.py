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
class Observation:
    """One thing that a check saw, in words without secrets; `remedy` where it is not the check's own."""

    level: Level
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorRun:
    """One visit of the doctor: when it began, and where a test mail goes (empty: nowhere)."""

    at: datetime
    test_mail_to: str = ""


CheckFunction = Callable[[DoctorRun], Iterable[Observation]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One row of the table. `needs`: the check that has to be free of errors before this one is worth a look."""

    id: str
    looks_at: str
    remedy: str
    run: CheckFunction
    needs: str = ""


def report_fine(message: str) -> Observation:
    """All is well."""
    return Observation(Level.FINE, message)


def report_warning(message: str) -> Observation:
    """Think about it."""
    return Observation(Level.WARNING, message)


def report_error(message: str) -> Observation:
    """Mend it before people come."""
    return Observation(Level.ERROR, message)


def report_skipped(message: str) -> Observation:
    """Nobody could look."""
    return Observation(Level.SKIPPED, message)
