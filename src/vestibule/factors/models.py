"""The tables of second factors. No secret is stored in clear: a TOTP seed is sealed, codes and tokens are keyed
digests, and of a passkey there is only the public key."""

from django.db import models

from vestibule.accounts.models import User
from vestibule.kernel import entropy


class Totp(models.Model):
    """A TOTP seed (RFC 6238), sealed together with the ids of its user and row, so that a copied row opens nowhere
    else. It counts once `confirmed_at` is set; an account has at most one that counts and one that waits for its first
    code. `last_step` is the newest time step that was used."""

    id = models.UUIDField(primary_key=True, default=entropy.row_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="totps")
    sealed_seed = models.BinaryField()
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(default=0)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "vestibule_totp"
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(confirmed_at__isnull=False), name="vestibule_totp_one"
            ),
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(confirmed_at__isnull=True), name="vestibule_totp_one_waits"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class RecoveryCode(models.Model):
    """One recovery code of an account; only its keyed digest is stored. `used_at` is set once."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "vestibule_recovery_code"
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="vestibule_recovery_code_once")]

    def __str__(self) -> str:
        return str(self.pk)


class Passkey(models.Model):
    """A WebAuthn credential. `public_key` is in COSE form. `sign_count` is the newest that the authenticator told."""

    id = models.UUIDField(primary_key=True, default=entropy.row_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="passkeys")
    credential_id = models.BinaryField(max_length=1023, unique=True)  # WebAuthn L3, 4: at most 1023 bytes
    public_key = models.BinaryField()
    sign_count = models.BigIntegerField(default=0)
    aaguid = models.UUIDField()
    transports = models.JSONField(default=list)
    is_backup_eligible = models.BooleanField()
    is_backed_up = models.BooleanField()
    name = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "vestibule_passkey"
        indexes = [models.Index(fields=["user", "created_at"], name="vestibule_passkey_of_user")]

    def __str__(self) -> str:
        return str(self.pk)


class RememberedDevice(models.Model):
    """A browser or app from which the second factor is not asked for until `expires_at`. Only the keyed digest of its
    token is stored. `credentials` is the digest of what guarded the account then: any change of it ends the row."""

    id = models.UUIDField(primary_key=True, default=entropy.row_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="remembered_devices")
    digest = models.BinaryField(max_length=32, unique=True)
    credentials = models.BinaryField(max_length=32)
    agent = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "vestibule_remembered_device"

    def __str__(self) -> str:
        return str(self.pk)


class FactorReset(models.Model):
    """The staff ordered that every second factor of the account is removed at `due_at`. The row goes when that is done,
    or stopped."""

    id = models.UUIDField(primary_key=True, default=entropy.row_id, editable=False)
    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="factor_reset")
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "vestibule_factor_reset"

    def __str__(self) -> str:
        return str(self.pk)
