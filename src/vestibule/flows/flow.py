"""The decorator of every flow: it attributes expensive work to the client, records refusals, and turns database outages
into Unavailable."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError

from vestibule.audit.events import refusal_event
from vestibule.audit.record import record_event
from vestibule.kernel import spans
from vestibule.kernel.client import Client
from vestibule.kernel.errors import Refusal, Unavailable
from vestibule.limits.admission import admission

F = TypeVar("F", bound=Callable[..., Any])

FLOW_NAMES: set[str] = set()  # of every flow whose module is imported

log = structlog.get_logger("vestibule.flows")


def flow(name: str) -> Callable[[F], F]:
    """Register a keyword-only function that takes a `client` as the flow with this public name.

    The name stands in the audit log, log lines, metrics and traces. It stays the same when the function or its module
    is renamed.

    A Refusal is recorded as `<name>.refused` with its code and raised again. It gets an audit row if the client is
    signed in or internal, or if the refusal names a subject; otherwise it is counted per day, because a stranger can
    cause any number of them. An OperationalError or InterfaceError of the database becomes Unavailable, which is logged
    and counted but gets no audit row: there is no database to write it to.

    Raises:
        ValueError: another flow has this name.
    """
    if name in FLOW_NAMES:
        raise ValueError(f"two flows have the name {name}")
    FLOW_NAMES.add(name)

    def wrap_flow(function: F) -> F:
        @wraps(function)
        def run_flow(*, client: Client, **given: Any) -> Any:
            try:
                with spans.open_span(name), admission.attribute_work_to(client):
                    return function(client=client, **given)
            except (OperationalError, InterfaceError) as error:
                log.error("database.unavailable", flow=name, error=type(error).__name__)
                unavailable = Unavailable()
                _record_refusal(name, client, unavailable)
                raise unavailable from error
            except Refusal as refusal:
                _record_refusal(name, client, refusal)
                raise

        return run_flow  # type: ignore[return-value]  # the same signature: given by keyword, as every flow is called

    return wrap_flow


def _record_refusal(name: str, client: Client, refusal: Refusal) -> None:
    away = isinstance(refusal, Unavailable)
    whose = client.user_id or client.is_internal or refusal.subject
    event = refusal_event(name, in_audit_log=bool(whose) and not away, counted_daily=not whose and not away)
    try:
        record_event(event, client, code=refusal.code, subject=refusal.subject)
    except DatabaseError:
        log.error("refusal.unrecorded", flow=name, code=refusal.code)
