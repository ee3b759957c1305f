"""The id of the request that is answered: log lines, events and problem details hold it."""

from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("vestibule_request_id", default="")


def current_request_id() -> str:
    """Return the id of the request that this thread answers, or answered last; "" outside of requests."""
    return _current.get()


def set_request_id(request_id: str) -> None:
    """Set the id for what this thread does from here on."""
    _current.set(request_id)
