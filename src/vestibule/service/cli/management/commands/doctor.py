"""`vestibule doctor`: look at everything that a deployment stands on, and say what to do about what is found."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from vestibule.service.doctor import report
from vestibule.service.doctor.check import DoctorRun
from vestibule.service.doctor.examination import is_healthy, run_checks
from vestibule.service.doctor.settings_report import describe_settings
from vestibule.service.doctor.table import CHECKS


class Command(BaseCommand):
    """Look, and tell. Exit status 1 where something has to be mended; with `--strict`, where a warning stands too."""

    help = "Check this deployment, with a remedy for each finding. Exit status 1 on errors (--strict: on warnings)."
    requires_system_checks = ()  # they are findings like the others

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Where an option has the name of one of Django's, ours counts."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        """`--settings`, `--mail`, `--json`, `--strict`."""
        parser.add_argument("--settings", dest="only_settings", action="store_true", help="what was understood")
        parser.set_defaults(settings=None)  # the module that Django's own option of this name would name
        parser.add_argument("--mail", default="", metavar="ADDRESS", help="send a test mail there")
        parser.add_argument("--json", action="store_true", help="for a machine")
        parser.add_argument("--strict", action="store_true", help="warnings count as errors")

    def handle(self, *args: Any, **options: Any) -> None:
        """Look and tell. Raises SystemExit(1)."""
        if options["only_settings"]:
            self.stdout.write(describe_settings(settings.ENVIRONMENT))
            return
        found = run_checks(CHECKS, DoctorRun(at=timezone.now(), test_mail_to=options["mail"]))
        fine = is_healthy(found, strict=options["strict"])
        self.stdout.write(
            report.report_as_json(found, healthy=fine) if options["json"] else report.format_report(found)
        )
        if not fine:
            raise SystemExit(1)
