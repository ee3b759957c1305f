"""Recovery codes: ten of 80 bits, shown once, each good once (ASVS 6.5.1, 6.5.2)."""

from base64 import b32encode
from datetime import datetime
from uuid import UUID

from vestibule.accounts.models import User
from vestibule.conf import conf
from vestibule.factors.models import RecoveryCode
from vestibule.kernel import entropy

COUNT = 10
_LENGTH, _CHARACTERS, _GROUP = 10, 16, 4  # bytes of a code, characters in base32, characters of a group
_PURPOSE = "recovery code"


def replace_recovery_codes(user: User, now: datetime) -> list[str]:
    """Save ten new codes in place of the old ones, in the caller's transaction, and return them for the owner to
    keep."""
    made = [b32encode(entropy.random_bytes(_LENGTH)).decode() for _ in range(COUNT)]
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, digest=conf.keys.digest(_PURPOSE, user.pk.bytes, code.encode()), created_at=now)
        for code in made
    )
    return ["-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP)).lower() for code in made]


def find_unused_code(user_id: UUID, typed: str) -> RecoveryCode | None:
    """Return the account's unused code that was typed. Case, spaces and dashes do not matter."""
    code = "".join(each for each in typed if each.isalnum()).upper()
    if len(code) != _CHARACTERS:
        return None
    digests = conf.keys.all_digests(_PURPOSE, user_id.bytes, code.encode())
    return RecoveryCode.objects.filter(user_id=user_id, digest__in=digests, used_at=None).first()


def use_code(row: RecoveryCode, now: datetime) -> bool:
    """Mark the code as used, in the caller's transaction. Return False if it was used meanwhile: of any number of
    callers one gets True."""
    return RecoveryCode.objects.filter(pk=row.pk, used_at=None).update(used_at=now) == 1


def count_unused_codes(user_id: UUID) -> int:
    """Return how many codes are left."""
    return RecoveryCode.objects.filter(user_id=user_id, used_at=None).count()


def delete_recovery_codes(user_id: UUID) -> None:
    """Delete the account's codes, in the caller's transaction."""
    RecoveryCode.objects.filter(user_id=user_id).delete()
