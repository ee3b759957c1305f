"""The tables of sessions, refresh tokens, devices and signing keys."""

from django.db import models

from vestibule.accounts.models import User
from vestibule.kernel import entropy

MULTI_FACTOR = "mfa"  # in the `amr` of a session: more than one factor was proved (RFC 8176)


class DeviceType(models.TextChoices):
    """The kind of device, as the client claims it."""

    MOBILE = "mobile"
    DESKTOP = "desktop"
    TABLET = "tablet"


class Device(models.Model):
    """What a client claims about its device. Nothing is decided by it until the person trusts it. The fingerprint is
    stored as a keyed digest."""

    id = models.UUIDField(primary_key=True, default=entropy.row_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices")
    fingerprint = models.BinaryField(max_length=32, null=True)
    name = models.CharField(max_length=100, blank=True)
    type = models.CharField(max_length=7, choices=DeviceType, blank=True)
    browser = models.CharField(max_length=60, blank=True)
    os = models.CharField(max_length=60, blank=True)
    is_trusted = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        db_table = "vestibule_device"
        constraints = [models.UniqueConstraint(fields=["user", "fingerprint"], name="vestibule_device_once")]

    def __str__(self) -> str:
        return str(self.id)


class Session(models.Model):
    """One sign-in on one client. Setting `revoked_at` ends it at the next request. `told_at` says when that was told to
    the applications that it had signed in to (`applications.logout_notices`)."""

    id = models.UUIDField(primary_key=True, default=entropy.row_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    auth_time = models.DateTimeField()
    amr = models.JSONField(default=list)
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=200, blank=True)
    elsewhere = models.BinaryField(max_length=32, null=True)  # digest of the last other place (sessions.relocation)
    device = models.ForeignKey(Device, on_delete=models.SET_NULL, null=True, related_name="sessions")
    began_as = models.UUIDField(null=True)  # the id that it began with, where it goes on under another
    is_page = models.BooleanField(default=False)  # of the hosted pages, carried by a cookie
    identity_id = models.UUIDField(null=True)  # at another provider, by which it was opened: it ends with it
    revoked_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "vestibule_session"
        indexes = [
            models.Index(
                fields=["revoked_at"],
                condition=models.Q(revoked_at__isnull=False, told_at=None),
                name="vestibule_session_untold",
            ),
            models.Index(fields=["expires_at"], name="vestibule_session_expires"),
            models.Index(fields=["user", "created_at"], name="vestibule_session_of_user"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class RefreshToken(models.Model):
    """One refresh token of a session; only its digest is stored. A token has at most one child."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="refresh_tokens")
    digest = models.BinaryField(max_length=32, unique=True)
    parent = models.OneToOneField("self", on_delete=models.SET_NULL, null=True, related_name="child")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "vestibule_refresh_token"
        indexes = [models.Index(fields=["expires_at"], name="vestibule_refresh_expires")]

    def __str__(self) -> str:
        return str(self.pk)


class SigningKey(models.Model):
    """A key pair that signs tokens by one algorithm. The private half is sealed under the key ring."""

    kid = models.CharField(primary_key=True, max_length=22)
    algorithm = models.CharField(max_length=5, default="ES256", db_default="ES256")
    sealed_private = models.BinaryField()
    created_at = models.DateTimeField()
    signs_at = models.DateTimeField(db_index=True)  # after its publication, so that verifiers know it by then

    class Meta:
        db_table = "vestibule_signing_key"

    def __str__(self) -> str:
        return self.kid
