"""Rates in words, like `10/minute;100/hour`, parsed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import limits

from vestibule.limits.rolling_window import Allowance
from vestibule.limits.rules import Rule

# Returns the operator's value of a setting, given its name and default; empty means no rate.
ReadSetting = Callable[[str, str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """The parsed rates of a rule."""

    per_network: tuple[limits.RateLimitItem, ...] = ()
    per_identifier: tuple[limits.RateLimitItem, ...] = ()
    overall: tuple[limits.RateLimitItem, ...] = ()


def parse_rule_rates(rule: Rule, read: ReadSetting) -> Rates:
    """Return the rates of a rule at the edge.

    Raises:
        ValueError: a setting is no rate.
    """
    name = f"RATE_{rule.name.upper()}"
    return Rates(
        per_network=parse_rates(read(name, rule.per_network)),
        per_identifier=parse_rates(read(f"{name}_PER_IDENTIFIER", rule.per_identifier)),
        overall=parse_rates(read(f"{name}_OVERALL", rule.overall)),
    )


def parse_cap_allowance(cap: Rule, read: ReadSetting) -> Allowance:
    """Return the allowance of a cap that the ledger counts.

    Raises:
        ValueError: the setting is no rate.
    """
    rates = parse_rates(read(f"RATE_{cap.name.upper()}", cap.per_identifier))
    return Allowance(windows=tuple((rate.amount, timedelta(seconds=rate.get_expiry())) for rate in rates))


def parse_rates(words: str) -> tuple[limits.RateLimitItem, ...]:
    """Return the rates that the words name; none for no words.

    Raises:
        ValueError: the words name no rate.
    """
    return tuple(limits.parse_many(words)) if words.strip() else ()
