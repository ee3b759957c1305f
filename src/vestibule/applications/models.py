"""The tables of applications, their secrets, what people granted to them, and the keys of people's own programs."""

from django.db import models

from vestibule.accounts.models import User
from vestibule.kernel import entropy
from vestibule.sessions.models import Session


class ApplicationType(models.TextChoices):
    """What kind of program an application is (RFC 6749, 2.1; RFC 8252; RFC 8628)."""

    WEB = "web"
    SPA = "spa"
    NATIVE = "native"
    SERVICE = "service"
    DEVICE = "device"


class Source(models.TextChoices):
    """Where an application was declared."""

    STAFF = "staff"  # in the admin, by API or command line
    FILE = "file"  # APPLICATIONS_FILE
    REGISTRATION = "registration"  # by itself (RFC 7591)
    DOCUMENT = "document"  # its client id is the URL of its metadata


UNCHECKED_SOURCES = (Source.REGISTRATION, Source.DOCUMENT)  # nobody here has looked at what these declare


class Application(models.Model):
    """A program that signs people in through this service: a client of OAuth 2.0 (RFC 7591, 2).

    `fetched_at` says when the document at its client id was read, where it has one. `scope` holds the scopes that it
    may ask for, separated by spaces, and `resources` the APIs that its access tokens may be for (RFC 8707).
    `is_first_party`: no consent is asked for. `can_introspect`: it may ask about the tokens of others, being an API
    that receives them. `jwks` holds the public keys of `private_key_jwt`.
    """

    id = models.UUIDField(primary_key=True, default=entropy.row_id, editable=False)
    client_id = models.CharField(max_length=512, unique=True)
    name = models.CharField(max_length=80)
    type = models.CharField(max_length=7, choices=ApplicationType)
    source = models.CharField(max_length=12, choices=Source, default=Source.STAFF)
    is_first_party = models.BooleanField(default=False)
    can_introspect = models.BooleanField(default=False)
    redirect_uris = models.JSONField(default=list)
    post_logout_redirect_uris = models.JSONField(default=list)
    backchannel_logout_uri = models.CharField(max_length=2048, blank=True, default="")
    logo_uri = models.CharField(max_length=2048, blank=True, default="")
    grant_types = models.JSONField(default=list)
    scope = models.CharField(max_length=2048)
    resources = models.JSONField(default=list)
    id_token_signed_response_alg = models.CharField(max_length=5, default="ES256")
    token_endpoint_auth_method = models.CharField(max_length=24)
    jwks = models.JSONField(null=True)
    created_at = models.DateTimeField()
    fetched_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "vestibule_application"
        indexes = [models.Index(fields=["created_at"], name="vestibule_application_newest")]

    def __str__(self) -> str:
        return self.client_id


class ApplicationSecret(models.Model):
    """One secret of an application; only its digest is stored. Several count at once, so that they can be replaced.
    `hint` is its end, by which people tell them apart."""

    id = models.UUIDField(primary_key=True, default=entropy.row_id, editable=False)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="secrets")
    digest = models.BinaryField(max_length=32, unique=True)
    hint = models.CharField(max_length=4)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "vestibule_application_secret"

    def __str__(self) -> str:
        return str(self.id)


class Consent(models.Model):
    """What a person allowed an application to ask for, without being asked again."""

    id = models.UUIDField(primary_key=True, default=entropy.row_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="consents")
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="consents")
    scope = models.CharField(max_length=2048)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "vestibule_consent"
        constraints = [models.UniqueConstraint(fields=["user", "application"], name="vestibule_consent_one")]

    def __str__(self) -> str:
        return str(self.id)


class Grant(models.Model):
    """One sign-in of a person at an application: everything that one authorization or device code gave.

    `proof_id` is the challenge of that code. `session` is the sign-in here under which it was made, and `sid` its id
    as the application knows it. The grant ends with that session, unless it `is_offline`. `revoked_at` ends it at the
    next request. `auth_time` and `amr` are those of the session when the code was issued. `told_at` says when the
    application was told that the grant or its session ended, or ended it itself (`applications.logout_notices`).
    """

    id = models.UUIDField(primary_key=True, default=entropy.row_id, editable=False)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="grants")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="grants")
    session = models.ForeignKey(Session, on_delete=models.SET_NULL, null=True, related_name="grants")
    sid = models.UUIDField()
    proof_id = models.UUIDField(unique=True)
    scope = models.CharField(max_length=2048)
    audience = models.JSONField(default=list)  # of its access tokens: the resources that were asked for, or nothing
    is_offline = models.BooleanField(default=False)
    auth_time = models.DateTimeField()
    amr = models.JSONField(default=list)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "vestibule_grant"
        indexes = [
            models.Index(fields=["user", "created_at"], name="vestibule_grant_of_user"),
            models.Index(fields=["expires_at"], name="vestibule_grant_expires"),
            models.Index(
                fields=["revoked_at"],
                condition=models.Q(revoked_at__isnull=False, told_at=None),
                name="vestibule_grant_untold",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class GrantRefreshToken(models.Model):
    """One refresh token of a grant; only its digest is stored. A token has at most one child."""

    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="refresh_tokens")
    digest = models.BinaryField(max_length=32, unique=True)
    parent = models.OneToOneField("self", on_delete=models.SET_NULL, null=True, related_name="child")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "vestibule_grant_refresh_token"
        indexes = [models.Index(fields=["expires_at"], name="vestibule_grant_refresh_exp")]

    def __str__(self) -> str:
        return str(self.pk)


class ApiKey(models.Model):
    """A key of a person for their own programs (a personal access token); only its digest is stored. `hint` is its end,
    by which people tell keys apart. `scope` holds what it is for, separated by spaces: the APIs that receive it
    decide by that."""

    id = models.UUIDField(primary_key=True, default=entropy.row_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    scope = models.TextField()
    digest = models.BinaryField(max_length=32, unique=True)
    hint = models.CharField(max_length=4)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "vestibule_api_key"
        indexes = [
            models.Index(fields=["user", "created_at"], name="vestibule_api_key_of_user"),
            models.Index(fields=["expires_at"], name="vestibule_api_key_expires"),
        ]

    def __str__(self) -> str:
        return str(self.id)
