"""Checks of values against type hints: those that `vestibule.conf` uses."""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, get_args, get_origin

TypeHint: TypeAlias = Any  # there is no type of `int | None` and `Literal[1]`
Bounds: TypeAlias = tuple[Any, Any]  # the least and the most


def find_mistake(value: Any, hint: TypeHint, bounds: Bounds | None) -> tuple[str, str] | None:
    """Return what the value is and what it must be; None if it is of the type and, like each item of a tuple, within
    the bounds. A tuple that has bounds is not empty."""
    if not has_type(value, hint):
        return type(value).__name__, describe_type(hint)
    numbers = value if isinstance(value, tuple) else (value,)
    if bounds and not (numbers and bounds[0] <= min(numbers) <= max(numbers) <= bounds[1]):
        return ", ".join(map(str, numbers)) or "empty", "from {} to {}".format(*bounds)
    return None


def has_type(value: object, hint: TypeHint) -> bool:
    """Return whether the value is of the type. A bool is no int here."""
    origin, parts = _split_hint(hint)
    if origin is Literal:
        return value in parts
    if origin is tuple:
        return isinstance(value, tuple) and all(has_type(each, parts[0]) for each in value)
    if origin is Mapping:
        return isinstance(value, Mapping) and all(
            has_type(key, parts[0]) and has_type(each, parts[1]) for key, each in value.items()
        )
    if parts:  # a union
        return any(has_type(value, part) for part in parts)
    return isinstance(value, hint) and (hint is not int or not isinstance(value, bool))


def describe_type(hint: TypeHint) -> str:
    """Return the type in words, for an operator: `a list of str`."""
    origin, parts = _split_hint(hint)
    if origin is Literal:
        return " or ".join(map(repr, parts))
    if origin is tuple:
        return f"a list of {describe_type(parts[0])}"
    if origin is Mapping:
        return f"a dict from {describe_type(parts[0])} to {describe_type(parts[1])}"
    if parts:  # a union
        return " or ".join(map(describe_type, parts))
    return "None" if hint is type(None) else str(hint.__name__)


def _split_hint(hint: Any) -> tuple[object, tuple[TypeHint, ...]]:
    return get_origin(hint), get_args(hint)
