"""`vestibule demo`: serve, and beside it a tiny app that uses the service by pages, OpenID Connect and API."""

import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from vestibule.conf import conf
from vestibule.service.boot import environment_with
from vestibule.service.cli.base import OperatorCommand
from vestibule.service.cli.demo_app.server import CLIENT_ID, DemoServer

DECLARATION = """
[applications.{client_id}]
name = "Orchard"
type = "spa"
redirect_uris = ["{origin}/"]
"""


class Command(OperatorCommand):
    """Serve the service and the demo app."""

    help = (
        "Serve, and beside it a tiny app that uses the service by pages, OpenID Connect and API. "
        "Its source is in vestibule/service/cli/demo_app."
    )

    runs_until_stopped = True

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
            status = serve_until_stopped(
                RETURN_URLS=",".join([*conf.return_urls, origin]), APPLICATIONS_FILE=str(declare_app(origin))
            )
        if status > 0:
            raise SystemExit(status)


def declare_app(origin: str) -> Path:
    """Write a file that declares the app beside the applications that are declared already, and return its path."""
    declared = settings.APPLICATIONS_FILE.read_text("utf-8-sig") if settings.APPLICATIONS_FILE else ""
    path: Path = conf.var_dir / "demo.toml"
    path.write_text(declared + DECLARATION.format(client_id=CLIENT_ID, origin=origin), "utf-8")
    return path


def serve_until_stopped(**settings_of_it: str) -> int:
    """Run `vestibule serve` with these settings as a process of its own, and return its exit status."""
    environment = environment_with(**settings_of_it)
    with subprocess.Popen([sys.executable, "-m", "vestibule", "serve"], env=environment) as service:
        signal.signal(signal.SIGTERM, lambda *_: service.terminate())
        try:
            return service.wait()
        except KeyboardInterrupt:  # the terminal interrupted the service, too
            return service.wait()
