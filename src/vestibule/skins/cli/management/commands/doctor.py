"""`vestibule doctor`: look at everything that a deployment stands on, and say what to do about what is found."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from vestibule.skins.cli.doctor import telling
from vestibule.skins.cli.doctor.check import Round
from vestibule.skins.cli.doctor.examination import examine, ok
from vestibule.skins.cli.doctor.table import CHECKS


class Command(BaseCommand):
    """Look, and tell. Exit status 1 where something has to be mended; with `--strict`, where a warning stands too."""

    help = "Check this deployment, with a remedy for each finding. Exit status 1 on errors (--strict: on warnings)."
    requires_system_checks = ()  # they are findings like the others

    def add_arguments(self, parser: CommandParser) -> None:
        """`--mail`, `--json`, `--strict`."""
        parser.add_argument("--mail", default="", metavar="ADDRESS", help="send a test mail there")
        parser.add_argument("--json", action="store_true", help="for a machine")
        parser.add_argument("--strict", action="store_true", help="warnings count as errors")

    def handle(self, *args: Any, **options: Any) -> None:
        """Look and tell. Raises SystemExit(1)."""
        found = examine(CHECKS, Round(at=timezone.now(), mail_to=options["mail"]))
        fine = ok(found, strict=options["strict"])
        self.stdout.write(telling.as_json(found, ok=fine) if options["json"] else telling.words(found))
        if not fine:
            raise SystemExit(1)
