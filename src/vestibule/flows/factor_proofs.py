"""The proof of a second factor, whichever it is: compared first, used afterwards in the transaction of what it is good
for. Sign-in and step-up share it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType

from vestibule.accounts.models import User
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.courier import messages
from vestibule.factors import recovery_codes, totp
from vestibule.factors.models import RecoveryCode
from vestibule.factors.registry import Method
from vestibule.flows import notices
from vestibule.kernel import errors
from vestibule.kernel.client import Client

FEW_CODES_LEFT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorProof:
    """A factor that was compared and is right. `amr` names it (RFC 8176). `use` marks it as used, in the caller's
    transaction, and returns False if another request used it meanwhile."""

    amr: tuple[str, ...]
    use: Callable[[Client, User], bool]

    def record_use(self, client: Client, user: User) -> None:
        """Use the factor up, in the caller's transaction.

        Raises:
            FactorInvalid: another request used it meanwhile.
        """
        if not self.use(client, user):
            raise errors.FactorInvalid


def find_factor_proof(user: User, method: Method, secret: str, now: datetime) -> FactorProof | None:
    """Compare a second factor of the account, and return its proof; None if it is wrong. Nothing is changed."""
    compare = _COMPARISONS.get(method)
    return compare(user, secret, now) if compare else None


def _compare_totp(user: User, typed: str, now: datetime) -> FactorProof | None:
    row = totp.find_confirmed_totp(user.pk)
    step = totp.find_matching_step(row, typed, now)
    if row is None or step is None:
        return None
    return FactorProof(amr=("otp",), use=lambda client, _: totp.use_step(row, step, client.at))


def _compare_recovery_code(user: User, typed: str, _now: datetime) -> FactorProof | None:
    row = recovery_codes.find_unused_code(user.pk, typed)
    return FactorProof(amr=("otp",), use=partial(_use_recovery_code, row)) if row else None


def _use_recovery_code(row: RecoveryCode, client: Client, user: User) -> bool:
    if not recovery_codes.use_code(row, client.at):
        return False
    left = recovery_codes.count_unused_codes(user.pk)
    record_event(events.RECOVERY_CODE_USED, client, user_id=user.pk, left=left)
    notices.warn_owner(client, user, messages.RECOVERY_CODE_USED)
    if left == FEW_CODES_LEFT:
        notices.post_message(client, messages.FEW_RECOVERY_CODES, notices.contact_address(user), owner=user)
    return True


_COMPARISONS: Mapping[Method, Callable[[User, str, datetime], FactorProof | None]] = MappingProxyType(
    {Method.TOTP: _compare_totp, Method.RECOVERY_CODE: _compare_recovery_code}
)
