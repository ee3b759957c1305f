"""The base classes of our commands: a help that shows their own options, and what is checked before they run."""

import argparse
from importlib.metadata import version
from typing import Any, ClassVar

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandParser

from vestibule.service import logs
from vestibule.service.boot import freeze_garbage_collector


class ServiceCommand(BaseCommand):
    """A command of ours. Django's options work as ever, but the help does not show them."""

    suppressed_base_arguments = {
        *("--version", "--verbosity", "--settings", "--pythonpath"),
        *("--traceback", "--no-color", "--force-color"),
    }

    def run_from_argv(self, argv: list[str]) -> None:
        """Run the command of this process: it is loaded, and what it makes from now on is collected."""
        freeze_garbage_collector()
        super().run_from_argv(argv)

    def get_version(self) -> str:
        """Return the release of this service, not of Django."""
        return version("vestibule")

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Return the parser, for the command as people type it. An option of ours replaces Django's of the same
        name."""
        parser = super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)
        parser.prog = f"vestibule {subcommand.replace('_', '-')}"
        if self.requires_system_checks:
            parser.add_argument("--skip-checks", action="store_true", help=argparse.SUPPRESS)
        return parser


class OperatorCommand(ServiceCommand):
    """A command that checks only the settings and the database's encoding before it runs. The checks of paths, admin
    and templates import the whole service; `check`, `doctor` and `serve` run them.

    Its standard output is what it answers, for other programs to read, and its log goes to standard error; that of one
    which `runs_until_stopped` goes to standard output."""

    requires_system_checks = (Tags.security,)
    runs_until_stopped: ClassVar[bool] = False

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command."""
        if self.runs_until_stopped:
            return super().execute(*args, **options)
        with logs.log_to_standard_error():
            return super().execute(*args, **options)
