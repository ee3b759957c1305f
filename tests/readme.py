"""The fenced blocks of the README, in the order in which a reader pastes them: `python3 tests/readme.py PORT PYTHON`
writes those that need a running service as one script for bash, with this port and this interpreter.

It runs on the stock python of the machine that is tried, without any package.
"""

import re
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    """The text of each block in that language; those without one install and start the service."""
    return [text for named, text in _BLOCK.findall(README.read_text()) if named == language]


def session(port: int, python: str) -> str:
    """What a reader does in one shell, stopping at the first line that fails. Python blocks know `access`."""
    parts = ["set -euo pipefail"]
    for language, text in _BLOCK.findall(README.read_text()):
        if language == "sh":
            parts.append(text)
        elif language == "python":
            parts.append(f"{python} - \"$access\" <<'END'\nimport sys\naccess = sys.argv[1]\n{text}print(person)\nEND")
    return "\n".join(parts).replace(":8000", f":{port}")


if __name__ == "__main__":
    sys.stdout.write(session(int(sys.argv[1]), sys.argv[2]) + "\n")
