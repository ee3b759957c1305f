"""Running of the checks in the table; a check is skipped if what it needs has an error."""

from collections.abc import Iterable
from dataclasses import dataclass

from vestibule.service.doctor.check import Check, DoctorRun, Level, Observation, report_error, report_skipped


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A check with one of its findings."""

    check: Check
    observation: Observation

    @property
    def remedy(self) -> str:
        """The remedy; "" if nothing is wrong."""
        return (
            (self.observation.remedy or self.check.remedy)
            if self.observation.level in (Level.WARNING, Level.ERROR)
            else ""
        )


def run_checks(checks: Iterable[Check], doctor_run: DoctorRun) -> list[CheckResult]:
    """Return every finding, in the table's order."""
    found: list[CheckResult] = []
    out_of_reach: set[str] = set()
    for check in checks:
        if check.needs in out_of_reach:
            out_of_reach.add(check.id)
            found.append(CheckResult(check, report_skipped(f"waits for {check.needs}")))
            continue
        seen = _run_check(check, doctor_run)
        found += [CheckResult(check, each) for each in seen]
        if any(each.level is Level.ERROR for each in seen):
            out_of_reach.add(check.id)
    return found


def is_healthy(found: Iterable[CheckResult], *, strict: bool) -> bool:
    """Return whether there are no errors; with `strict`, no warnings either."""
    bad = (Level.ERROR, Level.WARNING) if strict else (Level.ERROR,)
    return not any(finding.observation.level in bad for finding in found)


def _run_check(check: Check, doctor_run: DoctorRun) -> list[Observation]:
    try:
        return list(check.run(doctor_run))
    except Exception as failed:  # noqa: BLE001 - any exception is a finding; its text may hold a password
        return [report_error(f"does not answer ({type(failed).__name__})")]
