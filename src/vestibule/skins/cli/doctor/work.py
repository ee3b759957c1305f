"""Who works: the broker, the worker, beat, and the outbox that they empty."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from kombu import Connection

from vestibule.celery import app
from vestibule.courier.standing import given_up, refused_as_ours, standing
from vestibule.guards import pulse
from vestibule.skins.cli.doctor.check import Check, Round, Seen, error, fine, warning

PATIENCE = 2  # seconds for a worker to answer
SWEPT_WITHIN = timedelta(minutes=5)  # beat rings each minute
OVERDUE, OLD = timedelta(minutes=1), timedelta(hours=1)
EMBEDDED = "a thread of `vestibule serve`"


def broker(_: Round) -> Iterator[Seen]:
    """A connection."""
    if not settings.CELERY_BROKER_URL:
        yield fine(f"none: {EMBEDDED} works")
        return
    with Connection(settings.CELERY_BROKER_URL, connect_timeout=PATIENCE) as connection:
        connection.ensure_connection(max_retries=0, timeout=PATIENCE)
        yield fine(f"{connection.transport_cls} answers")


def worker(_: Round) -> Iterator[Seen]:
    """Celery's own ping."""
    if not settings.CELERY_BROKER_URL:
        yield fine(EMBEDDED)
        return
    answers = app.control.inspect(timeout=PATIENCE).ping() or {}
    yield fine(f"{len(answers)} answered: {', '.join(sorted(answers))}") if answers else error("no worker answers")


def beat(round: Round) -> Iterator[Seen]:
    """The sweeps leave a mark; without one, nobody rang or nobody heard."""
    last = pulse.last()
    if last is None:
        yield error("the sweeps have never run")
    elif round.at - last > SWEPT_WITHIN:
        yield error(f"the sweeps last ran {_long(round.at - last)} ago")
    else:
        yield fine(f"the sweeps ran {_long(round.at - last)} ago")


def outbox(round: Round) -> Iterator[Seen]:
    """What waits, and for how long."""
    now, lost = standing(round.at), given_up(round.at, timedelta(days=1))
    if now.overdue > OVERDUE.total_seconds():
        yield error(f"a message has been due for {_long(timedelta(seconds=now.overdue))}, and nobody took it")
    elif now.oldest > OLD.total_seconds():
        yield warning(f"the oldest message has waited for {_long(timedelta(seconds=now.oldest))}")
    if lost:
        yield warning(f"{lost} messages were given up in the last day")
    if now.overdue <= OVERDUE.total_seconds() and now.oldest <= OLD.total_seconds() and not lost:
        yield fine(f"{sum(now.waiting.values())} wait")


def transport(_: Round) -> Iterator[Seen]:
    """What servers say of us, while messages wait for it to be mended."""
    refused = refused_as_ours()
    for answer, count in sorted(refused.items()):
        yield error(f"{count} messages wait because a mail or SMS server refuses us: {answer}")
    if not refused:
        yield fine("no server refuses us")


def _long(time: timedelta) -> str:
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
        look=broker,
    ),
    Check(
        id="worker",
        looks_at="whether a worker answers a ping",
        remedy="Run `vestibule worker`.",
        look=worker,
        needs="broker",
    ),
    Check(
        id="beat",
        looks_at="whether the sweeps ran in the last five minutes",
        remedy="Run one `vestibule beat` and a `vestibule worker` (embedded: `vestibule serve`).",
        look=beat,
        needs="migrations",
    ),
    Check(
        id="outbox",
        looks_at="whether messages wait too long, or were given up",
        remedy="Run a worker, and see that the mail server takes mails: `message.delayed` in the logs says why not.",
        look=outbox,
        needs="migrations",
    ),
    Check(
        id="transport",
        looks_at="whether a mail or SMS server refuses us, rather than an address",
        remedy="Look at login, relaying, sender, SPF, DKIM and reputation (docs/delivery.md); what waits is sent then.",
        look=transport,
        needs="migrations",
    ),
)
