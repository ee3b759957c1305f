"""`vestibule rotate-keys`: replace the key that signs access tokens; run it every 90 days. With `--emergency`, when a
key may be known to others, the older ones are deleted at once."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils import timezone

from vestibule.flows.staff import key_rotation
from vestibule.kernel.client import Client
from vestibule.service.cli.base import OperatorCommand
from vestibule.sessions import signing_keys

EMERGENCY_NOTICE = """\
{kid} signs from now on; {gone} older keys forgotten.
Every access token that is out is refused by this service within {seconds} seconds. Nobody is signed out: sessions and
refresh tokens go on, and clients get a new access token as after any 401.
A service that verifies tokens by itself takes the old keys for as long as it keeps {keys_path}: {minutes}
minutes by its Cache-Control. Restart what keeps it longer. Until it fetches it anew, it may refuse new tokens.
If SECRET_KEY, which seals the keys, may be known too, replace it first."""


class Command(OperatorCommand):
    """Rotate the signing keys."""

    help = "Publish a new key for access tokens; it signs ten minutes later. Nobody is signed out."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--emergency`."""
        words = "a key may be known to others: forget every older one at once; all access tokens die"
        parser.add_argument("--emergency", action="store_true", help=words)

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate, and print what was done and what it breaks."""
        emergency = bool(options["emergency"])
        kid, gone = key_rotation.rotate_keys(client=Client.for_system("cli", timezone.now()), emergency=emergency)
        if not emergency:
            self.stdout.write(f"{kid} signs in ten minutes; {gone} old keys forgotten")
            return
        seconds, minutes = int(signing_keys.KEPT_FOR), int(signing_keys.PUBLISHED_FOR.total_seconds()) // 60
        self.stdout.write(
            EMERGENCY_NOTICE.format(
                kid=kid, gone=gone, seconds=seconds, minutes=minutes, keys_path=f"/{settings.JWKS_PATH}"
            )
        )
