"""Which second factors an account has. Everything that asks whether a factor is owed asks here."""

from enum import StrEnum

from django.db.models import Exists, OuterRef

from vestibule.accounts.models import Role, Status, User
from vestibule.addresses.address import Phone
from vestibule.conf import conf
from vestibule.factors import recovery_codes
from vestibule.factors.models import Passkey, RecoveryCode, Totp
from vestibule.storage.prepared import PreparedQuery


class Method(StrEnum):
    """How a second factor is proved, by the names of the API."""

    TOTP = "totp"
    PASSKEY = "passkey"
    RECOVERY_CODE = "recovery_code"
    SMS = "sms"


_HAS_TOTP = Exists(Totp.objects.filter(user=OuterRef("pk"), confirmed_at__isnull=False))
_HAS_PASSKEY = Exists(Passkey.objects.filter(user=OuterRef("pk")))
_HAS_CODES = Exists(RecoveryCode.objects.filter(user=OuterRef("pk"), used_at=None))
# Annotations of a User with what `name_methods` asks.
FACTORS = {"has_totp": _HAS_TOTP, "has_passkey": _HAS_PASSKEY, "has_codes": _HAS_CODES}
_ENROLLED = PreparedQuery(User.objects.only("id").annotate(**FACTORS), "id")


def list_methods(user: User) -> list[Method]:
    """Return how the account can prove a second factor, the first choice first; nothing if it has none. Recovery codes
    and SMS stand in for a factor and are none by themselves.

    Raises:
        DoesNotExist: the account is gone.
    """
    enrolled = _ENROLLED.first(user.pk)
    if enrolled is None:
        raise User.DoesNotExist
    return name_methods(user, enrolled)


def name_methods(user: User, enrolled: User) -> list[Method]:
    """Return the methods of a user, whom `enrolled` is with the annotations FACTORS."""
    has_totp, has_passkey, has_codes = (getattr(enrolled, name) for name in ("has_totp", "has_passkey", "has_codes"))
    if not (has_totp or has_passkey):
        return []
    found = (has_totp, has_passkey, has_codes, _can_be_texted(user))
    return [method for method, has in zip(Method, found, strict=True) if has]


def _can_be_texted(user: User) -> bool:
    """Return whether a code can go to the account's number: it is proved, and MFA_SMS is on."""
    if not (conf.mfa_sms and conf.sms_gateway and user.phone_number and user.phone_verified_at):
        return False
    return Phone(user.phone_number).is_sms_allowed


def has_second_factor(user: User) -> bool:
    """Return whether a second factor is owed after the proof of one."""
    return bool(list_methods(user))


def needs_second_factor(user: User) -> bool:
    """Return whether the account's role has to have a second factor (MFA_REQUIRED_ROLES)."""
    return user.role in conf.mfa_required_roles


def owes_enrolment(user: User) -> bool:
    """Return whether the account's role has to have a second factor, and it has none. A role that needs none costs no
    query."""
    return needs_second_factor(user) and not has_second_factor(user)


def count_staff_without_factor() -> int:
    """Return how many active admins and managers have no second factor."""
    staff = User.objects.filter(status=Status.ACTIVE).exclude(role=Role.USER)
    return staff.exclude(_HAS_TOTP).exclude(_HAS_PASSKEY).count()


def delete_orphaned_codes(user: User) -> None:
    """Delete the recovery codes of an account without a factor left, in the caller's transaction."""
    if not has_second_factor(user):
        recovery_codes.delete_recovery_codes(user.pk)
