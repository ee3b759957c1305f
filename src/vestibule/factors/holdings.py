"""All rows of second factors that an account has, for the export, a recovery and the erasure."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from django.db.models import Model, QuerySet

from vestibule.accounts.models import User
from vestibule.factors.models import Passkey, RecoveryCode, RememberedDevice, Totp
from vestibule.factors.registry import delete_orphaned_codes

_MODELS: Mapping[str, type[Model]] = MappingProxyType(
    {
        "authenticator_apps": Totp,
        "passkeys": Passkey,
        "recovery_codes": RecoveryCode,
        "remembered_devices": RememberedDevice,
    }
)
# Keys, digests and sealed seeds tell the person nothing.
SECRET_COLUMNS = ("user", "sealed_seed", "last_step", "digest", "credentials", "credential_id", "public_key")


def list_factor_rows(user: User) -> dict[str, QuerySet[Model]]:
    """Return the account's rows by their part of the export, oldest first."""
    return {part: _rows_of(model, user).order_by("created_at") for part, model in _MODELS.items()}


def delete_factors(user: User) -> None:
    """Delete every row of the account, in the caller's transaction."""
    for model in _MODELS.values():
        _rows_of(model, user).delete()


def delete_factors_added_since(user: User, moment: datetime) -> bool:
    """Delete the factors that were added since, and all remembered devices, in the caller's transaction. Recovery codes
    of that time go with them, and so do all once no factor is left. Return whether there was any."""
    added = [_rows_of(model, user).filter(created_at__gte=moment).delete()[0] for model in _MODELS.values()]
    _rows_of(RememberedDevice, user).delete()
    delete_orphaned_codes(user)
    return any(added)


def _rows_of(model: type[Model], user: User) -> QuerySet[Model]:
    return model._default_manager.filter(user=user)
