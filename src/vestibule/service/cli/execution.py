"""Runs a command: one of ours, or behind `django` one of Django's. It imports only what every command needs
(tests/architecture/test_imports.py)."""

import os
import sys
from types import TracebackType

import django
from django.core import management

from vestibule.service.boot import freeze_garbage_collector, set_default_settings_module
from vestibule.service.cli import overview
from vestibule.service.ops import metric_files

DJANGO = "django"  # `vestibule django …`: Django's own commands
KEEPS_COUNTS = "worker"  # as the processes of a server do: a sum that falls looks like a restart of all of them
USAGE_ERROR = 2  # the exit status of argparse


def execute(program: str, words: list[str]) -> None:
    """Run the command that these arguments name."""
    if "--traceback" not in words:
        sys.excepthook = report_error
    set_default_settings_module()
    command = resolve_command(words)
    if command[0] not in overview.our_commands():  # ours do so when they are loaded
        freeze_garbage_collector()
    process = os.getpid()  # a server forks, and its children's counts outlive them
    try:
        management.execute_from_command_line([program, *command])
    finally:
        if os.getpid() == process and command[0] != KEEPS_COUNTS:
            metric_files.delete_process_files(process)


def resolve_command(words: list[str]) -> list[str]:
    """Return the management command and its arguments: `set-role` is `set_role`.

    Raises:
        SystemExit: there is no such command, or it is one of Django's that this service has another for.
    """
    name, *rest = words
    if name in overview.HELP:
        return resolve_command([*rest, "--help"])
    if (ours := name.replace("-", "_")) in overview.our_commands():
        return [ours, *rest]
    theirs = (rest or ["help"]) if name == DJANGO else words
    if theirs[0] in overview.REPLACED or (name != DJANGO and name not in _commands_of_all_apps()):
        sys.stderr.write(f"{overview.unknown_command_text(theirs[0])}\n")
        raise SystemExit(USAGE_ERROR)
    if name != DJANGO:
        sys.stderr.write(f"`{name}` is Django's: `vestibule {DJANGO} {name}` runs it.\n")
    return theirs


def _commands_of_all_apps() -> dict[str, str]:
    """Return every management command with its app; before the apps are loaded, Django knows its own only."""
    django.setup()
    return management.get_commands()


def report_error(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
    """Print an error that no command foresaw in one line, instead of a traceback (`sys.excepthook`)."""
    if issubclass(kind, KeyboardInterrupt):
        return
    told = " ".join(str(error).split())
    sys.stderr.write(
        f"vestibule: {kind.__name__}{': ' if told else ''}{told}\n"
        "    → `vestibule doctor` looks for the cause; the same command with `--traceback` shows where it happened.\n"
    )
