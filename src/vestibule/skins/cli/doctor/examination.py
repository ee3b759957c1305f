"""Go through the table: each check looks, unless what it needs was not there."""

from collections.abc import Iterable
from dataclasses import dataclass

from vestibule.skins.cli.doctor.check import Check, Level, Round, Seen, error, skipped


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check saw."""

    check: Check
    seen: Seen

    @property
    def remedy(self) -> str:
        """What to do about it; nothing where all is well."""
        return (self.seen.remedy or self.check.remedy) if self.seen.level in (Level.WARNING, Level.ERROR) else ""


def examine(checks: Iterable[Check], round: Round) -> list[Finding]:
    """Everything that was seen, in the table's order."""
    found: list[Finding] = []
    out_of_reach: set[str] = set()
    for check in checks:
        if check.needs in out_of_reach:
            out_of_reach.add(check.id)
            found.append(Finding(check, skipped(f"waits for {check.needs}")))
            continue
        seen = _look(check, round)
        found += [Finding(check, each) for each in seen]
        if any(each.level is Level.ERROR for each in seen):
            out_of_reach.add(check.id)
    return found


def ok(found: Iterable[Finding], *, strict: bool) -> bool:
    """Whether nothing has to be mended; `strict`: nor thought about."""
    bad = (Level.ERROR, Level.WARNING) if strict else (Level.ERROR,)
    return not any(finding.seen.level in bad for finding in found)


def _look(check: Check, round: Round) -> list[Seen]:
    try:
        return list(check.look(round))
    except Exception as failed:  # noqa: BLE001 - whatever it raises is a finding; its words may hold a password
        return [error(f"does not answer ({type(failed).__name__})")]
