"""A dict of bounded size."""

from collections.abc import Hashable
from threading import Lock
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_lock = Lock()


def keep_newest(kept: dict[K, V], key: K, value: V, most: int) -> None:
    """Keep the value as the newest, and drop the oldest where there are more than `most`."""
    with _lock:
        kept.pop(key, None)
        kept[key] = value
        if len(kept) > most:
            del kept[next(iter(kept))]
