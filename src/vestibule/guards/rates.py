"""Rates in words, like `10/minute;100/hour`, parsed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import limits

from vestibule.guards.allowance import Allowance
from vestibule.guards.rules import Rule

# From the name of a setting and its default to what the operator wants; empty means no rate.
Read = Callable[[str, str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """A rule's rates."""

    per_network: tuple[limits.RateLimitItem, ...] = ()
    per_identifier: tuple[limits.RateLimitItem, ...] = ()
    overall: tuple[limits.RateLimitItem, ...] = ()


def of_rule(rule: Rule, read: Read) -> Rates:
    """The rates of a rule at the edge. Raises ValueError for words that are no rate."""
    name = f"RATE_{rule.name.upper()}"
    return Rates(
        per_network=parsed(read(name, rule.per_network)),
        per_identifier=parsed(read(f"{name}_PER_IDENTIFIER", rule.per_identifier)),
        overall=parsed(read(f"{name}_OVERALL", rule.overall)),
    )


def of_cap(cap: Rule, read: Read) -> Allowance:
    """The allowance of a cap that the ledger counts. Raises ValueError for words that are no rate."""
    rates = parsed(read(f"RATE_{cap.name.upper()}", cap.per_identifier))
    return Allowance(windows=tuple((rate.amount, timedelta(seconds=rate.get_expiry())) for rate in rates))


def parsed(words: str) -> tuple[limits.RateLimitItem, ...]:
    """The rates that the words name; none for no words. Raises ValueError."""
    return tuple(limits.parse_many(words)) if words.strip() else ()
