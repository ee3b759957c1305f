"""`vestibule serve`: the API and the pages; in the embedded mode also the worker, as a thread of the one process."""

import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import OperationalError, connections
from django.urls import reverse

from vestibule.conf import conf
from vestibule.service.ops import metric_files
from vestibule.service.ops.migrations import list_unapplied_migrations
from vestibule.service.server.gunicorn_server import Server


class Command(BaseCommand):
    """Serve the API and the pages."""

    help = "Serve the API and the pages (PORT, WEB_PROCESSES, WEB_THREADS)."

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate an embedded database, print the addresses, and serve until stopped."""
        if settings.DATABASE_URL:
            self.warn_if_not_migrated()
        else:
            call_command("migrate", verbosity=0)
        self.stdout.write(f"vestibule  {conf.base_url}{reverse('vestibule_pages:register')}")
        self.stdout.write(f"API docs   {conf.base_url}{reverse('vestibule_api:docs')}")
        if conf.mailbox:
            self.stdout.write(f"mailbox    {conf.base_url}{reverse('vestibule_pages:mailbox')}")
        self.stdout.flush()
        metric_files.delete_dead_process_files()
        connections.close_all()  # forked processes must not share a connection
        sys.argv = sys.argv[:1]  # gunicorn would parse our arguments
        Server().run()

    def warn_if_not_migrated(self) -> None:
        """Warn about unapplied migrations. Several machines share that database, and a release migrates it once. If it
        cannot be reached, `/health/ready` says so."""
        try:
            left = list_unapplied_migrations()
        except OperationalError:
            return
        if left:
            self.stderr.write(
                f"The database is not migrated ({len(left)} to apply): run `vestibule migrate`. "
                f"Until then nothing works, and {reverse('vestibule_ops:ready')} says so."
            )
