"""`vestibule beat`: wake the workers for deliveries and sweeps; run exactly one, beside Redis."""

from typing import Any

from django.core.management.base import CommandError

from vestibule.conf import conf
from vestibule.service.celery import app
from vestibule.service.cli.base import OperatorCommand


class Command(OperatorCommand):
    """Run Celery beat."""

    help = "Wake the workers for deliveries and sweeps (Celery beat); run exactly one."
    runs_until_stopped = True

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until stopped.

        Raises:
            CommandError: there is no broker, or beat ended by itself.
        """
        if not app.conf.broker_url:
            raise CommandError("No broker: set REDIS_URL or CELERY_BROKER_URL, or let `vestibule serve` do the work.")
        app.start(["beat", "--loglevel=warning", f"--schedule={conf.var_dir / 'beat'}"])
        raise CommandError("Beat ended although nobody asked it to; its supervisor starts it again.")
