"""`vestibule worker`: a Celery worker that delivers messages and sweeps.

SIGTERM ends it after the task in hand. Killed in the middle of one, nothing is lost: a message's lease runs out, and
another worker has it. An end that nobody asked for has a status that is not 0, whatever Celery made of it.
"""

from typing import Any

from celery.worker import state
from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from vestibule.service.boot import freeze_garbage_collector
from vestibule.service.celery import app
from vestibule.service.cli.base import OperatorCommand
from vestibule.service.ops import metric_files, port


class Command(OperatorCommand):
    """Deliver messages and sweep, as Celery tells."""

    help = "Run a Celery worker (needs CELERY_BROKER_URL or REDIS_URL)."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--concurrency`: how many processes."""
        parser.add_argument("--concurrency", type=int, default=settings.WORKER_CONCURRENCY)

    def handle(self, *args: Any, **options: Any) -> None:
        """Work until told to stop."""
        if not app.conf.broker_url:
            raise CommandError("No broker: set REDIS_URL or CELERY_BROKER_URL, or let `vestibule serve` do the work.")
        if settings.WORKER_METRICS_PORT:  # a machine of its own: what lies there is a former worker's
            metric_files.delete_dead_process_files()
            port.serve_metrics(port.listen_address(), settings.WORKER_METRICS_PORT)
        freeze_garbage_collector()
        app.worker_main(["worker", "--loglevel=warning", f"--concurrency={options['concurrency']}", "--without-gossip"])
        if state.should_stop is None and state.should_terminate is None:  # what a signal sets, and nothing else
            raise CommandError("The worker ended although nobody asked it to; its supervisor starts it again.")
