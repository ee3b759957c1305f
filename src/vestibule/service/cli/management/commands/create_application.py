"""`vestibule create-application Shop --type web --redirect-uri https://shop.example/back`: make an application that
people sign in to from here; its secret is printed once."""

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from vestibule.applications.metadata import ID_TOKEN_ALGORITHMS
from vestibule.applications.models import ApplicationType
from vestibule.flows.staff import applications
from vestibule.kernel.client import Client
from vestibule.kernel.errors import Invalid, Unavailable
from vestibule.service.cli.base import OperatorCommand
from vestibule.web.api.admin_applications_schema import serialize_application
from vestibule.web.field_messages import describe_fields
from vestibule.web.problems import refusal_message

_LISTS = {
    "redirect-uri": "an address to which a person is sent back",
    "post-logout-redirect-uri": "an address to which a browser may go after the sign-out",
    "grant-type": "usually all that the type is for",
    "resource": "an API that its access tokens may be for",
}
_TEXTS = {
    "backchannel-logout-uri": "where it is told that a sign-in ended",
    "logo-uri": "an https address of a picture",
    "scope": "what it may ask for, separated by spaces",
    "token-endpoint-auth-method": "client_secret_basic, client_secret_post, private_key_jwt or none",
    "jwks": "the public keys of private_key_jwt, as JSON",
}
_SWITCHES = {
    "first-party": "nobody is asked for consent",
    "introspect": "it may ask about the tokens of others",
}


class Command(OperatorCommand):
    """Create an application."""

    help = "Create an application, and print it as JSON, with its secret this once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what an application declares, by the names of the API."""
        parser.add_argument("name", help="what people read on the consent page")
        words = "what kind of program it is; it stays as it was made"
        parser.add_argument("--type", required=True, choices=ApplicationType.values, help=words)
        words = f"how its ID tokens are signed ({ID_TOKEN_ALGORITHMS[0]})"
        parser.add_argument("--id-token-signed-response-alg", choices=ID_TOKEN_ALGORITHMS, help=words)
        for name, words in _LISTS.items():
            destination = f"{name.replace('-', '_')}s"
            parser.add_argument(f"--{name}", action="append", dest=destination, metavar="VALUE", help=words)
        for name, words in _TEXTS.items():
            parser.add_argument(f"--{name}", metavar="VALUE", help=words)
        for name, words in _SWITCHES.items():
            parser.add_argument(f"--{name}", action="store_true", help=words)

    def handle(self, *args: Any, **options: Any) -> None:
        """Create it.

        Raises:
            CommandError: what is declared cannot be, or the database cannot be reached.
        """
        names = ("name", "type", "id_token_signed_response_alg", *(f"{name}s" for name in _LISTS), *_TEXTS, *_SWITCHES)
        declared = {name: options[name] for name in (each.replace("-", "_") for each in names)}
        client = Client.for_system("cli", timezone.now())
        try:
            declared["jwks"] = json.loads(declared["jwks"]) if declared["jwks"] else None
            made = applications.create_application(client=client, declared=declared)
        except Invalid as invalid:
            raise CommandError(describe_fields(invalid)) from invalid
        except ValueError as error:
            raise CommandError("jwks: This is no JSON.") from error
        except Unavailable as unavailable:
            raise CommandError(refusal_message(unavailable)) from unavailable
        self.stdout.write(json.dumps(serialize_application(made), indent=2))
