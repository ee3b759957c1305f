"""Strict reading of `.env` with python-dotenv's parser, without interpolation."""

import io
from pathlib import Path

from dotenv.parser import parse_stream

from vestibule.service.settings.reader import Finding

_LINE_REMEDY = "Write NAME=value, with quotes around a value that holds `#` or quotes; a comment begins with `#`."


def read_dotenv(path: Path) -> tuple[dict[str, str], list[Finding]]:
    """Return the values in the file, and a finding for each line that cannot be read. A missing file sets nothing."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}, []
    except (OSError, UnicodeDecodeError) as wrong:
        why = "is not UTF-8" if isinstance(wrong, UnicodeDecodeError) else "cannot be read"
        return {}, [Finding(id="E030", problem=f"{path} {why}.", remedy="Save it as UTF-8, readable by the service.")]
    values: dict[str, str] = {}
    findings = []
    for binding in parse_stream(io.StringIO(text)):
        if binding.error or "\0" in binding.original.string or (binding.key is not None and binding.value is None):
            line = binding.original.line + _count_blank_lines(binding.original.string)
            findings.append(Finding(id="E030", problem=f"{path}, line {line} cannot be read.", remedy=_LINE_REMEDY))
        elif binding.key is not None and binding.value is not None:
            values[binding.key] = binding.value
    return values, findings


def _count_blank_lines(text: str) -> int:
    """Return how many blank lines the parser included before the statement."""
    return len(text[: len(text) - len(text.lstrip())].splitlines())
