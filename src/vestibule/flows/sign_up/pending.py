"""Pending sign-up: a PENDING user waits until the link or the code proves the address.

The proof counts in the browser that signed up, or together with the password of the sign-up. Register, resend by
address, confirm by code or link, reject ("this wasn't me").
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from vestibule.accounts import lifecycle, passwords
from vestibule.accounts.applicant import Applicant
from vestibule.accounts.identifiers import Username
from vestibule.addresses.address import Address
from vestibule.audit import events
from vestibule.audit.record import is_proof_recorded, record_event
from vestibule.challenges import codes
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import Payload, SignUpPayload
from vestibule.challenges.policy import Purpose, SecretKind
from vestibule.challenges.results import Proof
from vestibule.challenges.store import Challenge
from vestibule.conf import conf
from vestibule.courier import allowances, messages
from vestibule.flows import notices
from vestibule.flows.flow import flow
from vestibule.flows.sign_up import deferred, proof_messages, steps, waiting
from vestibule.flows.sign_up.steps import Registered, Sent, SignUpEnded
from vestibule.flows.sign_up.waiting import WaitingSignUp
from vestibule.kernel import entropy, errors
from vestibule.kernel.client import Client
from vestibule.limits import ledger
from vestibule.limits.admission import HASH, admission
from vestibule.limits.rolling_window import Allowance
from vestibule.storage.database import atomic

# A confirmation looks through so many of the newest sign-ups on the address (the rates admit 20 an hour, for 6 hours).
MAX_CANDIDATES = 128


@flow("pending_registration.register")
def start(*, client: Client, applicant: Applicant, device: Mapping[str, str] | None = None) -> Sent:
    """Create a PENDING user and send a link and a code to the address (by SMS, a code alone).

    If an account has the address, its owner gets a notice instead; the answer and the work are the same. A second
    sign-up on a waiting address is a second challenge for the same row. The one that is proved first sets the password.

    Raises:
        UsernameTaken: another account has the username.
        EmailTaken: an account has the address, and ENUMERATION_PROTECTION is off.
        PhoneTaken: an account has the number, and ENUMERATION_PROTECTION is off.
        Throttled: the limits on SMS costs are reached.
        Unavailable: a store cannot be reached, or too many passwords are being hashed.
    """
    address, purpose = applicant.address, Purpose.PENDING_REGISTRATION
    payload = steps.build_hashed_payload(applicant, device)
    holder = steps.find_holder(address, applicant.username)
    payload = replace(payload, language=notices.recipient_language(client, holder))
    with atomic():
        sign_up_id = entropy.random_uuid()
        user_id = lifecycle.save_pending_user(steps.account_details(payload), sign_up_id, client.at)
        known = user_id is None
        permit = proof_messages.acquire_proof_permit(client, purpose, address, known=known)
        payload = replace(payload, unsent=not permit.may_replace_secret)
        issued = challenges.issue(
            purpose, subject=address.digest, payload=payload, now=client.at, decoy=known, id=sign_up_id
        )
        proof_messages.post_first_message(client, issued, purpose, address, permit, user_id)
    return steps.sent_result(issued, address, user_id)


@flow("pending_registration.resend")
def resend(*, client: Client, address: Address) -> None:
    """Send a new link and code for the newest sign-up on this address, if one waits and its cooldown is over. The
    client gets no answer that depends on it, after the same work.

    Raises:
        Unavailable: a store cannot be reached.
    """
    issued = None
    refusals = (errors.TooSoon, errors.Throttled, errors.Exhausted, errors.Expired, errors.AlreadyUsed, errors.Locked)
    with suppress(*refusals):
        for seen, _payload in _newest_of_address(address)[:1]:
            issued = deferred.issue_new_secret(client, seen, address)
    if issued is None:
        _simulate_resend(client, address)


@flow("pending_registration.confirm")
def confirm(
    *, client: Client, address: Address, otp: str, password: str, username: Username | None = None
) -> Registered:
    """Create the account from the code and the password of the sign-up, sent from another device than the one that
    began it.

    The password selects the sign-up among those on the address. The same number of hashes is computed whether or not
    one waits. Unless code and password are both right, the answer is that of a wrong code and costs one of the
    address's attempts. It therefore tells neither whether a sign-up waits nor whether the password is right: an
    attacker cannot guess one without the other.

    Raises:
        PasswordRequired: no password was sent. Nothing is counted.
        WrongSecret: the code or the password is wrong.
        Exhausted: the address has no attempts left.
        Expired: both are right, and the sign-up or its code is too old.
        AlreadyUsed: both are right, and the code was used before or the address has an account by now.
        Locked: both are right, and the address has no wrong codes left or another request holds this code.
        UsernameTaken: both are right, and another account has the username.
        Unavailable: a store cannot be reached, or too many passwords are being hashed.
    """
    if not password:
        raise errors.PasswordRequired(subject=address.digest)
    code = codes.parse_code(otp, challenges.policies[Purpose.PENDING_REGISTRATION].digits)
    if code is None:
        raise _wrong_code_refusal(client, address, is_guess=False)
    admission.acquire_place(HASH)
    seen = waiting.find_by_password(_newest_of_address(address), password)
    if seen is None:
        raise _wrong_code_refusal(client, address, is_guess=True)
    try:
        with challenges.verify(seen, code, SignUpPayload, now=client.at) as proof:
            return steps.create_proved_account(client, proof, username)
    except (errors.WrongSecret, errors.Exhausted, errors.Expired, errors.AlreadyUsed, errors.Locked) as refusal:
        if challenges.secrets.matches_secret(seen, code, SecretKind.CODE):
            raise
        raise _wrong_code_refusal(client, address, is_guess=True) from refusal


@flow("pending_registration.open_link")
def confirm_by_link(
    *,
    client: Client,
    token: str,
    registration: str = "",
    password: str = "",
    username: Username | None = None,
    sign_in: bool = False,
    page_lifetime: timedelta | None = None,
) -> Registered:
    """Create the account from the link, if the browser that signed up opens it or the password of the sign-up comes
    with it. `sign_in` signs that person in; whom LINK_BINDING lets in by the link alone is not signed in.
    `page_lifetime` makes the session one of the hosted pages, which lives that long.

    A person who holds only the mailbox must not activate an account whose password a stranger chose.

    Raises:
        PasswordRequired: neither the handle nor a password was sent. Nothing is counted.
        InvalidCredentials: the password is wrong.
        TokenInvalid: the link was not issued by this service, or a newer one replaced it.
        LinkExpired: the link is too old.
        AlreadyUsed: the link was used before, or the address has an account by now.
        Exhausted: too many wrong passwords were sent with this link.
        Locked: another request holds this link.
        UsernameTaken: another account has the username.
        Unavailable: a store cannot be reached, or too many passwords are being hashed.
    """
    with _verify_link(client, token, registration, password) as proof:
        sign_in = sign_in and (conf.link_binding or _is_of_handle(proof.id, registration))
        return steps.create_proved_account(client, proof, username, sign_in=sign_in, page_lifetime=page_lifetime)


@flow("pending_registration.reject")
def reject_sign_up(*, client: Client, token: str) -> None:
    """End a sign-up that the holder of the mailbox did not make, and delete its PENDING row.

    Raises:
        TokenInvalid: the link was not issued by this service, or a newer one replaced it.
        LinkExpired: the link is too old.
        AlreadyUsed: the link was used before; SignUpEnded if no account came of it.
        Exhausted: too many wrong passwords were sent with this link.
        Locked: another request holds this link.
        Unavailable: a store cannot be reached.
    """
    seen, secret = _find_by_link(client, token)
    verified = challenges.verify(seen, secret, SignUpPayload, now=client.at, by=SecretKind.LINK)
    with _translate_link_refusals(), verified as proof, atomic():
        lifecycle.delete_pending_user(proof.id)
        record_event(events.REGISTRATION_REJECTED, client, subject=proof.subject, challenge_id=proof.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyLink:
    """A link that can still be used, with the address that it proves. `same_browser`: this browser began the sign-up,
    or need not have, so no password is required. Without `has_password` no other browser can use it."""

    address: Address
    same_browser: bool
    has_password: bool


@flow("pending_registration.read_link")
def read_link(*, client: Client, token: str, registration: str) -> VerifyLink:
    """Return what the page of a link shows before its button is pressed. Changes nothing, because mail scanners open
    links.

    Raises:
        TokenInvalid: the link was not issued by this service, or a newer one replaced it.
        LinkExpired: the link is too old.
        AlreadyUsed: the link was used before; SignUpEnded if no account came of it.
        Exhausted: too many wrong passwords were sent with this link.
        Unavailable: a store cannot be reached.
    """
    seen = _find_by_link(client, token)[0]
    payload = challenges.unseal_payload(seen, SignUpPayload)
    bound, has_password = _is_same_browser(seen, registration), payload.password_hash != lifecycle.NO_PASSWORD
    return VerifyLink(address=steps.address_to_prove(payload), same_browser=bound, has_password=has_password)


@contextmanager
def _verify_link(client: Client, token: str, registration: str, password: str) -> Iterator[Proof[SignUpPayload]]:
    seen, secret = _find_by_link(client, token)
    with _translate_link_refusals():
        if _is_same_browser(seen, registration):
            verified = challenges.verify(seen, secret, SignUpPayload, now=client.at, by=SecretKind.LINK)
        elif password:
            admission.acquire_place(HASH)  # before the attempt is counted: a full queue must not cost one
            verified = challenges.verify(
                seen, password, SignUpPayload, now=client.at, by=SecretKind.LINK, matches=_is_sign_up_password
            )
        else:
            raise errors.PasswordRequired(subject=seen.subject)
        with verified as proof:
            yield proof


@contextmanager
def _translate_link_refusals() -> Iterator[None]:
    """Translate the engine's refusals for a link. Its secret was right already, so a WrongSecret means a wrong
    password."""
    try:
        yield
    except errors.WrongSecret as wrong:
        raise errors.InvalidCredentials(
            reason="wrong_password", attempts_left=wrong.attempts_left, subject=wrong.subject
        ) from wrong
    except errors.Expired as expired:
        raise errors.LinkExpired(subject=expired.subject) from expired


def _find_by_link(client: Client, token: str) -> tuple[Challenge, str]:
    """Return the sign-up of a link that can still be used, and the secret in the link."""
    purpose = Purpose.PENDING_REGISTRATION
    try:
        return challenges.find_live_link(purpose, token, client.at)
    except errors.AlreadyUsed as used:
        if is_proof_recorded(challenges.find_by_link(purpose, token)[0].id, events.ACCOUNT_REGISTERED):
            raise
        raise SignUpEnded(subject=used.subject) from used


def _is_same_browser(challenge: Challenge, registration: str) -> bool:
    return not conf.link_binding or _is_of_handle(challenge.id, registration)


def _is_of_handle(id: UUID, registration: str) -> bool:
    with suppress(errors.TokenInvalid, errors.Expired):
        return bool(challenges.find_by_handle(Purpose.PENDING_REGISTRATION, registration).id == id)
    return False


def _newest_of_address(address: Address) -> list[WaitingSignUp]:
    """Return the newest sign-ups on the address whose proof was sent, with their payloads. Sign-ups whose message was
    held back are left out, so that they do not hide one that its owner can prove."""
    found = waiting.list_waiting_sign_ups(address, limit=MAX_CANDIDATES)
    return [(seen, payload) for seen, payload in found if seen.sends > 1 or not payload.unsent]


def _is_sign_up_password(payload: SignUpPayload, password: str) -> bool:
    return passwords.verify_password_hash(passwords.normalise_password(password), payload.password_hash)


def _simulate_resend(client: Client, address: Address) -> None:
    """Do the work of a resend to an address on which no sign-up waits: a secret that nobody is told, a message that is
    never sent, an event."""
    purpose, kind = Purpose.PENDING_REGISTRATION, messages.VERIFY_ADDRESS
    allowances.has_room_for_message(client, address)
    with suppress(errors.Throttled), atomic():
        permit = allowances.acquire_permit(client, kind, address, is_decoy=True)
        unsent = conf.keys.digest("unsent", address.digest)
        issued = challenges.issue(purpose, subject=unsent, payload=Payload(), now=client.at, decoy=True)
        again = replace(issued, is_first_send=False)
        notices.post_message(client, kind, address, owner=None, link="verify_email", issued=again, permit=permit)
        record_event(events.REGISTRATION_RESENT, client, subject=address.digest, code="nobody")


def _wrong_code_refusal(client: Client, address: Address, *, is_guess: bool) -> errors.Refusal:
    """Return the refusal for a wrong code, with the attempts of the address: as many in the life of a code as any code
    has. A text that does not have the form of a code (`is_guess` is False) costs none."""
    policy, subject = challenges.policies[Purpose.PENDING_REGISTRATION], address.digest
    tries = Allowance(windows=((policy.attempts - 1, policy.code_ttl or policy.ttl),))
    if is_guess and ledger.spend("codes of nobody", subject, client.at, tries):
        return errors.Exhausted(subject=subject)
    used = ledger.count_recent("codes of nobody", subject, client.at, tries)
    return errors.WrongSecret(attempts_left=policy.attempts - used, subject=subject)
