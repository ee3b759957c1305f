"""Wake-up of the delivery after a message was posted: a worker through the broker, or a thread of this process.

The outbox is the only queue. A lost wake-up costs a few seconds, because the sweep finds every due message. A wake-up
under way serves everything posted meanwhile; a mark in Redis says that there is one.
"""

from contextlib import suppress
from functools import cache
from threading import Event
from typing import TYPE_CHECKING

from django.utils.module_loading import import_string

from vestibule.conf import conf
from vestibule.storage import redis_client
from vestibule.storage.database import on_commit

if TYPE_CHECKING:
    from redis import Redis

wake_event = Event()

_WAKE_MARK = "vestibule:wake"
_WAKE_MARK_SECONDS = 2  # then another worker is woken beside one that is slow


def wake_worker() -> None:
    """Tell a worker that a message is due. Never raises: the message is committed, and the sweep will find it."""
    if not conf.outbox_waker:
        wake_event.set()
    elif set_wake_mark(only_if_absent=True):
        import_string(conf.outbox_waker)()


def wake_for(changed: int) -> int:
    """Wake the worker after the commit, if any row changed of which it tells others. Return how many did."""
    if changed:
        on_commit(wake_worker)
    return changed


def set_wake_mark(*, only_if_absent: bool = False) -> bool:
    """Set the mark that a worker is on its way or busy. Return whether it was set; True if Redis cannot tell."""
    if conf.redis_url:
        with suppress(*redis_client.unreachable_errors()):
            return bool(_redis_connection().set(_WAKE_MARK, b"", nx=only_if_absent, ex=_WAKE_MARK_SECONDS))
    return True


def clear_wake_mark() -> None:
    """Remove the mark because the worker is done, so that the next message wakes one."""
    if conf.redis_url:
        with suppress(*redis_client.unreachable_errors()):
            _redis_connection().delete(_WAKE_MARK)


@cache
def _redis_connection() -> "Redis":
    return redis_client.open_connection(conf.redis_url)
