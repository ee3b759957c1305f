"""The table of docs/surfaces.md: every path, who may call it, and what it wants of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_ROW = re.compile(r"^\| `(/[^`]*)` \| (\w+) \|" + r"([^|]*)\|" * 4 + "$", re.MULTILINE)
NEEDS_A_FACTOR = {("POST", "/api/auth/mfa/recovery-codes")}  # 403 without one, whatever the role
_SIGNED_IN = ("bearer", "page", "staff")


@dataclass(frozen=True, slots=True)
class Surface:
    """One row. `guarded` are the methods that want a sign-in of the last ten minutes."""

    who: str
    rates: frozenset[str]
    tells: str
    step_up: str
    enrolment: str

    @property
    def guarded(self) -> frozenset[str]:
        """The methods that want a sign-in of the last ten minutes, and a second factor where there is one."""
        return frozenset(re.findall(r"`([A-Z]+)`", self.step_up))

    @property
    def is_declared(self) -> bool:
        """Whether the row says what the path wants of a person who is signed in."""
        if self.who not in _SIGNED_IN:
            return not self.step_up and self.enrolment in ("", "open")
        return bool(self.guarded or self.step_up in ("none", "to look")) and self.enrolment in ("open", "closed")


def read_surfaces() -> Mapping[str, Surface]:
    """The rows by path."""
    text = (Path(__file__).parents[1] / "docs/surfaces.md").read_text()
    return {
        path: Surface(who, frozenset(re.findall(r"`(\w+)`", rates)), *(cell.strip() for cell in cells))
        for path, who, rates, *cells in _ROW.findall(text)
    }
