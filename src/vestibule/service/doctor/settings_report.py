"""Output of every setting and where its value comes from, without secrets."""

import re
from typing import Any

from vestibule.service.settings.reader import Setting, SettingsReader

_COLUMN = 40


def describe_settings(environment: SettingsReader) -> str:
    """Return one line for each setting, sorted by name."""
    return "\n".join(_setting_line(environment, environment.known[name]) for name in sorted(environment.known))


def _setting_line(environment: SettingsReader, setting: Setting[Any]) -> str:
    value, given = environment.values[setting.name], bool(environment.environ.get(setting.name))
    shown = _masked_secret(setting, value) if setting.secret and value else _format_value(value)
    return f"{setting.name:<{_COLUMN}} {shown}{'' if given else '  [default]'}"


def _masked_secret(setting: Setting[Any], value: Any) -> str:
    """Mask a secret. Of the URL of a store, its address is shown."""
    return re.sub(r"://.*@", "://•••@", value).partition("?")[0] if setting.kind == "url" else "•••"


def _format_value(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value)
