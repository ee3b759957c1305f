"""The rates in force: the operator's where there are any, else the rule's own; words like `10/minute;100/hour`,
parsed. Words that are no rate raise ValueError."""

from datetime import timedelta
from functools import lru_cache

import limits

from vestibule.conf import conf
from vestibule.limits.rolling_window import Allowance
from vestibule.limits.rules import Rule

_LARGEST = 2**31 - 1
Rates = tuple[limits.RateLimitItem, ...]


def rates_per_network(rule: Rule) -> Rates:
    """Return how often one network may."""
    return parse_rates(conf.rates.get(rule.name, rule.per_network))


def rates_per_identifier(rule: Rule) -> Rates:
    """Return how often it may be for one address."""
    return parse_rates(conf.rates.get(f"{rule.name}_per_identifier", rule.per_identifier))


def rates_overall(rule: Rule) -> Rates:
    """Return how often all clients together may."""
    return parse_rates(conf.rates.get(f"{rule.name}_overall", rule.overall))


def cap_allowance(cap: Rule) -> Allowance:
    """Return the allowance of a cap that the ledger counts."""
    return _parse_allowance(conf.rates.get(cap.name, cap.per_identifier))


@lru_cache(maxsize=256)
def parse_rates(words: str) -> Rates:
    """Return the rates that the words name; none for no words.

    Raises:
        ValueError: the words name no rate, or one that lets nobody pass or has no number.
    """
    rates = tuple(limits.parse_many(words)) if words.strip() else ()
    if not all(0 < number <= _LARGEST for rate in rates for number in (rate.amount, rate.multiples)):
        raise ValueError(words)
    return rates


@lru_cache(maxsize=256)
def _parse_allowance(words: str) -> Allowance:
    return Allowance(windows=tuple((rate.amount, timedelta(seconds=rate.get_expiry())) for rate in parse_rates(words)))
