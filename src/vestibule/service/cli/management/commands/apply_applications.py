"""`vestibule apply-applications`: bring the applications of APPLICATIONS_FILE into the database now; `migrate` and
`serve` do so by themselves."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.utils import timezone

from vestibule.flows.staff import declared_applications
from vestibule.kernel.client import Client
from vestibule.kernel.errors import Invalid, Unavailable
from vestibule.service.applications_file import UnreadableFile, read_applications_file
from vestibule.service.cli.base import OperatorCommand
from vestibule.web.field_messages import describe_fields
from vestibule.web.problems import refusal_message


class Command(OperatorCommand):
    """Apply the file."""

    help = "Bring the applications of APPLICATIONS_FILE into the database."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create, change and remove, and print how many.

        Raises:
            CommandError: there is no file, it cannot be understood, or the database cannot be reached.
        """
        if settings.APPLICATIONS_FILE is None:
            raise CommandError("APPLICATIONS_FILE is not set.")
        client = Client.for_system("cli", timezone.now())
        try:
            done = declared_applications.apply_declarations(client=client, declared=read_applications_file())
        except Invalid as invalid:
            raise CommandError(describe_fields(invalid)) from invalid
        except UnreadableFile as unreadable:
            raise CommandError(str(unreadable)) from unreadable
        except Unavailable as unavailable:
            raise CommandError(refusal_message(unavailable)) from unavailable
        self.stdout.write(f"applications: {done.created} created, {done.changed} changed, {done.removed} removed")
