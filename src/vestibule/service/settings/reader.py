"""The strict reader of the environment: each setting is parsed by its kind, or reported.

A value is opaque text: nothing in it is interpolated or unescaped. White space around it and one pair of quotes around
the whole are removed (`docker run --env-file` passes quotes on). An empty value counts as unset, unless the setting
gives it a meaning. A value that cannot be read is a finding; the setting has its default until the start is refused.
"""

import difflib
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, NoReturn, TypeVar

from vestibule.service.settings import value_types
from vestibule.service.settings.value_types import UnreadableValue

T = TypeVar("T")

# A variable with one of these prefixes is taken for ours, and one similar to a setting of ours for a typing error.
_OUR_PREFIXES = (
    *("RATE_", "EMAIL_", "SMS_", "CAPTCHA_", "OTP_", "JWT_", "BRAND_", "TWILIO_", "SIGNUP_", "PENDING_", "PASSWORD_"),
    *("CORS_", "ENUMERATION_", "REGISTRATION_", "HASHING_", "SESSIONS_", "MAILBOX_", "SOCIAL_"),
)
_FOREIGN_NAMES = {"LANGUAGE"}  # of gettext, on any desktop
_SIMILARITY_CUTOFF, _MAX_UNCOMPARED_LENGTH = 0.86, 5
_KUBERNETES_NAMES = re.compile(
    r"_(SERVICE_HOST|(SERVICE_)?PORT)(_|$)"
)  # Kubernetes sets these for a service of any name


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One reason not to start: its id, like `E032`, the problem, and the remedy."""

    id: str
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting(Generic[T]):
    """How one variable is read. A `secret` is never displayed. `empty` is the meaning of an empty value.
    A value that `has_lines` may hold line breaks."""

    name: str
    kind: str
    default: T
    parse: Callable[[str], T] = field(repr=False)
    id: str
    secret: bool = False
    empty: T | None = None
    has_lines: bool = False


def refuse_to_start(findings: Iterable[Finding]) -> NoReturn:
    """End the process with all findings and their remedies.

    Raises:
        SystemExit: always, with status 1.
    """
    lines = [f"{each.problem} (vestibule.{each.id})\n    → {each.remedy}" for each in findings]
    sys.exit("\n  ".join(["vestibule does not start. To mend:", *lines]))


@dataclass(slots=True)
class SettingsReader:
    """Reads settings from `environ`, and remembers which were read, their values, and what could not be read."""

    environ: Mapping[str, str] = field(repr=False)
    findings: list[Finding] = field(default_factory=list)
    known: dict[str, Setting[Any]] = field(default_factory=dict, repr=False)
    values: dict[str, Any] = field(default_factory=dict, repr=False)

    def read_setting(self, setting: Setting[T]) -> T:
        """Return the value of the setting; its default if none, or no readable one, is given."""
        self.known[setting.name] = setting
        value = self.values[setting.name] = self._parse_given_value(setting)
        return value

    def read_text(self, name: str, *, default: str = "") -> str:
        """Return text as it is."""
        return self.read_setting(Setting(name=name, kind="text", default=default, parse=str, id="E031"))

    def read_secret(self, name: str, *, has_lines: bool = False) -> str:
        """Return text that is never displayed."""
        return self.read_setting(
            Setting(name=name, kind="secret", default="", parse=str, id="E031", secret=True, has_lines=has_lines)
        )

    def read_switch(self, name: str, *, default: bool) -> bool:
        """Return on or off."""
        return self.read_setting(
            Setting(name=name, kind="switch", default=default, parse=value_types.parse_switch, id="E032")
        )

    def read_number(
        self, name: str, *, default: int, least: int = 0, most: int = value_types.MAX_INTEGER, id: str = "E033"
    ) -> int:
        """Return a whole number from `least` to `most`."""
        parse = value_types.number_parser(least, most)
        return self.read_setting(Setting(name=name, kind="number", default=default, parse=parse, id=id))

    def read_choice(self, name: str, choices: Iterable[str], *, default: str, id: str = "E034") -> str:
        """Return one of the words, typed in any case."""
        return self.read_setting(
            Setting(name=name, kind="word", default=default, parse=value_types.choice_parser(choices), id=id)
        )

    def read_list(
        self,
        name: str,
        parse_item: Callable[[str], T],
        *,
        default: Iterable[T] = (),
        id: str = "E035",
        secret: bool = False,
    ) -> list[T]:
        """Return the comma-separated items, each read by `parse_item`; empty ones are dropped."""
        parse = value_types.list_parser(parse_item)
        return self.read_setting(Setting(name=name, kind="list", default=[*default], parse=parse, id=id, secret=secret))

    def read_url(
        self, name: str, parse: Callable[[str], str] = value_types.parse_url, *, default: str = "", id: str = "E036"
    ) -> str:
        """Return an absolute http(s) URL, or what `parse` accepts instead."""
        return self.read_setting(Setting(name=name, kind="url", default=default, parse=parse, id=id))

    def read_rate(self, name: str, *, default: str) -> str:
        """Return rates in words; an empty value means no rate."""
        return self.read_setting(
            Setting(name=name, kind="rate", default=default, parse=value_types.parse_rate, id="E038", empty="")
        )

    def read_parsed(
        self, name: str, kind: str, parse: Callable[[str], T], *, default: T, id: str, secret: bool = False
    ) -> T:
        """Return what `parse` makes of the text."""
        return self.read_setting(Setting(name=name, kind=kind, default=default, parse=parse, id=id, secret=secret))

    def find_unknown_names(self) -> dict[str, str]:
        """Return variables that look like settings but are none, each with the setting that may be meant, or ""."""
        found = {}
        for name in sorted(self.environ.keys() - self.known.keys() - _FOREIGN_NAMES):
            near = (
                difflib.get_close_matches(name, self.known, 1, _SIMILARITY_CUTOFF)
                if len(name) > _MAX_UNCOMPARED_LENGTH
                else []
            )
            if near or (name.startswith(_OUR_PREFIXES) and not _KUBERNETES_NAMES.search(name)):
                found[name] = near[0] if near else ""
        return found

    def _parse_given_value(self, setting: Setting[T]) -> T:
        if setting.name not in self.environ:
            return setting.default
        text = value_types.strip_quotes(self.environ[setting.name])
        if not text:
            return setting.default if setting.empty is None else setting.empty
        try:
            return setting.parse(text if setting.has_lines else value_types.require_printable(text))
        except UnreadableValue as wrong:
            self.findings.append(
                Finding(
                    id=setting.id, problem=f"{_name_and_value(setting, text)} {wrong.problem}.", remedy=wrong.remedy
                )
            )
            return setting.default


def _name_and_value(setting: Setting[Any], text: str) -> str:
    return setting.name if setting.secret else f"{setting.name}={ascii(text)[1:-1] if not text.isprintable() else text}"
