"""The types of the doctor's checks and findings."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Level(StrEnum):
    """The level of a finding: `error` must be fixed before people use the service, `warning` should be considered,
    `skipped` could not be checked."""

    FINE = "fine"
    WARNING = "warning"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Observation:
    """One finding, in words without secrets. `remedy` is set where it differs from the check's."""

    level: Level
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorRun:
    """One run of the doctor: when it began, and where a test mail goes (empty: nowhere)."""

    at: datetime
    test_mail_to: str = ""


CheckFunction = Callable[[DoctorRun], Iterable[Observation]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One row of the table. `needs` names the check that must be free of errors before this one runs."""

    id: str
    looks_at: str
    remedy: str
    run: CheckFunction
    needs: str = ""


def report_fine(message: str) -> Observation:
    """Return a finding that nothing is wrong."""
    return Observation(Level.FINE, message)


def report_warning(message: str) -> Observation:
    """Return a warning."""
    return Observation(Level.WARNING, message)


def report_error(message: str) -> Observation:
    """Return an error."""
    return Observation(Level.ERROR, message)


def report_skipped(message: str) -> Observation:
    """Return that the check could not be made."""
    return Observation(Level.SKIPPED, message)
