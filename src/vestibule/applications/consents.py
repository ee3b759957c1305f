"""What people allowed applications to ask for, without being asked again."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from vestibule.accounts.models import User
from vestibule.applications.models import Application, Consent
from vestibule.applications.scopes import split_scope


def needs_no_consent(user_id: UUID, application: Application, scope: Sequence[str]) -> bool:
    """Return whether the application asks nobody, or the person allowed it every one of these scopes before."""
    if application.is_first_party:
        return True
    found = Consent.objects.filter(user_id=user_id, application=application).values_list("scope", flat=True).first()
    return found is not None and set(scope) <= set(split_scope(found))


def save_consent(user: User, application: Application, scope: Sequence[str], now: datetime) -> None:
    """Add these scopes to what the person allowed the application, in the caller's transaction, with the account
    locked."""
    consent, is_new = Consent.objects.get_or_create(
        user=user,
        application=application,
        defaults={"scope": " ".join(scope), "created_at": now, "updated_at": now},
    )
    if not is_new:
        consent.scope = " ".join(dict.fromkeys([*split_scope(consent.scope), *scope]))
        consent.updated_at = now
        consent.save(update_fields=["scope", "updated_at"])


def delete_consent(user_id: UUID, application: Application) -> int:
    """Delete the consent that the person gave the application, in the caller's transaction. Return how many."""
    return Consent.objects.filter(user_id=user_id, application=application).delete()[0]


def delete_consents_to(application: Application) -> None:
    """Delete every consent to the application, in the caller's transaction, so that each person is asked again."""
    Consent.objects.filter(application=application).delete()


def list_consents(user: User) -> QuerySet[Consent]:
    """Return the consents of an account with their applications, newest first."""
    return Consent.objects.filter(user=user).select_related("application").order_by("-updated_at")
