"""The `vestibule` command. It imports only what every command needs (tests/architecture/test_imports.py)."""

import os
import sys

from django.core.management import execute_from_command_line

from vestibule.service.boot import collect_rarely, set_default_settings_module
from vestibule.service.cli import overview
from vestibule.service.ops import metric_files


def main() -> None:
    """Run the management command that the arguments name; `set-role` is `set_role`."""
    os.umask(0o077)  # no other user of the machine may read the database, messages and pictures (ASVS 14.1.2)
    program, *words = sys.argv
    if text := overview.text_for_arguments(words):
        sys.stdout.write(text)
        return
    if not words[0].startswith("-"):
        words[0] = words[0].replace("-", "_")
    set_default_settings_module()
    collect_rarely()
    command = os.getpid()  # a server forks, and its children's counts outlive them
    try:
        execute_from_command_line([program, *words])
    finally:
        if os.getpid() == command:
            metric_files.delete_process_files(command)
