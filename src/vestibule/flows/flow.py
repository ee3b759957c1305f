"""The mark of a flow: expensive work in it counts for its client, refusals are put on record, and a database that
can't be reached is Unavailable."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError

from vestibule.audit.events import refused
from vestibule.audit.record import record
from vestibule.guards.admission import admission
from vestibule.kernel import spans
from vestibule.kernel.client import Client
from vestibule.kernel.errors import Refusal, Unavailable

F = TypeVar("F", bound=Callable[..., Any])

NAMES: set[str] = set()  # of every flow whose module is imported

log = structlog.get_logger("vestibule.flows")


def flow(name: str) -> Callable[[F], F]:
    """Make a keyword-only function that takes a `client` the flow of this public name.

    The name stands in the audit log, log lines, metrics and traces, and does not change when the function or its
    module is renamed. A Refusal is recorded as `<name>.refused` with its code, and goes on: with a row where it
    concerns a person who is signed in, or an address; else it is counted by day, for strangers cause as many as they
    like. A database that is down, times out or gives up a lock becomes Unavailable, which is logged and counted but,
    for want of a database, no row.

    Raises:
        ValueError: another flow has the name.
    """
    if name in NAMES:
        raise ValueError(f"two flows have the name {name}")
    NAMES.add(name)

    def mark(act: F) -> F:
        @wraps(act)
        def run(*, client: Client, **given: Any) -> Any:
            try:
                with spans.span(name), admission.visiting(client):
                    return act(client=client, **given)
            except (OperationalError, InterfaceError) as error:
                log.error("database.unavailable", flow=name, error=type(error).__name__)
                unavailable = Unavailable()
                _on_record(name, client, unavailable)
                raise unavailable from error
            except Refusal as refusal:
                _on_record(name, client, refusal)
                raise

        return run  # type: ignore[return-value]  # the same signature: given by keyword, as every flow is called

    return mark


def _on_record(name: str, client: Client, refusal: Refusal) -> None:
    away = isinstance(refusal, Unavailable)
    whose = client.user_id or client.of_house or refusal.subject
    event = refused(name, kept=bool(whose) and not away, tallied=not whose and not away)
    try:
        record(event, client, code=refusal.code, subject=refusal.subject)
    except DatabaseError:
        log.error("refusal.unrecorded", flow=name, code=refusal.code)
