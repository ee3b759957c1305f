"""`vestibule purge`: the sweeps, now and to the end; `--dry-run` only counts."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from vestibule.skins.cli.base import OperatorCommand
from vestibule.skins.worker.schedule import forget, sweeps


class Command(OperatorCommand):
    """Erase what is of no more use."""

    help = "Erase whatever its time is over for, and cut old addresses of the audit log to their network."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--dry-run`."""
        parser.add_argument("--dry-run", action="store_true", help="say how many rows would go, and erase none")

    def handle(self, *args: Any, **options: Any) -> None:
        """One line a kind: how many rows went, or would."""
        now = timezone.now()
        for kind in sweeps():
            rows = kind.count(now - kind.kept) if options["dry_run"] else forget(kind, now)
            self.stdout.write(f"{rows:>9}  {kind.kind}")
