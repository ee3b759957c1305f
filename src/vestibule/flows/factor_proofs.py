"""The proof of a second factor, whichever it is: compared first, used afterwards in the transaction of what it is good
for. Sign-in, step-up and enrolment share it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType
from uuid import UUID

from vestibule.accounts.credentials import digest_credentials
from vestibule.accounts.models import User
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges.comparison import verify_by_comparison
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import SecondFactorPayload
from vestibule.challenges.policy import Purpose
from vestibule.challenges.store import Challenge
from vestibule.courier import factor_messages
from vestibule.factors import factor_resets, passkeys, recovery_codes, totp
from vestibule.factors.models import Passkey, RecoveryCode
from vestibule.factors.passkey_ceremonies import PasskeyResponse, Unverifiable, parse_response, verify_assertion
from vestibule.factors.registry import Method
from vestibule.flows import notices
from vestibule.flows.completion import Via
from vestibule.flows.texted_codes import is_texted_code
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
        """Use the factor up, in the caller's transaction. A person who proves a factor has not lost them all, so that
        an order of the staff to remove them is void.

        Raises:
            FactorInvalid: another request used it meanwhile.
        """
        if not self.use(client, user):
            raise errors.FactorInvalid
        if factor_resets.take_order(user.pk):
            record_event(events.FACTOR_RESET_STOPPED, client, user_id=user.pk, code="proved")


Compare = Callable[[str], FactorProof | None]


@contextmanager
def verify_factor(client: Client, ticket: Challenge, secret: str, compare: Compare) -> Iterator[FactorProof]:
    """Count a try against the ticket and its account, `compare` what was typed, and yield the proof. The ticket is
    used up unless the body raises. Enter it outside any transaction.

    Raises:
        WrongSecret: the factor is wrong.
        Refusal: whatever else the engine refuses (`challenges.engine.Engine.verify`).
    """
    with verify_by_comparison(ticket, secret, SecondFactorPayload, lambda _, typed: compare(typed), now=client.at) as (
        proof,
        _,
    ):
        yield proof


@contextmanager
def verify_factor_once(client: Client, user: User, secret: str, compare: Compare) -> Iterator[FactorProof]:
    """Verify a factor of a signed-in person under a ticket that is issued for this one try, so that the try is counted
    where those of a sign-in are.

    Raises:
        WrongSecret: the factor is wrong.
        Locked: the account has no tries left for now.
    """
    payload = SecondFactorPayload(
        user_id=user.pk, credentials=digest_credentials(user).hex(), amr=list(client.amr), via=Via.PASSWORD.value
    )
    subject = challenges.person_subject(user.pk)
    issued = challenges.issue(Purpose.SECOND_FACTOR, subject=subject, payload=payload, now=client.at)
    ticket = challenges.find_by_handle(Purpose.SECOND_FACTOR, issued.handle)
    try:
        with verify_factor(client, ticket, secret, compare) as proof:
            yield proof
    except (errors.WrongSecret, errors.Exhausted) as wrong:
        raise errors.WrongSecret(subject=wrong.subject) from wrong


def find_factor_proof(
    client: Client, user: User, method: Method, secret: str, *, ticket: UUID | None = None
) -> FactorProof | None:
    """Compare a second factor of the account, and return its proof; None if it is wrong. Nothing is changed. `secret`
    is a code, or the JSON of a passkey's assertion. A code by SMS, and the challenge that a passkey signed, belong to
    this `ticket`."""
    if method is Method.PASSKEY:
        return _compare_own_passkey(client, user, secret, ticket)
    if method is Method.SMS:
        return _TEXTED if is_texted_code(client, user, secret, ticket) else None
    compare = _COMPARISONS.get(method)
    return compare(user, secret, client.at) if compare else None


_TEXTED = FactorProof(amr=("sms",), use=lambda *_: True)  # its ticket is used up, and the code with it


def compare_passkey(
    client: Client, passkey: Passkey, response: PasskeyResponse, challenge_id: UUID
) -> FactorProof | None:
    """Verify an assertion of this passkey over the challenge of that record, which the caller has found by it; None if
    it is wrong. A sign count that goes back is an event: somebody may have a copy of the authenticator."""
    try:
        told = verify_assertion(
            response,
            public_key=bytes(passkey.public_key),
            user_handle=passkey.user_id.bytes,
            is_backup_eligible=passkey.is_backup_eligible,
        )
    except Unverifiable:
        return None
    if passkeys.is_counter_behind(passkey, told):
        record_event(events.PASSKEY_COUNTER_BEHIND, client, user_id=passkey.user_id, passkey=str(passkey.pk))
        return None

    def use(client: Client, _user: User) -> bool:
        if not passkeys.record_use(passkey, told, client.at):
            return False
        record_event(
            events.PASSKEY_USED,
            client,
            user_id=passkey.user_id,
            challenge_id=challenge_id,
            passkey=str(passkey.pk),
        )
        return True

    return FactorProof(amr=passkeys.list_amr(passkey), use=use)


def _compare_own_passkey(client: Client, user: User, secret: str, ticket: UUID | None) -> FactorProof | None:
    try:
        response = parse_response(secret)
        named = challenges.secrets.read_nonce(Purpose.SECOND_FACTOR, response.challenge)
    except (Unverifiable, errors.TokenInvalid):
        return None
    passkey = passkeys.find_passkey(response.credential_id)
    if passkey is None or passkey.user_id != user.pk or named != ticket:
        return None
    return compare_passkey(client, passkey, response, named)


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
    notices.warn_owner(client, user, factor_messages.RECOVERY_CODE_USED)
    if left == FEW_CODES_LEFT:
        notices.post_message(client, factor_messages.FEW_RECOVERY_CODES, notices.contact_address(user), owner=user)
    return True


_COMPARISONS: Mapping[Method, Callable[[User, str, datetime], FactorProof | None]] = MappingProxyType(
    {Method.TOTP: _compare_totp, Method.RECOVERY_CODE: _compare_recovery_code}
)
