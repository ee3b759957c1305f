"""Sign up with a PENDING user: register, then prove the address by the link or the code, in this browser or by the
password; resend by address; "this wasn't me"."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.transaction import atomic

from vestibule.accounts import identifiers, lifecycle, passwords
from vestibule.accounts.applicant import Applicant
from vestibule.accounts.identifiers import Email, Phone, Username
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges import codes
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.policy import Purpose, SecretKind
from vestibule.challenges.results import Proof
from vestibule.challenges.store import Challenge
from vestibule.courier import allowances, messages
from vestibule.flows import notices
from vestibule.flows.flow import flow
from vestibule.flows.sign_up import deferred as any_registration
from vestibule.flows.sign_up import steps
from vestibule.flows.sign_up.steps import Registered, Sent
from vestibule.kernel import entropy, errors
from vestibule.kernel.client import Client
from vestibule.limits import ledger
from vestibule.limits.admission import HASH, admission
from vestibule.limits.rolling_window import Allowance

# Of the sign-ups on one address the newest are looked through (twenty an hour, for six hours, are let in), and the few
# that bear the mark of the password are tried against it: each costs a hash, and one in 4,096 of others bears it.
MAX_CANDIDATES, MAX_HASHES = 128, 2

WaitingSignUp = tuple[Challenge, Mapping[str, Any]]  # a sign-up, and what was typed for it


@flow("pending_registration.register")
def start(*, client: Client, applicant: Applicant, device: Mapping[str, str] | None = None) -> Sent:
    """Make a PENDING user, and send a link and a code to the address (by SMS, a code).

    A known address gets the same answer after the same work, and its owner a notice. A second sign-up on an address
    that waits is a second registration on the same row; whichever is proved first brings its own password.
    Raises UsernameTaken; EmailTaken or PhoneTaken where enumeration protection is off; Throttled, Unavailable.
    """
    purpose, subject = Purpose.PENDING_REGISTRATION, identifiers.address_digest(applicant.address)
    payload = steps.build_hashed_payload(applicant, device)
    steps.check_known_address(payload)
    with atomic():
        user_id = lifecycle.save_pending_user(steps.account_details(payload), client.at)
        known = user_id is None
        payload["user_id"] = str(user_id or entropy.row_id())
        permit = steps.acquire_proof_permit(client, purpose, payload, known=known)
        payload["unsent"] = not permit.may_replace_secret
        issued = challenges.issue(purpose, subject=subject, payload=payload, now=client.at, decoy=known)
        steps.post_sign_up_message(client, issued, purpose, permit)
        event = events.REGISTRATION_REPEATED if known else events.REGISTRATION_STARTED
        record_event(event, client, user_id=user_id, subject=subject, channel=applicant.channel)
    return steps.sent_result(issued, user_id)


@flow("pending_registration.resend")
def resend(*, client: Client, address: Email | Phone) -> None:
    """Send the newest sign-up of this address a new link and code, if there is one and its cooldown has passed. Who
    asks is told nothing either way, after the same work. Raises Unavailable.
    """
    issued = None
    with suppress(errors.TooSoon, errors.Throttled, errors.Exhausted, errors.Expired, errors.AlreadyUsed):
        for seen, _payload in _newest_of_address(address)[:1]:
            issued = any_registration.issue_new_secret(client, seen)
    if issued is None:
        _simulate_resend(client, address)


@flow("pending_registration.confirm")
def confirm(
    *, client: Client, address: Email | Phone, otp: str, password: str, username: Username | None = None
) -> Registered:
    """The code came back on another device, together with the password that was typed at sign-up.

    The password finds the sign-up among those of the address, at the cost of the same hashes whether or not one waits.
    Unless both are right, the answer is that of a wrong code, with the tries of the address: it tells neither whether a
    sign-up waits nor whether the password is right, so that nobody can guess the one without the other.
    Raises WrongSecret, Exhausted; where both are right Expired, AlreadyUsed, Locked, UsernameTaken, Unavailable;
    PasswordRequired without a password, and nothing is consumed.
    """
    if not password:
        raise errors.PasswordRequired(subject=identifiers.address_digest(address))
    if codes.parse_code(otp, challenges.policies[Purpose.PENDING_REGISTRATION].digits) is None:
        raise _wrong_code_refusal(client, address, is_guess=False)
    admission.acquire_place(HASH)
    seen = _find_by_password(_with_password_mark(_newest_of_address(address), password), password)
    if seen is None:
        raise _wrong_code_refusal(client, address, is_guess=True)
    try:
        with challenges.verify(seen, otp, now=client.at) as proof:
            return steps.create_proved_account(client, proof, username)
    except (errors.WrongSecret, errors.Exhausted, errors.Expired, errors.AlreadyUsed, errors.Locked) as refusal:
        if challenges.secrets.matches_secret(seen, otp, SecretKind.CODE):
            raise
        raise _wrong_code_refusal(client, address, is_guess=True) from refusal


@flow("pending_registration.open_link")
def confirm_by_link(
    *, client: Client, token: str, registration: str = "", password: str = "", username: Username | None = None
) -> Registered:
    """The link of the mail, together with the handle of the browser that signed up, or the password typed there: who
    holds only the mailbox must not bring to life an account whose password a stranger chose.

    Raises PasswordRequired (with neither, and nothing is consumed), InvalidCredentials, TokenInvalid, LinkExpired,
    AlreadyUsed, Exhausted, Locked, UsernameTaken, Unavailable.
    """
    with _verify_link(client, token, registration, password) as proof:
        return steps.create_proved_account(client, proof, username)


@flow("pending_registration.reject")
def reject_sign_up(*, client: Client, token: str) -> None:
    """Whoever holds the mailbox did not sign up: the registration dies, and its PENDING row with it.

    Raises TokenInvalid, LinkExpired, AlreadyUsed, Exhausted, Locked, Unavailable.
    """
    seen, secret = _find_by_link(client, token)
    with (
        _translate_link_refusals(),
        challenges.verify(seen, secret, now=client.at, by=SecretKind.LINK) as proof,
        atomic(),
    ):
        lifecycle.delete_pending_user(UUID(proof.payload["user_id"]), proof.payload["password_hash"])
        record_event(events.REGISTRATION_REJECTED, client, subject=proof.subject, challenge_id=proof.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyLink:
    """A link that still verifies: the address it proves, and whether this browser began the sign-up (or needs not to
    have), so that no password is asked for."""

    address: str
    same_browser: bool


@flow("pending_registration.read_link")
def read_link(*, client: Client, token: str, registration: str) -> VerifyLink:
    """What the page of the link shows before anybody presses its button. Changes nothing.

    Raises TokenInvalid, LinkExpired, AlreadyUsed, Exhausted, Unavailable.
    """
    seen = _find_by_link(client, token)[0]
    address = steps.address_to_prove(challenges.unseal_payload(seen))
    return VerifyLink(address=address, same_browser=_is_same_browser(seen, registration))


@contextmanager
def _verify_link(client: Client, token: str, registration: str, password: str) -> Iterator[Proof]:
    seen, secret = _find_by_link(client, token)
    with _translate_link_refusals():
        if _is_same_browser(seen, registration):
            verified = challenges.verify(seen, secret, now=client.at, by=SecretKind.LINK)
        elif password:
            admission.acquire_place(HASH)  # before the try is counted
            verified = challenges.verify(
                seen, password, now=client.at, by=SecretKind.LINK, matches=_is_sign_up_password
            )
        else:
            raise errors.PasswordRequired(subject=seen.subject)
        with verified as proof:
            yield proof


@contextmanager
def _translate_link_refusals() -> Iterator[None]:
    """The engine's refusals in the words of a link, whose secret was right: what is wrong is the password."""
    try:
        yield
    except errors.WrongSecret as wrong:
        raise errors.InvalidCredentials(attempts_left=wrong.attempts_left, subject=wrong.subject) from wrong
    except errors.Expired as expired:
        raise errors.LinkExpired(subject=expired.subject) from expired


def _find_by_link(client: Client, token: str) -> tuple[Challenge, str]:
    """The sign-up behind a link that still verifies, and the secret in it."""
    return challenges.find_live_link(Purpose.PENDING_REGISTRATION, token, client.at)


def _is_same_browser(challenge: Challenge, registration: str) -> bool:
    if not settings.LINK_BINDING:
        return True
    with suppress(errors.TokenInvalid, errors.Expired):
        return challenges.find_by_handle(challenge.purpose, registration).id == challenge.id
    return False


def _newest_of_address(address: Email | Phone) -> list[WaitingSignUp]:
    """The newest whose proof was sent, with what they hold: those that were not hide nobody's."""
    newest = challenges.list_newest(
        Purpose.PENDING_REGISTRATION, identifiers.all_address_digests(address), limit=MAX_CANDIDATES
    )
    found = [(seen, challenges.unseal_payload(seen)) for seen in newest]
    return [(seen, payload) for seen, payload in found if seen.sends > 1 or not payload.get("unsent")]


def _with_password_mark(sign_ups: list[WaitingSignUp], password: str) -> list[WaitingSignUp]:
    """The sign-ups that may have been made with this password; one from before there were marks may."""
    marks = [None, *steps.password_marks(passwords.normalise_password(password))]
    return [(seen, payload) for seen, payload in sign_ups if payload.get("mark") in marks][:MAX_HASHES]


def _find_by_password(sign_ups: Sequence[WaitingSignUp], password: str) -> Challenge | None:
    """The newest that was made with this password. As many hashes are computed as may bear its mark."""
    typed = passwords.normalise_password(password)
    kept = [*(payload["password_hash"] for _seen, payload in sign_ups), *[""] * (MAX_HASHES - len(sign_ups))]
    right = [passwords.verify_password_hash(typed, each) for each in kept]
    return next((seen for (seen, _payload), is_right in zip(sign_ups, right, strict=False) if is_right), None)


def _is_sign_up_password(payload: Mapping[str, Any], password: str) -> bool:
    return passwords.verify_password_hash(passwords.normalise_password(password), payload["password_hash"])


def _simulate_resend(client: Client, address: Email | Phone) -> None:
    """The work of a message to an address on which nobody waits: a secret that is told to nobody, a row that is never
    sent, an event."""
    subject, purpose = identifiers.address_digest(address), Purpose.PENDING_REGISTRATION
    allowances.has_room_for_message(client, notices.channel_for(address), subject)
    with suppress(errors.Throttled), atomic():
        permit = notices.acquire_message_permit(client, messages.VERIFY_ADDRESS, address, is_decoy=True)
        unsent = settings.KEYS.digest("unsent", subject)
        issued = challenges.issue(purpose, subject=unsent, payload={}, now=client.at, decoy=True)
        notices.post_message(
            client, messages.VERIFY_ADDRESS, address, issued=replace(issued, is_first_send=False), permit=permit
        )
        record_event(events.REGISTRATION_RESENT, client, subject=subject, code="nobody")


def _wrong_code_refusal(client: Client, address: Email | Phone, *, is_guess: bool) -> errors.Refusal:
    """What a wrong code says, with tries of the address's own: five in the life of a code, as for any other; what has
    not the form of a code costs none."""
    policy, subject = challenges.policies[Purpose.PENDING_REGISTRATION], identifiers.address_digest(address)
    tries = Allowance(windows=((policy.attempts - 1, policy.code_ttl or policy.ttl),))
    if is_guess and ledger.spend("codes of nobody", subject, client.at, tries):
        return errors.Exhausted(subject=subject)
    used = ledger.count_recent("codes of nobody", subject, client.at, tries)
    return errors.WrongSecret(attempts_left=policy.attempts - used, subject=subject)
