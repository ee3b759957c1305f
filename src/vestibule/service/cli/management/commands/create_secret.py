"""`vestibule create-secret`: make a secret for an application of APPLICATIONS_FILE, and the digest that the file
holds."""

import json
from typing import Any

from vestibule.applications.client_secrets import digest_secret
from vestibule.kernel import entropy
from vestibule.service.cli.base import OperatorCommand


class Command(OperatorCommand):
    """Make a secret. Nothing is kept of it."""

    help = "Print a new secret, for the application, and its digest, for APPLICATIONS_FILE."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print both as JSON."""
        secret = entropy.random_token()
        self.stdout.write(json.dumps({"client_secret": secret, "secret_digest": digest_secret(secret).hex()}, indent=2))
