"""`vestibule serve`: the API and the pages; in the embedded mode also the worker, as a thread of the one process."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from vestibule.skins.cli.server import Server
from vestibule.skins.ops import metric_files


class Command(BaseCommand):
    """Serve the API and the pages."""

    help = "Serve the API and the pages (PORT, WEB_PROCESSES, WEB_THREADS)."
    requires_migrations_checks = True

    def handle(self, *args: Any, **options: Any) -> None:
        """Say where everything is, and serve until told to stop."""
        self.stdout.write(f"vestibule  {settings.BASE_URL}/register/")
        self.stdout.write(f"API docs   {settings.BASE_URL}/api/docs")
        if settings.MAILBOX:
            self.stdout.write(f"mailbox    {settings.BASE_URL}/dev/mailbox/")
        self.stdout.flush()
        metric_files.forget_the_dead()
        sys.argv = sys.argv[:1]  # gunicorn would read ours
        Server().run()
