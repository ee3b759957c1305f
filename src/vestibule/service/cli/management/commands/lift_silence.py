"""`vestibule lift-silence ada@example.com "she mended it"`: write again to an address that mail came back from."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from vestibule.accounts import applicant
from vestibule.addresses import parsing
from vestibule.flows.staff import suppression
from vestibule.kernel.client import Client
from vestibule.kernel.errors import Invalid
from vestibule.service.cli.base import OperatorCommand
from vestibule.web.problems import refusal_message


class Command(OperatorCommand):
    """Lift the suppression of an address (BOUNCE_SILENCE) before it ends by itself."""

    help = "Write again to an e-mail address that mail came back from."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the address and the reason."""
        parser.add_argument("email", metavar="ADDRESS", help="the e-mail address")
        parser.add_argument("reason", metavar="REASON", help="why, for the audit log")

    def handle(self, *args: Any, **options: Any) -> None:
        """Lift the suppression, and print how many messages had come back.

        Raises:
            CommandError: the address or the reason is malformed.
        """
        client = Client.for_system("cli", timezone.now())
        try:
            email = applicant.parse_single_field("email", options["email"], parsing.parse_email)
            lifted = suppression.lift_for_address(client=client, address=email, reason=options["reason"])
        except Invalid as invalid:
            raise CommandError(refusal_message(invalid)) from invalid
        self.stdout.write(f"{email} is written to again ({lifted} messages had come back)")
