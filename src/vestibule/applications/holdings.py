"""All rows about applications that an account has, for the export, a recovery and the erasure."""

from collections.abc import Mapping
from types import MappingProxyType

from django.db.models import Model, QuerySet

from vestibule.accounts.models import User
from vestibule.applications.models import ApiKey, Consent, Grant

_MODELS: Mapping[str, type[Model]] = MappingProxyType({"consents": Consent, "grants": Grant, "api_keys": ApiKey})


def list_application_rows(user: User) -> dict[str, QuerySet[Model]]:
    """Return the account's rows by their part of the export, oldest first."""
    return {part: _rows_of(model, user).order_by("created_at") for part, model in _MODELS.items()}


def delete_application_rows(user: User) -> None:
    """Delete every row of the account, in the caller's transaction."""
    for model in _MODELS.values():
        _rows_of(model, user).delete()


def delete_consents(user: User) -> None:
    """Delete the consents of the account, in the caller's transaction, so that it is asked again."""
    _rows_of(Consent, user).delete()


def _rows_of(model: type[Model], user: User) -> QuerySet[Model]:
    return model._default_manager.filter(user=user)
