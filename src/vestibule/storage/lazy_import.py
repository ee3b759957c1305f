"""Libraries that most processes do not need, imported at first use."""

from functools import partial
from importlib import import_module
from typing import Any

from django.utils.functional import SimpleLazyObject


def import_when_used(library: str) -> Any:
    """Return a proxy that imports the library at first use. Each of these libraries adds a tenth of a second to the
    start, and most processes do not need it. Type checkers see the real import (TYPE_CHECKING)."""
    return SimpleLazyObject(partial(import_module, library))
