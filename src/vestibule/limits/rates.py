"""The rates in force: the operator's where there are any, else the rule's own; words like `10/minute;100/hour`,
parsed. Words that are no rate raise ValueError."""

from datetime import timedelta
from functools import lru_cache

import limits

from vestibule.conf import conf
from vestibule.limits.rolling_window import Allowance
from vestibule.limits.rules import Rule

_LARGEST = 2**31 - 1
RELAXED_BY = 100  # times as much for a developer (docs/decisions/0147)
Rates = tuple[limits.RateLimitItem, ...]


def rates_per_network(rule: Rule, *, relaxed: bool = False) -> Rates:
    """Return how often one network may; `relaxed` for a developer."""
    return _rates_in_force(rule.name, rule.per_network, relaxed=relaxed)


def rates_per_identifier(rule: Rule, *, relaxed: bool = False) -> Rates:
    """Return how often it may be for one address; `relaxed` for a developer."""
    return _rates_in_force(f"{rule.name}_per_identifier", rule.per_identifier, relaxed=relaxed)


def rates_overall(rule: Rule) -> Rates:
    """Return how often all clients together may."""
    return parse_rates(conf.rates.get(f"{rule.name}_overall", rule.overall))


def cap_allowance(cap: Rule, *, relaxed: bool = False) -> Allowance:
    """Return the allowance of a cap that the ledger counts; `relaxed` for a developer."""
    found = _rates_in_force(cap.name, cap.per_identifier, relaxed=relaxed)
    return _allowance_of(found)


def _rates_in_force(name: str, default: str, *, relaxed: bool) -> Rates:
    """Return the operator's rates, or the default ones, which alone can be relaxed: who sets a rate means it."""
    if name in conf.rates:
        return parse_rates(conf.rates[name])
    return _relax(default) if relaxed else parse_rates(default)


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
def _relax(words: str) -> Rates:
    return tuple(type(rate)(rate.amount * RELAXED_BY, rate.multiples) for rate in parse_rates(words))


@lru_cache(maxsize=256)
def _allowance_of(rates: Rates) -> Allowance:
    return Allowance(windows=tuple((rate.amount, timedelta(seconds=rate.get_expiry())) for rate in rates))
