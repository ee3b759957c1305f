"""Time-based one-time passwords (RFC 6238): six digits, 30 seconds, SHA-1, one step of tolerance on both sides."""

from base64 import b32encode
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import pyotp
from django.db.models import QuerySet
from pyotp.exceptions import OTPVerificationError

from vestibule.accounts.directory import name_account
from vestibule.accounts.models import User
from vestibule.challenges.codes import parse_code
from vestibule.conf import conf
from vestibule.factors.models import Totp
from vestibule.kernel import entropy
from vestibule.kernel.sealing import Unsealable
from vestibule.storage.lazy_import import import_when_used

if TYPE_CHECKING:
    import segno
else:
    segno = import_when_used("segno")

DIGITS = 6
_SEED_LENGTH = 20  # bytes: 160 bits (RFC 4226, 4, R6)
_SEAL = "totp seed"


def create_totp(user: User, now: datetime) -> str:
    """Save a seed that waits for its first code, in place of one that waited before, in the caller's transaction.
    Return it in base32 (RFC 4648), as authenticators take it."""
    Totp.objects.filter(user=user, confirmed_at=None).delete()
    seed = b32encode(entropy.random_bytes(_SEED_LENGTH)).decode()
    row = Totp(user=user, created_at=now)
    row.sealed_seed = _seal_seed(row, seed)
    row.save(force_insert=True)
    return seed


def find_waiting_totp(user_id: UUID) -> Totp | None:
    """Return the account's seed that waits for its first code, or None."""
    return Totp.objects.filter(user_id=user_id, confirmed_at=None).first()


def find_confirmed_totp(user_id: UUID) -> Totp | None:
    """Return the account's seed that counts, or None."""
    return Totp.objects.filter(user_id=user_id, confirmed_at__isnull=False).first()


def find_matching_step(row: Totp | None, typed: str, now: datetime) -> int | None:
    """Return the time step whose code was typed, if it is newer than every step that was used. Spaces, dashes and the
    digits of any script are read. A seed that was altered, or copied from another row, matches nothing."""
    code = parse_code(typed, DIGITS)
    if row is None or code is None:
        return None
    try:
        seed = conf.keys.unseal(_SEAL, bytes(row.sealed_seed), context=_context_of(row)).decode()
        step = pyotp.TOTP(seed).verify_and_get_timecode(code, for_time=now, valid_window=1)
    except (Unsealable, OTPVerificationError):
        return None
    return step if step > row.last_step else None


def use_step(row: Totp, step: int, now: datetime) -> bool:
    """Mark the time step as used, and seal the seed under the newest key, in the caller's transaction. Return False if
    the step, or a newer one, was used meanwhile: of any number of callers one gets True."""
    sealed = conf.keys.reseal(_SEAL, bytes(row.sealed_seed), context=_context_of(row))
    unused = Totp.objects.filter(pk=row.pk, last_step__lt=step)
    return unused.update(last_step=step, last_used_at=now, sealed_seed=sealed) == 1


def confirm_totp(row: Totp, step: int, now: datetime) -> bool:
    """Let a seed count after its first code, in place of the one that counted before, in the caller's transaction.
    Return False if it does not wait any more."""
    Totp.objects.filter(user_id=row.user_id, confirmed_at__isnull=False).delete()
    waiting = Totp.objects.filter(pk=row.pk, confirmed_at=None)
    return waiting.update(confirmed_at=now, last_step=step, last_used_at=now) == 1


def delete_totp(user_id: UUID) -> bool:
    """Delete the account's seeds, in the caller's transaction. Return whether one counted."""
    had = Totp.objects.filter(user_id=user_id, confirmed_at__isnull=False).exists()
    Totp.objects.filter(user_id=user_id).delete()
    return had


def abandoned_totps(before: datetime) -> QuerySet[Totp]:
    """Return the seeds that were made before then and wait for their first code still."""
    return Totp.objects.filter(confirmed_at=None, created_at__lte=before)


def provisioning_uri(user: User, seed: str) -> str:
    """Return the `otpauth` URI of a seed, with the brand as issuer and the account's name."""
    name = name_account(user)
    return pyotp.TOTP(seed).provisioning_uri(name=name, issuer_name=conf.brand.name)


def draw_qr_code(uri: str) -> str:
    """Return the QR code of a URI as an SVG element, black on white, without a size of its own."""
    drawn: str = segno.make_qr(uri, error="m").svg_inline(border=4, light="#fff", dark="#000", omitsize=True)
    return drawn


def _seal_seed(row: Totp, seed: str) -> bytes:
    return conf.keys.seal(_SEAL, seed.encode(), context=_context_of(row))


def _context_of(row: Totp) -> bytes:
    """Where the seed is stored: it opens in no other row and for no other user."""
    return row.user_id.bytes + row.pk.bytes
