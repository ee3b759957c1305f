"""`vestibule set-role ada@example.com manager`: give an account another role."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from vestibule.accounts import applicant
from vestibule.accounts.models import Role
from vestibule.addresses import parsing
from vestibule.flows.staff import roles
from vestibule.kernel.client import Client
from vestibule.kernel.errors import Invalid
from vestibule.service.cli.base import OperatorCommand
from vestibule.web.problems import refusal_message


class Command(OperatorCommand):
    """Give a person a role."""

    help = "Give the account of this e-mail address a role."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the address and the role."""
        parser.add_argument("email", metavar="ADDRESS", help="the e-mail address of the account")
        parser.add_argument("role", choices=Role.values)

    def handle(self, *args: Any, **options: Any) -> None:
        """Give the role.

        Raises:
            CommandError: no account has the address, or no admin would be left.
        """
        try:
            email = applicant.parse_single_field("email", options["email"], parsing.parse_email)
            roles.give_role_by_email(
                client=Client.for_system("cli", timezone.now()), email=email, role=Role(options["role"])
            )
        except Invalid as invalid:
            raise CommandError(refusal_message(invalid)) from invalid
        self.stdout.write(f"{email} is {options['role']} now")
