"""`vestibule create-admin ada@example.com`: make an admin: of the account with this address, or by a mailed link."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from vestibule.accounts import applicant, directory
from vestibule.accounts.models import Role
from vestibule.addresses import parsing
from vestibule.flows.recovery import password_reset
from vestibule.flows.staff import roles
from vestibule.kernel.client import Client
from vestibule.kernel.errors import Invalid
from vestibule.service.cli.base import OperatorCommand
from vestibule.web.problems import refusal_message


class Command(OperatorCommand):
    """Make an admin."""

    help = "Make the account of this e-mail address an admin; without one, send a link that makes it with a password."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the address."""
        parser.add_argument("email", metavar="ADDRESS", help="the e-mail address")

    def handle(self, *args: Any, **options: Any) -> None:
        """Give the account the role, or send the invitation.

        Raises:
            CommandError: the address is malformed.
        """
        client = Client.for_system("cli", timezone.now())
        try:
            email = applicant.parse_single_field("email", options["email"], parsing.parse_email)
            if directory.find_account_by_address(email):
                roles.give_role_by_email(client=client, email=email, role=Role.ADMIN)
                self.stdout.write(f"{email} is admin now")
                return
            password_reset.invite_admin(client=client, email=email)
        except Invalid as invalid:
            raise CommandError(refusal_message(invalid)) from invalid
        self.stdout.write(
            f"a mail is on its way to {email}: within an hour, its link sets a password and makes an admin"
        )
