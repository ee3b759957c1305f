"""`vestibule demo`: serve, and beside it a tiny app that uses the service by its pages and its API."""

import signal
import subprocess
import sys
from threading import Thread
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from vestibule.conf import conf
from vestibule.service.boot import environment_with
from vestibule.service.cli.base import OperatorCommand
from vestibule.service.cli.demo_app.server import DemoServer


class Command(OperatorCommand):
    """Serve the service and the demo app."""

    help = (
        "Serve, and beside it a tiny app that uses the service by its pages and its API. "
        "Its source is in vestibule/service/cli/demo_app."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--port`."""
        parser.add_argument("--port", type=int, default=settings.PORT + 1, help="of the app (PORT + 1)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve both until stopped.

        Raises:
            CommandError: a transport is configured, or the port of the app is in use.
            SystemExit: the service ended with an error.
        """
        if not conf.mailbox:
            raise CommandError("The demo runs on a developer's machine, with the mailbox: unset EMAIL_HOST.")
        try:
            app = DemoServer(options["port"], house=conf.base_url, keys_url=f"{conf.base_url}/{settings.JWKS_PATH}")
        except OSError as refused:
            raise CommandError(f"Port {options['port']}: {refused.strerror}. Name another by --port.") from refused
        origin = f"http://localhost:{options['port']}"
        self.stdout.write(f"The demo app: {origin}/\n")
        self.stdout.flush()
        with app:
            Thread(target=app.serve_forever, daemon=True).start()
            status = serve_until_stopped(return_urls=[*conf.return_urls, origin])
        if status > 0:
            raise SystemExit(status)


def serve_until_stopped(*, return_urls: list[str]) -> int:
    """Run `vestibule serve` as a process of its own, and return its exit status."""
    environment = environment_with(RETURN_URLS=",".join(return_urls))
    with subprocess.Popen([sys.executable, "-m", "vestibule", "serve"], env=environment) as service:
        signal.signal(signal.SIGTERM, lambda *_: service.terminate())
        try:
            return service.wait()
        except KeyboardInterrupt:  # the terminal interrupted the service, too
            return service.wait()
