"""Libraries that most processes do without, imported when they are first used."""

from functools import partial
from importlib import import_module
from typing import Any

from django.utils.functional import SimpleLazyObject


def import_when_used(library: str) -> Any:
    """Return the library, imported when it is first asked for something: for those that most processes do without, and
    that cost a start a tenth of a second each. Type checkers are told of it apart (TYPE_CHECKING)."""
    return SimpleLazyObject(partial(import_module, library))
