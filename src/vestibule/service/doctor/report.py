"""Output of the findings: for a person, or as JSON."""

import json
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version

from vestibule.conf import conf
from vestibule.service.doctor.check import Level
from vestibule.service.doctor.examination import CheckResult

LINE_WIDTH = 100
_MARKS = {Level.FINE: "✓", Level.WARNING: "!", Level.ERROR: "✗", Level.SKIPPED: "·"}
_COLUMN = 19
_FOR_DEVELOPERS = "While the mailbox is on, all of it may wait until others come."


def format_report(found: Sequence[CheckResult]) -> str:
    """Return the findings for a person: a mark, the check and its finding; a remedy below if one is needed."""
    lines = [f"vestibule {version('vestibule')} at {conf.base_url}", ""]
    for finding in found:
        lines += _result_lines(finding)
    return "\n".join([*lines, "", _summary_line(found)])


def report_as_json(found: Sequence[CheckResult], *, healthy: bool) -> str:
    """Return the findings as JSON."""
    rows = [
        {
            "id": finding.check.id,
            "level": finding.observation.level.value,
            "says": finding.observation.message,
            **({"remedy": finding.remedy} if finding.remedy else {}),
        }
        for finding in found
    ]
    return json.dumps({"ok": healthy, "findings": rows}, indent=2, ensure_ascii=False)


def _result_lines(finding: CheckResult) -> Iterator[str]:
    head = f"  {_MARKS[finding.observation.level]} {finding.check.id:<{_COLUMN}}"
    yield from _wrap_lines(head, finding.observation.message)
    if finding.remedy:
        yield from _wrap_lines(" " * (4 + _COLUMN) + "→ ", finding.remedy)


def _wrap_lines(head: str, text: str) -> list[str]:
    return textwrap.wrap(
        text, LINE_WIDTH, initial_indent=head, subsequent_indent=" " * len(head), break_long_words=False
    )


def _summary_line(found: Iterable[CheckResult]) -> str:
    count = Counter(finding.observation.level for finding in found)
    errors, warnings = count[Level.ERROR], count[Level.WARNING]
    if not errors + warnings:
        return "Nothing to mend."
    counts = f"{errors} to mend, {warnings} to think about."
    return f"{counts} {_FOR_DEVELOPERS}" if conf.mailbox else counts
