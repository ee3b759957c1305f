"""`vestibule purge`: erase what is due now; `--dry-run` only counts."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from vestibule.service.cli.base import OperatorCommand
from vestibule.service.worker.schedule import erase_stale, list_sweeps


class Command(OperatorCommand):
    """Delete what is of no more use."""

    help = "Erase whatever its time is over for, and cut old addresses of the audit log to their network."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--dry-run`."""
        parser.add_argument("--dry-run", action="store_true", help="say how many rows would go, and erase none")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print for each kind how many rows were deleted, or would be."""
        now = timezone.now()
        for kind in list_sweeps():
            rows = kind.count(now - kind.kept_for) if options["dry_run"] else erase_stale(kind, now)
            self.stdout.write(f"{rows:>9}  {kind.kind}")
