"""The secrets of applications: 256 random bits each, shown once, of which the digest is kept. Several count at once, so
that one can be replaced while it is in use."""

from collections.abc import Set
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from vestibule.applications.models import Application, ApplicationSecret
from vestibule.kernel import entropy
from vestibule.storage.rows import insert_once, insert_row

MAX_SECRETS = 10  # of an application
_HINT_LENGTH = 4  # characters


class SecretShared(Exception):
    """Another application has this secret."""


def digest_secret(secret: str) -> bytes:
    """Return what is kept of a secret. It is random, so that no salt and no slow hash are needed (SP 800-63B-4,
    3.1.2.2)."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


def create_secret(application: Application, now: datetime) -> tuple[str, ApplicationSecret]:
    """Create a secret of the application, in the caller's transaction. Return it and its row."""
    secret = entropy.random_token()
    return secret, insert_row(
        ApplicationSecret(
            application=application, digest=digest_secret(secret), hint=secret[-_HINT_LENGTH:], created_at=now
        )
    )


def replace_digests(application: Application, digests: Set[bytes], now: datetime) -> bool:
    """Let the locked application have the secrets with these digests and no other. Return whether that changed any.

    Raises:
        SecretShared: another application has one of them.
    """
    kept = {bytes(each.digest): each.pk for each in list_secrets(application)}
    ApplicationSecret.objects.filter(pk__in=[kept[each] for each in kept.keys() - digests]).delete()
    for digest in sorted(digests - kept.keys()):
        if not insert_once(ApplicationSecret(application=application, digest=digest, hint="", created_at=now)):
            raise SecretShared
    return set(kept) != set(digests)


def list_secrets(application: Application) -> list[ApplicationSecret]:
    """Return the secrets of the application, oldest first."""
    return list(ApplicationSecret.objects.filter(application=application).order_by("created_at", "pk"))


def has_room_for_secret(application: Application) -> bool:
    """Return whether the locked application may have one more."""
    return ApplicationSecret.objects.filter(application=application).count() < MAX_SECRETS


def delete_secret(application: Application, id: UUID) -> bool:
    """Delete one secret of the application. Return whether it had it."""
    return bool(ApplicationSecret.objects.filter(application=application, pk=id).delete()[0])


def delete_secrets(application: Application) -> None:
    """Delete every secret of the application, in the caller's transaction."""
    ApplicationSecret.objects.filter(application=application).delete()
