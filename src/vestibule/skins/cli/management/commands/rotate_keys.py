"""`vestibule rotate-keys`: a new signing key, published before it signs; every 90 days, or when one may be known."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from vestibule.flows import keys
from vestibule.kernel.client import Client


class Command(BaseCommand):
    """Rotate the signing keys."""

    help = "Publish a new key for access tokens; it signs ten minutes later. Nobody is signed out."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what was done."""
        kid, gone = keys.rotate(client=Client.system("cli", timezone.now()))
        self.stdout.write(f"{kid} signs in ten minutes; {gone} old keys forgotten")
