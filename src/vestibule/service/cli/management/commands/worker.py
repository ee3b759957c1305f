"""`vestibule worker`: deliver messages and erase what is due; any number, beside Redis.

SIGTERM ends it after the current task. If it is killed during a task, nothing is lost: the message's lease runs out and
another worker takes it. If it ends without having been told to, its exit status is not 0.
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
    """Deliver messages and sweep, as Celery schedules it."""

    help = "Deliver messages and erase what is due, as a Celery worker (needs REDIS_URL or CELERY_BROKER_URL)."
    runs_until_stopped = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--concurrency`: how many threads."""
        parser.add_argument(
            "--concurrency", type=int, default=settings.WORKER_CONCURRENCY, help="threads (WORKER_CONCURRENCY)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until stopped.

        Raises:
            CommandError: there is no broker, or the worker ended by itself.
        """
        if not app.conf.broker_url:
            raise CommandError("No broker: set REDIS_URL or CELERY_BROKER_URL, or let `vestibule serve` do the work.")
        if settings.WORKER_METRICS_PORT:  # the worker has the machine to itself: other files are from former workers
            metric_files.delete_dead_process_files()
            port.serve_metrics(port.listen_address(), settings.WORKER_METRICS_PORT)
        freeze_garbage_collector()
        app.worker_main(["worker", "--loglevel=warning", f"--concurrency={options['concurrency']}", "--without-gossip"])
        if state.should_stop is None and state.should_terminate is None:  # what a signal sets, and nothing else
            raise CommandError("The worker ended although nobody asked it to; its supervisor starts it again.")
