"""The file of rules for sites behind a proxy (AUTH_CHECK_FILE; docs/proxy.md)."""

from collections.abc import Iterable
from pathlib import Path

from vestibule.applications.scopes import STANDARD_SCOPES
from vestibule.kernel import access_rules
from vestibule.kernel.access_rules import AccessRule
from vestibule.service.settings import value_types
from vestibule.service.settings.value_types import UnreadableValue


def parse_rules_file(text: str, *, scopes: Iterable[str]) -> tuple[AccessRule, ...]:
    """Return the rules of a TOML file; `scopes` are the operator's own."""
    value_types.parse_readable_file(text)
    try:
        written = Path(text).read_text("utf-8")
        return access_rules.parse_rules(written, roles=value_types.ROLES, scopes=(*STANDARD_SCOPES, *scopes))
    except UnicodeDecodeError as error:
        raise UnreadableValue("is not UTF-8", "Write the file in UTF-8.") from error
    except access_rules.UnreadableRules as error:
        raise UnreadableValue(str(error), "docs/proxy.md shows how the rules are written.") from error
