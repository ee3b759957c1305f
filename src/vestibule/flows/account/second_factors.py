"""The second factors of the signed-in person: what there is, the authenticator app, recovery codes, remembered
devices."""

from dataclasses import dataclass
from uuid import UUID

from vestibule.accounts.models import User
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges.configured_engine import challenges
from vestibule.courier import factor_messages
from vestibule.factors import recovery_codes, registry, totp
from vestibule.factors.holdings import FactorSummary, summarize_factors
from vestibule.factors.models import RememberedDevice, Totp
from vestibule.factors.remembered_devices import (
    forget_remembered_device,
    forget_remembered_devices,
    list_remembered_devices,
)
from vestibule.flows import notices, step_up
from vestibule.flows.account import factor_changes
from vestibule.flows.account.factor_changes import FactorAdded
from vestibule.flows.factor_proofs import FactorProof, verify_factor_once
from vestibule.flows.flow import flow
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.storage.database import atomic


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpSeed:
    """A seed that waits for its first code, to show once: in base32, as an `otpauth` URI, and as the URI's QR code."""

    secret: str
    uri: str
    qr_svg: str


@flow("second_factors.show")
def show_factors(*, client: Client) -> FactorSummary:
    """Return which second factors the person has.

    Raises:
        Unauthenticated: the client is not signed in.
        Unavailable: the database cannot be reached.
    """
    return summarize_factors(step_up.require_user(client), client.at)


@flow("second_factors.start_totp")
def start_totp(*, client: Client) -> TotpSeed:
    """Make a seed for an authenticator app, in place of one that waits. It counts for nothing before its first code
    (`confirm_totp`); an app that counts does so until then.

    Raises:
        Unauthenticated: the client is not signed in.
        StepUpRequired: the sign-in is not recent, or was one factor only of an account that has more.
        SessionRevoked: the session was ended meanwhile.
        Unavailable: the database cannot be reached.
    """
    step_up.require_recent_user(client)
    with atomic():
        user = step_up.lock_current_user(client)
        if not registry.has_second_factor(user):  # nothing to guess at: a run that shut the former app ends here
            challenges.guesses.factors.end_run(challenges.all_person_subjects(user.pk))
        secret = totp.create_totp(user, client.at)
    uri = totp.provisioning_uri(user, secret)
    return TotpSeed(secret=secret, uri=uri, qr_svg=totp.draw_qr_code(uri))


@flow("second_factors.confirm_totp")
def confirm_totp(*, client: Client, code: str, end_other_sessions: bool = False) -> FactorAdded:
    """Let the waiting seed count, in place of an earlier one, after a right code of it. The code is used up, and the
    session has proved the factor (`factor_changes.finish_addition`). Wrong codes count against the account, like those
    of a sign-in.

    Other sessions end if the person wants it, and always if an earlier app goes: that is a removal, too.

    Raises:
        Unauthenticated: the client is not signed in.
        StepUpRequired: the sign-in is not recent, or was one factor only of an account that has more.
        WrongSecret: the code is wrong, or no seed waits.
        Locked: too many wrong ones were tried on this account.
        SessionRevoked: the session was ended meanwhile.
        Unavailable: a store cannot be reached.
    """
    user = step_up.require_recent_user(client)
    row = totp.find_waiting_totp(user.pk)

    def compare(typed: str) -> FactorProof | None:
        return _prove_waiting_totp(client, row, typed)

    with verify_factor_once(client, user, code, compare) as proof, atomic():
        held = step_up.lock_current_user(client)
        ending = end_other_sessions or totp.find_confirmed_totp(held.pk) is not None
        if not proof.use(client, held):
            raise errors.WrongSecret
        record_event(events.TOTP_ADDED, client)
        return factor_changes.finish_addition(
            client, held, factor_messages.TOTP_ADDED, proof.amr, end_other_sessions=ending
        )


@flow("second_factors.remove_totp")
def remove_totp(*, client: Client) -> None:
    """Remove the authenticator app, or the seed that waits for its first code. An account without one is left
    unchanged.

    Raises:
        Unauthenticated: the client is not signed in.
        StepUpRequired: the sign-in is not recent, or was one factor only.
        LastFactor: the role needs a second factor, and this is the last one.
        SessionRevoked: the session was ended meanwhile.
        Unavailable: the database cannot be reached.
    """
    step_up.require_recent_user(client)
    with atomic():
        user = step_up.lock_current_user(client)
        if totp.delete_totp(user.pk):
            record_event(events.TOTP_REMOVED, client)
            factor_changes.finish_removal(client, user, factor_messages.TOTP_REMOVED)


@flow("second_factors.replace_recovery_codes")
def replace_recovery_codes(*, client: Client) -> list[str]:
    """Return ten new recovery codes, to show once. The old ones do not work any more.

    Raises:
        Unauthenticated: the client is not signed in.
        StepUpRequired: the sign-in is not recent, or was one factor only.
        EnrolmentRequired: the account has no second factor that a code could stand in for.
        SessionRevoked: the session was ended meanwhile.
        Unavailable: the database cannot be reached.
    """
    step_up.require_recent_user(client)
    with atomic():
        user = step_up.lock_current_user(client)
        if not registry.has_second_factor(user):
            raise errors.EnrolmentRequired
        codes = recovery_codes.replace_recovery_codes(user, client.at)
        record_event(events.RECOVERY_CODES_REPLACED, client)
        notices.warn_owner(client, user, factor_messages.RECOVERY_CODES_REPLACED)
    return codes


@flow("second_factors.remembered_devices")
def list_own_remembered_devices(*, client: Client) -> list[RememberedDevice]:
    """Return the devices on which the second factor is not asked for, newest first.

    Raises:
        Unauthenticated: the client is not signed in.
        Unavailable: the database cannot be reached.
    """
    return list(list_remembered_devices(step_up.require_user(client).pk, client.at))


@flow("second_factors.forget_device")
def forget_device(*, client: Client, id: UUID) -> None:
    """Ask for the second factor on this device again.

    Raises:
        Unauthenticated: the client is not signed in.
        NotFound: the client's account remembers no such device.
        Unavailable: the database cannot be reached.
    """
    user = step_up.require_user(client)
    with atomic():
        if not forget_remembered_device(user.pk, id):
            raise errors.NotFound
        record_event(events.DEVICES_UNREMEMBERED, client, devices=1)


@flow("second_factors.forget_devices")
def forget_devices(*, client: Client) -> None:
    """Ask for the second factor on every device again.

    Raises:
        Unauthenticated: the client is not signed in.
        Unavailable: the database cannot be reached.
    """
    user = step_up.require_user(client)
    with atomic():
        forgotten = forget_remembered_devices(user.pk)
        record_event(events.DEVICES_UNREMEMBERED, client, devices=forgotten)


def _prove_waiting_totp(client: Client, row: Totp | None, typed: str) -> FactorProof | None:
    """Compare a code with a seed that waits. To use the proof is to let the seed count."""
    step = totp.find_matching_step(row, typed, client.at)
    if row is None or step is None:
        return None

    def use(client: Client, _user: User) -> bool:
        return totp.confirm_totp(row, step, client.at)

    return FactorProof(amr=("otp",), use=use)
