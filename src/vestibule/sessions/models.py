"""One row per session, its refresh tokens, and the keys that sign access tokens."""

from django.db import models

from vestibule.accounts.models import User
from vestibule.kernel import entropy


class Session(models.Model):
    """A person signed in on one client. Revoking is one column, and counts at the next request."""

    id = models.UUIDField(primary_key=True, default=entropy.identifier, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    auth_time = models.DateTimeField()
    amr = models.JSONField(default=list)
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=200, blank=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "session"

    def __str__(self) -> str:
        return str(self.id)


class RefreshToken(models.Model):
    """One refresh token of a session's family; only its digest is kept. A parent has one child at most."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="refresh_tokens")
    digest = models.BinaryField(max_length=32, unique=True)
    parent = models.OneToOneField("self", on_delete=models.CASCADE, null=True, related_name="child")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "session_refresh_token"

    def __str__(self) -> str:
        return str(self.pk)


class SigningKey(models.Model):
    """An ES256 key pair; the private half sealed under the key ring."""

    kid = models.CharField(primary_key=True, max_length=22)
    sealed_private = models.BinaryField()
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "session_signing_key"

    def __str__(self) -> str:
        return self.kid
