"""`vestibule doctor`: check all that this deployment depends on, with a remedy for each finding."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils import timezone

from vestibule.service.cli.base import ServiceCommand
from vestibule.service.doctor import report
from vestibule.service.doctor.check import DoctorRun
from vestibule.service.doctor.examination import is_healthy, run_checks
from vestibule.service.doctor.settings_report import describe_settings
from vestibule.service.doctor.table import CHECKS


class Command(ServiceCommand):
    """Run the checks. The exit status is 1 on errors, with `--strict` also on warnings."""

    help = "Check this deployment, with a remedy for each finding. Exit status 1 on errors (--strict: on warnings)."
    requires_system_checks = ()  # one of the doctor's own checks runs them

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--settings`, `--mail`, `--json`, `--strict`."""
        parser.add_argument(
            "--settings", dest="only_settings", action="store_true", help="print each setting as it was understood"
        )
        parser.set_defaults(settings=None)  # the module that Django's own option of this name would name
        parser.add_argument("--mail", default="", metavar="ADDRESS", help="send a test mail there")
        parser.add_argument("--json", action="store_true", help="print the findings as JSON")
        parser.add_argument("--strict", action="store_true", help="warnings count as errors")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the checks and print the findings.

        Raises:
            SystemExit: with status 1, if something has to be fixed.
        """
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
