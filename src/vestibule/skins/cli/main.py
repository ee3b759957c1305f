"""The `vestibule` command."""

import sys

from django.core.management import execute_from_command_line

from vestibule.celery import app as celery

__all__ = ["celery", "main"]


def main() -> None:
    """Run the management command that the arguments name."""
    execute_from_command_line(sys.argv)
