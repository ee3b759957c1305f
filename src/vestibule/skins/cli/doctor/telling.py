"""Tell what was found: to a person, or as JSON."""

import json
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version

from django.conf import settings

from vestibule.skins.cli.doctor.check import Level
from vestibule.skins.cli.doctor.examination import Finding

WIDTH = 100
_MARKS = {Level.FINE: "✓", Level.WARNING: "!", Level.ERROR: "✗", Level.SKIPPED: "·"}
_COLUMN = 19


def words(found: Sequence[Finding]) -> str:
    """For a person: a mark, the check and what it saw; a remedy below whatever needs one."""
    lines = [f"vestibule {version('vestibule')} at {settings.BASE_URL}", ""]
    for finding in found:
        lines += _lines(finding)
    return "\n".join([*lines, "", _sum(found)])


def as_json(found: Sequence[Finding], *, ok: bool) -> str:
    """For a machine."""
    rows = [
        {
            "id": finding.check.id,
            "level": finding.seen.level.value,
            "says": finding.seen.says,
            **({"remedy": finding.remedy} if finding.remedy else {}),
        }
        for finding in found
    ]
    return json.dumps({"ok": ok, "findings": rows}, indent=2, ensure_ascii=False)


def _lines(finding: Finding) -> Iterator[str]:
    head = f"  {_MARKS[finding.seen.level]} {finding.check.id:<{_COLUMN}}"
    yield from _wrapped(head, finding.seen.says)
    if finding.remedy:
        yield from _wrapped(" " * (4 + _COLUMN) + "→ ", finding.remedy)


def _wrapped(head: str, text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=head, subsequent_indent=" " * len(head), break_long_words=False)


def _sum(found: Iterable[Finding]) -> str:
    count = Counter(finding.seen.level for finding in found)
    errors, warnings = count[Level.ERROR], count[Level.WARNING]
    if not errors + warnings:
        return "Nothing to mend."
    return f"{errors} to mend, {warnings} to think about."
