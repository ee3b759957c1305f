"""All rows of second factors that an account has, for its person, the export, a recovery and the erasure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from django.db.models import Count, Max, Model, Q, QuerySet

from vestibule.accounts.models import User
from vestibule.factors.models import FactorReset, Passkey, RecoveryCode, RememberedDevice, Totp
from vestibule.factors.registry import Method, delete_orphaned_codes, list_methods, needs_second_factor
from vestibule.factors.remembered_devices import count_remembered_devices
from vestibule.factors.totp import find_confirmed_totp

_MODELS: Mapping[str, type[Model]] = MappingProxyType(
    {
        "authenticator_apps": Totp,
        "passkeys": Passkey,
        "recovery_codes": RecoveryCode,
        "remembered_devices": RememberedDevice,
        "factor_resets": FactorReset,
    }
)
_ADDED_AT: Mapping[type[Model], str] = MappingProxyType({Totp: "confirmed_at"})
# Keys, digests and sealed seeds tell the person nothing.
SECRET_COLUMNS = ("user", "sealed_seed", "last_step", "digest", "credentials", "credential_id", "public_key")


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorSummary:
    """What an account has. `totp` is the app that counts. `codes_left` counts the unused recovery codes of the set made
    at `codes_created_at`. `can_text` says whether a code by SMS can stand in, `is_required` whether the role needs a
    second factor."""

    totp: Totp | None
    passkeys: int
    codes_left: int
    codes_created_at: datetime | None
    can_text: bool
    is_required: bool
    remembered_devices: int


def summarize_factors(user: User, now: datetime) -> FactorSummary:
    """Return what the account has at this moment."""
    codes = RecoveryCode.objects.filter(user=user).aggregate(
        left=Count("pk", filter=Q(used_at=None)), created_at=Max("created_at")
    )
    return FactorSummary(
        totp=find_confirmed_totp(user.pk),
        passkeys=Passkey.objects.filter(user=user).count(),
        codes_left=codes["left"],
        codes_created_at=codes["created_at"],
        can_text=Method.SMS in list_methods(user),
        is_required=needs_second_factor(user),
        remembered_devices=count_remembered_devices(user.pk, now),
    )


def list_factor_rows(user: User) -> dict[str, QuerySet[Model]]:
    """Return the account's rows by their part of the export, oldest first."""
    return {part: _rows_of(model, user).order_by("created_at") for part, model in _MODELS.items()}


def delete_factors(user: User) -> None:
    """Delete every row of the account, in the caller's transaction."""
    for model in _MODELS.values():
        _rows_of(model, user).delete()


def delete_factors_added_since(user: User, moment: datetime) -> bool:
    """Delete the factors that were added since, in the caller's transaction, and return whether there was any. All
    remembered devices and waiting seeds go too, and an order of the staff to remove the others.

    Recovery codes of that time go with them, and so do all once no factor is left. An authenticator app is added when
    it is confirmed: a thief may have made its seed long before.
    """
    _rows_of(Totp, user).filter(confirmed_at=None).delete()
    _rows_of(FactorReset, user).delete()
    added = [
        _rows_of(model, user).filter(**{f"{_ADDED_AT.get(model, 'created_at')}__gte": moment}).delete()[0]
        for model in _MODELS.values()
    ]
    _rows_of(RememberedDevice, user).delete()
    delete_orphaned_codes(user)
    return any(added)


def _rows_of(model: type[Model], user: User) -> QuerySet[Model]:
    return model._default_manager.filter(user=user)
