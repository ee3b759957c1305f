"""The `vestibule` command. What it says of itself, `--version` and `--help`, it says before Django is imported."""

import os
import sys
from importlib import import_module

from vestibule.service.boot import pause_garbage_collector
from vestibule.service.cli import overview


def main() -> None:
    """Run the command that the arguments name, or print what they ask for."""
    os.umask(0o077)  # no other user of the machine may read the database, messages and pictures (ASVS 14.1.2)
    pause_garbage_collector()
    program, *words = sys.argv
    if text := overview.text_for_arguments(words):
        sys.stdout.write(text)
    else:
        import_module("vestibule.service.cli.execution").execute(program, words)
