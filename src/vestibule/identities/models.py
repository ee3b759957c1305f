"""The table of identities: who a person is at another provider."""

from django.db import models

from vestibule.accounts.models import User
from vestibule.kernel import entropy


class Identity(models.Model):
    """A person at another provider: its issuer, and the subject that never changes there (OpenID Connect Core, 5.7).
    The pair belongs to one account. `name` is what the provider called the person when the link was made, for display
    only. `linked_by_session` is the session that made the link; none if the account began with it. What proved the
    person before `revoked_at` proves nothing any more: the provider has said so."""

    id = models.UUIDField(primary_key=True, default=entropy.row_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="identities")
    provider = models.CharField(max_length=64)
    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)
    name = models.CharField(max_length=254)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    linked_by_session = models.UUIDField(null=True)
    revoked_at = models.DateTimeField(null=True)
    sealed_tokens = models.BinaryField(null=True)  # only with SOCIAL_KEEP_TOKENS

    class Meta:
        db_table = "vestibule_identity"
        constraints = [models.UniqueConstraint(fields=["issuer", "subject"], name="vestibule_identity_one")]
        indexes = [models.Index(fields=["user", "created_at"], name="vestibule_identity_of_user")]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_revoked(self) -> bool:
        """Whether the provider has taken back what it said, and has not vouched for the person since."""
        used, revoked = self.last_used_at, self.revoked_at
        return revoked is not None and (used is None or used <= revoked)
