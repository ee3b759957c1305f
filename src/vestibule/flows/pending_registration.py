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
from vestibule.audit.record import record
from vestibule.challenges import codes
from vestibule.challenges.desk import challenges
from vestibule.challenges.policy import Purpose, Secret
from vestibule.challenges.results import Proof
from vestibule.challenges.store import Challenge
from vestibule.courier import allowances, messages
from vestibule.flows import owner, signing_up
from vestibule.flows import registration as any_registration
from vestibule.flows.flow import flow
from vestibule.flows.signing_up import Registered, Sent
from vestibule.guards import ledger
from vestibule.guards.admission import HASH, admission
from vestibule.guards.allowance import Allowance
from vestibule.kernel import entropy, errors
from vestibule.kernel.client import Client

# Of the sign-ups on one address the newest are looked through (twenty an hour, for six hours, are let in), and the few
# that bear the mark of the password are tried against it: each costs a hash, and one in 4,096 of others bears it.
CANDIDATES, HASHES = 128, 2

Kept = tuple[Challenge, Mapping[str, Any]]  # a sign-up, and what was typed for it


@flow("pending_registration.register")
def register(*, client: Client, applicant: Applicant, device: Mapping[str, str] | None = None) -> Sent:
    """Make a PENDING user, and send a link and a code to the address (by SMS, a code).

    A known address gets the same answer after the same work, and its owner a notice. A second sign-up on an address
    that waits is a second registration on the same row; whichever is proved first brings its own password.
    Raises UsernameTaken; EmailTaken or PhoneTaken where enumeration protection is off; Throttled, Unavailable.
    """
    purpose, subject = Purpose.PENDING_REGISTRATION, identifiers.digest(applicant.address)
    payload = signing_up.kept(applicant, device)
    signing_up.refuse_known(payload)
    with atomic():
        user_id = lifecycle.enrol(signing_up.particulars(payload), client.at)
        known = user_id is None
        payload["user_id"] = str(user_id or entropy.row_id())
        permit = signing_up.may_tell(client, purpose, payload, known=known)
        payload["unsent"] = not permit.changes
        issued = challenges.issue(purpose, subject=subject, payload=payload, now=client.at, decoy=known)
        signing_up.tell(client, issued, purpose, permit)
        event = events.REGISTRATION_REPEATED if known else events.REGISTRATION_STARTED
        record(event, client, user_id=user_id, subject=subject, channel=applicant.channel)
    return signing_up.sent(issued, user_id)


@flow("pending_registration.resend")
def resend(*, client: Client, address: Email | Phone) -> None:
    """Send the newest sign-up of this address a new link and code, if there is one and its cooldown has passed. Who
    asks is told nothing either way, after the same work. Raises Unavailable.
    """
    issued = None
    with suppress(errors.TooSoon, errors.Throttled, errors.Exhausted, errors.Expired, errors.AlreadyUsed):
        for seen, _payload in _of_address(address)[:1]:
            issued = any_registration.send_again(client, seen)
    if issued is None:
        _send_nothing(client, address)


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
        raise errors.PasswordRequired(subject=identifiers.digest(address))
    if codes.parse(otp, challenges.policies[Purpose.PENDING_REGISTRATION].digits) is None:
        raise _unknown(client, address, guess=False)
    admission.take_place(HASH)
    seen = _typed_with(_marked(_of_address(address), password), password)
    if seen is None:
        raise _unknown(client, address, guess=True)
    try:
        with challenges.verify(seen, otp, now=client.at) as proof:
            return signing_up.make_account(client, proof, username)
    except (errors.WrongSecret, errors.Exhausted, errors.Expired, errors.AlreadyUsed, errors.Locked) as refusal:
        if challenges.safe.right(seen, otp, Secret.CODE):
            raise
        raise _unknown(client, address, guess=True) from refusal


@flow("pending_registration.open_link")
def open_link(
    *, client: Client, token: str, registration: str = "", password: str = "", username: Username | None = None
) -> Registered:
    """The link of the mail, together with the handle of the browser that signed up, or the password typed there: who
    holds only the mailbox must not bring to life an account whose password a stranger chose.

    Raises PasswordRequired (with neither, and nothing is consumed), InvalidCredentials, TokenInvalid, LinkExpired,
    AlreadyUsed, Exhausted, Locked, UsernameTaken, Unavailable.
    """
    with _proved_by_link(client, token, registration, password) as proof:
        return signing_up.make_account(client, proof, username)


@flow("pending_registration.reject")
def reject(*, client: Client, token: str) -> None:
    """Whoever holds the mailbox did not sign up: the registration dies, and its PENDING row with it.

    Raises TokenInvalid, LinkExpired, AlreadyUsed, Exhausted, Locked, Unavailable.
    """
    seen, secret = _open(client, token)
    with _of_link(), challenges.verify(seen, secret, now=client.at, by=Secret.LINK) as proof, atomic():
        lifecycle.withdraw(UUID(proof.payload["user_id"]), proof.payload["password_hash"])
        record(events.REGISTRATION_REJECTED, client, subject=proof.subject, challenge_id=proof.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link that still verifies: the address it proves, and whether this browser began the sign-up (or needs not to
    have), so that no password is asked for."""

    address: str
    bound: bool


@flow("pending_registration.read_link")
def read_link(*, client: Client, token: str, registration: str) -> Link:
    """What the page of the link shows before anybody presses its button. Changes nothing.

    Raises TokenInvalid, LinkExpired, AlreadyUsed, Exhausted, Unavailable.
    """
    seen = _open(client, token)[0]
    address = signing_up.address_of(challenges.payload(seen))
    return Link(address=address, bound=_bound(seen, registration))


@contextmanager
def _proved_by_link(client: Client, token: str, registration: str, password: str) -> Iterator[Proof]:
    seen, secret = _open(client, token)
    with _of_link():
        if _bound(seen, registration):
            verified = challenges.verify(seen, secret, now=client.at, by=Secret.LINK)
        elif password:
            admission.take_place(HASH)  # before the try is counted
            verified = challenges.verify(seen, password, now=client.at, by=Secret.LINK, matches=_typed_at_sign_up)
        else:
            raise errors.PasswordRequired(subject=seen.subject)
        with verified as proof:
            yield proof


@contextmanager
def _of_link() -> Iterator[None]:
    """The engine's refusals in the words of a link, whose secret was right: what is wrong is the password."""
    try:
        yield
    except errors.WrongSecret as wrong:
        raise errors.InvalidCredentials(attempts_left=wrong.attempts_left, subject=wrong.subject) from wrong
    except errors.Expired as expired:
        raise errors.LinkExpired(subject=expired.subject) from expired


def _open(client: Client, token: str) -> tuple[Challenge, str]:
    """The sign-up behind a link that still verifies, and the secret in it."""
    return challenges.link(Purpose.PENDING_REGISTRATION, token, client.at)


def _bound(seen: Challenge, registration: str) -> bool:
    if not settings.LINK_BINDING:
        return True
    with suppress(errors.TokenInvalid, errors.Expired):
        return challenges.find(seen.purpose, registration).id == seen.id
    return False


def _of_address(address: Email | Phone) -> list[Kept]:
    """The newest whose proof was sent, with what they hold: those that were not hide nobody's."""
    newest = challenges.newest(Purpose.PENDING_REGISTRATION, identifiers.digests(address), limit=CANDIDATES)
    found = [(seen, challenges.payload(seen)) for seen in newest]
    return [(seen, payload) for seen, payload in found if seen.sends > 1 or not payload.get("unsent")]


def _marked(found: list[Kept], password: str) -> list[Kept]:
    """The sign-ups that may have been made with this password; one from before there were marks may."""
    marks = [None, *signing_up.marks(passwords.normalised(password))]
    return [(seen, payload) for seen, payload in found if payload.get("mark") in marks][:HASHES]


def _typed_with(marked: Sequence[Kept], password: str) -> Challenge | None:
    """The newest that was made with this password. As many hashes are computed as may bear its mark."""
    typed = passwords.normalised(password)
    kept = [*(payload["password_hash"] for _seen, payload in marked), *[""] * (HASHES - len(marked))]
    right = [passwords.right(typed, each) for each in kept]
    return next((seen for (seen, _payload), is_right in zip(marked, right, strict=False) if is_right), None)


def _typed_at_sign_up(payload: Mapping[str, Any], password: str) -> bool:
    return passwords.right(passwords.normalised(password), payload["password_hash"])


def _send_nothing(client: Client, address: Email | Phone) -> None:
    """The work of a message to an address on which nobody waits: a secret that is told to nobody, a row that is never
    sent, an event."""
    subject, purpose = identifiers.digest(address), Purpose.PENDING_REGISTRATION
    allowances.room(client, owner.channel_to(address), subject)
    with suppress(errors.Throttled), atomic():
        permit = owner.may_write(client, messages.VERIFY_ADDRESS, address, muted=True)
        unsent = settings.KEYS.digest("unsent", subject)
        issued = challenges.issue(purpose, subject=unsent, payload={}, now=client.at, decoy=True)
        owner.write(client, messages.VERIFY_ADDRESS, address, issued=replace(issued, first=False), permit=permit)
        record(events.REGISTRATION_RESENT, client, subject=subject, code="nobody")


def _unknown(client: Client, address: Email | Phone, *, guess: bool) -> errors.Refusal:
    """What a wrong code says, with tries of the address's own: five in the life of a code, as for any other; what has
    not the form of a code costs none."""
    policy, subject = challenges.policies[Purpose.PENDING_REGISTRATION], identifiers.digest(address)
    tries = Allowance(windows=((policy.attempts - 1, policy.code_ttl or policy.ttl),))
    if guess and ledger.spend("codes of nobody", subject, client.at, tries):
        return errors.Exhausted(subject=subject)
    used = ledger.recent("codes of nobody", subject, client.at, tries)
    return errors.WrongSecret(attempts_left=policy.attempts - used, subject=subject)
