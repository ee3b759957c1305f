"""Django system checks of VESTIBULE, which would otherwise be read at the first request."""

import difflib
from collections.abc import Mapping

from django.conf import settings
from django.core.checks import Error

from vestibule.conf import find_problems
from vestibule.limits.rates import parse_rates
from vestibule.limits.rules import DEFAULT_RATES


def check_settings(**_: object) -> list[Error]:
    """Return what is unknown, of a wrong type or beyond its bounds."""
    return [Error(problem, hint=remedy, id="vestibule.E070") for problem, remedy in find_problems(settings)]


def check_rates(**_: object) -> list[Error]:
    """Return the rates that no rule has, and those that cannot be parsed. `check_settings` reports a wrong type."""
    given = getattr(settings, "VESTIBULE", {})
    rates = given.get("RATES", {}) if isinstance(given, Mapping) else {}
    pairs = rates.items() if isinstance(rates, Mapping) else ()
    found = [_find_rate_error(name, words) for name, words in pairs if isinstance(name, str) and isinstance(words, str)]
    return [error for error in found if error]


def _find_rate_error(name: str, words: str) -> Error | None:
    if name not in DEFAULT_RATES:
        near = difflib.get_close_matches(name.lower(), DEFAULT_RATES, 1)
        hint = f"Did you mean {near[0]}?" if near else "docs/settings.md has the list of what there is."
        return Error(f"VESTIBULE['RATES'] has {name!r}, which is no rule.", hint=hint, id="vestibule.E071")
    try:
        parse_rates(words)
    except ValueError:
        hint = "Write rates like '10/minute;100/hour', or '' for none."
        return Error(f"VESTIBULE['RATES'][{name!r}] is {words!r}, which is no rate.", hint=hint, id="vestibule.E072")
    return None
