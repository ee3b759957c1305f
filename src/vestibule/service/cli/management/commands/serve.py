"""`vestibule serve`: serve the pages and the API; without Redis also deliver the messages."""

import socket
import sys
from importlib.metadata import version
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connections
from django.urls import reverse

from vestibule.conf import conf
from vestibule.kernel import hosts
from vestibule.service.cli.base import ServiceCommand
from vestibule.service.ops import metric_files
from vestibule.service.ops.migrations import list_unapplied_migrations
from vestibule.service.server.gunicorn_server import Server

FOR_DEVELOPERS = """
No mail goes out: every message is in the mailbox. Pages of localhost may call the API, and for this machine the rates
are a hundred times as high. EMAIL_HOST ends all three.

Next: sign up, and take the code out of the mailbox; `vestibule demo` shows an app that uses this service;
`vestibule create-admin ADDRESS` makes the first admin, for {admin}
"""


class Command(ServiceCommand):
    """Serve the API and the pages."""

    help = (
        "Serve the pages and the API on PORT (8000); without REDIS_URL also deliver the messages. With nothing set, "
        "all is kept in the folder var/ (VAR_DIR), which is made."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate an embedded database, bring in the applications of APPLICATIONS_FILE, print the addresses, and serve
        until stopped.

        Raises:
            CommandError: the port is in use on a developer's machine.
        """
        if conf.mailbox:
            require_free_port()
        if settings.DATABASE_URL:
            if self.warn_if_not_migrated() and settings.APPLICATIONS_FILE:
                self.apply_applications()
        else:
            call_command("migrate", verbosity=0)
        self.print_addresses()
        metric_files.delete_dead_process_files()
        connections.close_all()  # forked processes must not share a connection
        sys.argv = sys.argv[:1]  # gunicorn would parse our arguments
        Server().run()

    def print_addresses(self) -> None:
        """Print where the pages, the API and the mailbox are, and to a developer what to do next."""
        shown = {"Sign up": "vestibule_pages:register", "API docs": "vestibule_api:docs"}
        if conf.mailbox:
            shown["Mailbox"] = "vestibule_pages:mailbox"
        self.stdout.write(f"vestibule {version('vestibule')}\n")
        for title, name in shown.items():
            self.stdout.write(f"  {title:10}{conf.base_url}{reverse(name)}")
        if conf.mailbox:
            admin = f"{conf.base_url}{reverse('vestibule_admin:index')}"
            self.stdout.write(FOR_DEVELOPERS.format(admin=admin))
        self.stdout.flush()

    def warn_if_not_migrated(self) -> bool:
        """Warn about unapplied migrations, and return whether there are none. Several machines share that database, and
        a release migrates it once. If it cannot be reached, `/health/ready` says so."""
        try:
            left = list_unapplied_migrations()
        except OperationalError:
            return False
        if left:
            self.stderr.write(
                f"The database is not migrated ({len(left)} to apply): run `vestibule migrate`. "
                f"Until then nothing works, and {reverse('vestibule_ops:ready')} says so."
            )
        return not left

    def apply_applications(self) -> None:
        """Bring in the applications; the last ones stay where that fails."""
        try:
            call_command("apply_applications", stdout=self.stdout)
        except CommandError as error:
            self.stderr.write(f"The applications of APPLICATIONS_FILE were not brought in: {error}")


def require_free_port() -> None:
    """Refuse a port that something else listens on. In production the server tries again for some seconds: the
    process before this one may be at its end.

    Raises:
        CommandError: the port is in use, or may not be used.
    """
    family = socket.AF_INET6 if ":" in settings.BIND else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn does
        try:
            probe.bind((settings.BIND, settings.PORT))
        except OSError as refused:
            place = f"{hosts.bracket_ipv6(settings.BIND)}:{settings.PORT}"
            raise CommandError(
                f"{place}: {refused.strerror}. Another port: PORT={settings.PORT + 1} vestibule serve"
            ) from refused
