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
            found.append(Finding(check, skipped(f"could not look without {check.needs}")))
            continue
        try:
            found += [Finding(check, seen) for seen in check.look(round)]
        except Exception as failed:  # noqa: BLE001 - whatever it raises, it is a finding; its words may hold a password
            out_of_reach.add(check.id)
            found.append(Finding(check, error(f"does not answer ({type(failed).__name__})")))
    return found


def ok(found: Iterable[Finding], *, strict: bool) -> bool:
    """Whether nothing has to be mended; `strict`: nor thought about."""
    bad = (Level.ERROR, Level.WARNING) if strict else (Level.ERROR,)
    return not any(finding.seen.level in bad for finding in found)
