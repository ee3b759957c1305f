"""Checks of broker, worker, beat and outbox."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from kombu import Connection

from vestibule.courier.backlog import count_given_up, count_sender_refusals, measure_backlog
from vestibule.limits import heartbeat
from vestibule.service.celery import app
from vestibule.service.doctor.check import Check, DoctorRun, Observation, report_error, report_fine, report_warning

PING_TIMEOUT = 2  # seconds for a worker to answer
MAX_SWEEP_AGE = timedelta(minutes=5)  # they are scheduled every minute
MAX_OVERDUE, MAX_MESSAGE_AGE = timedelta(minutes=1), timedelta(hours=1)
EMBEDDED_WORKER = "a thread of `vestibule serve`"


def check_broker(_: DoctorRun) -> Iterator[Observation]:
    """Connect to the broker."""
    if not settings.CELERY_BROKER_URL:
        yield report_fine(f"none: {EMBEDDED_WORKER} works")
        return
    with Connection(settings.CELERY_BROKER_URL, connect_timeout=PING_TIMEOUT) as connection:
        connection.ensure_connection(max_retries=0, timeout=PING_TIMEOUT)
        yield report_fine(f"{connection.transport_cls} answers")


def check_workers(_: DoctorRun) -> Iterator[Observation]:
    """Send Celery's ping."""
    if not settings.CELERY_BROKER_URL:
        yield report_fine(EMBEDDED_WORKER)
        return
    answers = app.control.inspect(timeout=PING_TIMEOUT).ping() or {}
    yield (
        report_fine(f"{len(answers)} answered: {', '.join(sorted(answers))}")
        if answers
        else report_error("no worker answers")
    )


def check_sweeps(doctor_run: DoctorRun) -> Iterator[Observation]:
    """Check when the sweeps last ran: beat must schedule them and a worker must run them."""
    last = heartbeat.last_sweeps_at()
    if last is None:
        yield report_error("the sweeps have never run")
    elif doctor_run.at - last > MAX_SWEEP_AGE:
        yield report_error(f"the sweeps last ran {_format_age(doctor_run.at - last)} ago")
    else:
        yield report_fine(f"the sweeps ran {_format_age(doctor_run.at - last)} ago")


def check_outbox(doctor_run: DoctorRun) -> Iterator[Observation]:
    """Check how many messages wait, and for how long."""
    now, lost = measure_backlog(doctor_run.at), count_given_up(doctor_run.at, timedelta(days=1))
    if now.overdue_seconds > MAX_OVERDUE.total_seconds():
        yield report_error(
            f"a message has been due for {_format_age(timedelta(seconds=now.overdue_seconds))}, and nobody took it"
        )
    elif now.oldest_seconds > MAX_MESSAGE_AGE.total_seconds():
        yield report_warning(f"the oldest message has waited for {_format_age(timedelta(seconds=now.oldest_seconds))}")
    if lost:
        yield report_warning(f"{lost} messages were given up in the last day")
    if (
        now.overdue_seconds <= MAX_OVERDUE.total_seconds()
        and now.oldest_seconds <= MAX_MESSAGE_AGE.total_seconds()
        and not lost
    ):
        yield report_fine(f"{sum(now.waiting.values())} wait")


def check_transport(_: DoctorRun) -> Iterator[Observation]:
    """Report the answers of servers that refuse us while messages wait."""
    refused = count_sender_refusals()
    for answer, count in sorted(refused.items()):
        yield report_error(f"{count} messages wait because a mail or SMS server refuses us: {answer}")
    if not refused:
        yield report_fine("no server refuses us")


def _format_age(time: timedelta) -> str:
    seconds = int(time.total_seconds())
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


CHECKS = (
    Check(
        id="broker",
        looks_at="whether the broker answers",
        remedy="Start it, and set CELERY_BROKER_URL (or REDIS_URL).",
        run=check_broker,
    ),
    Check(
        id="worker",
        looks_at="whether a worker answers a ping",
        remedy="Run `vestibule worker`.",
        run=check_workers,
        needs="broker",
    ),
    Check(
        id="beat",
        looks_at="whether the sweeps ran in the last five minutes",
        remedy="Run one `vestibule beat` and a `vestibule worker` (embedded: `vestibule serve`).",
        run=check_sweeps,
        needs="migrations",
    ),
    Check(
        id="outbox",
        looks_at="whether messages wait too long, or were given up",
        remedy="Run a worker, and see that the mail server takes mails: `message.delayed` in the logs says why not.",
        run=check_outbox,
        needs="migrations",
    ),
    Check(
        id="transport",
        looks_at="whether a mail or SMS server refuses us, rather than an address",
        remedy="Look at login, relaying, sender, SPF, DKIM and reputation (docs/delivery.md); what waits is sent then.",
        run=check_transport,
        needs="migrations",
    ),
)
