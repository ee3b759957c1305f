"""Steps of both ways of signing up: the sealed payload, the message, and the creation of the account after the
proof."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError

from vestibule.accounts import directory, lifecycle, passwords
from vestibule.accounts.account_details import AccountDetails
from vestibule.accounts.applicant import Applicant
from vestibule.accounts.credentials import digest_credentials
from vestibule.accounts.identifiers import FullName, Username
from vestibule.accounts.models import User
from vestibule.addresses.address import ADDRESS_TYPES, Address, Email, Phone
from vestibule.audit import events
from vestibule.audit.record import is_proof_recorded, record_event
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import SignUpPayload
from vestibule.challenges.policy import Purpose
from vestibule.challenges.results import ChallengeStatus, Issued, Proof
from vestibule.challenges.store import Challenge
from vestibule.conf import conf
from vestibule.flows.completion import Authenticated, SignedIn, Via, complete
from vestibule.flows.social_arrivals import FEDERATED
from vestibule.identities.answers import IdentityTaken, ProviderAnswer
from vestibule.identities.links import link_identity
from vestibule.identities.models import Identity
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.limits import sms_costs
from vestibule.sessions import devices
from vestibule.storage.database import atomic
from vestibule.storage.rows import inserted_together

PURPOSES = (Purpose.REGISTRATION, Purpose.PENDING_REGISTRATION)


class SignUpEnded(errors.AlreadyUsed):
    """The sign-up was ended without an account: somebody rejected it, or it was sent to another address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A code is on its way to `address`. `registration` is the signed handle that confirm, resend and status need.
    `user_id` is the PENDING user, if there is one."""

    registration: str
    address: Address
    challenge_status: ChallengeStatus
    user_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """The account exists. `signed_in` is None if the person was not signed in."""

    user: User
    signed_in: SignedIn | None


def build_hashed_payload(applicant: Applicant, device: Mapping[str, str] | None) -> SignUpPayload:
    """Return the applicant's data to be sealed until the proof, with the password hashed, if one was typed.

    Raises:
        Unavailable: too many passwords are being hashed.
    """
    return SignUpPayload(
        channel=applicant.channel,
        email=applicant.email.value if applicant.email else None,
        phone=applicant.phone.value if applicant.phone else None,
        username=applicant.username,
        full_name=applicant.full_name,
        password_hash=passwords.hash_password(applicant.password) if applicant.password else lifecycle.NO_PASSWORD,
        mark=password_marks(applicant.password)[0],
        device=dict(device) if device else None,
        more=dict(applicant.more) or None,
    )


def password_marks(password: str) -> list[str]:
    """Return twelve bits of a keyed digest of the password, under each key of the ring.

    Among many sign-ups on one address the mark selects the few for which a hash is computed. An attacker who holds the
    keys saves twelve bits of a search for the password.
    """
    return [found.hex()[:3] for found in conf.keys.all_digests("sign-up mark", password.encode(errors="replace"))]


def account_details(payload: SignUpPayload, chosen: Username | None = None) -> AccountDetails:
    """Return the details of the account to create. Only the address that is proved is stored: a person who signs up by
    SMS adds and proves an e-mail address later."""
    typed = Username(payload.username) if payload.username else None
    proved = address_to_prove(payload)
    return AccountDetails(
        password=payload.password_hash,
        email=proved if isinstance(proved, Email) else None,
        username=chosen or typed,
        full_name=FullName(payload.full_name),
        phone_number=Phone(payload.phone) if payload.phone else None,
        language=payload.language,
        more=payload.more or {},
    )


def list_typed(payload: SignUpPayload) -> dict[str, str]:
    """Return what the person typed, by the names of the fields. The password is not among it: only its hash is."""
    named = {
        "channel": payload.channel,
        Email.field: payload.email,
        Phone.field: payload.phone,
        "username": payload.username,
        "full_name": payload.full_name,
        **(payload.more or {}),
    }
    return {name: value for name, value in named.items() if value}


def address_to_prove(payload: SignUpPayload) -> Address:
    """Return the address that the sign-up has to prove: the one that its channel goes to."""
    address_type = ADDRESS_TYPES[payload.channel]
    return address_type(getattr(payload, address_type.kind))


def find_holder(address: Address, username: str | None) -> User | None:
    """Return the account that has the address already, if one does.

    Raises:
        UsernameTaken: another account has the username.
        EmailTaken: an account has the address, and ENUMERATION_PROTECTION is off.
        PhoneTaken: an account has the number, and ENUMERATION_PROTECTION is off.
    """
    if username and directory.is_username_taken(Username(username)):
        raise errors.UsernameTaken(subject=address.digest)
    holder = directory.find_account_by_address(address)
    if holder is not None and not conf.enumeration_protection:
        raise address.taken_refusal(subject=address.digest)
    return holder


def find_sign_up(registration: str) -> Challenge:
    """Return the sign-up of a handle, deferred or pending.

    Raises:
        TokenInvalid: the handle was not issued by this service.
        Expired: the store does not know the sign-up any more.
    """
    for purpose in PURPOSES:
        with suppress(errors.TokenInvalid):
            return challenges.find_by_handle(purpose, registration)
    raise errors.TokenInvalid


def unsent_result(client: Client, challenge: Challenge, address: Address) -> Sent:
    """Return the answer for a code that is not sent: it looks like `sent_result`, and the status is that of the older
    code."""
    return Sent(
        registration=challenges.secrets.sign_handle(challenge.purpose, challenge.id),
        address=address,
        challenge_status=challenges.status_of(challenge, client.at),
    )


def sent_result(issued: Issued[SignUpPayload], address: Address, user_id: UUID | None = None) -> Sent:
    """Return the answer for a code that is on its way to the address."""
    return Sent(registration=issued.handle, address=address, challenge_status=issued.status, user_id=user_id)


def create_proved_account(
    client: Client,
    proof: Proof[SignUpPayload],
    chosen_username: Username | None,
    *,
    sign_in: bool = False,
    page_lifetime: timedelta | None = None,
    takes_over: bool = True,
) -> Registered:
    """Create or activate the account of a proof and sign the person in if `sign_in` is set, in one transaction.

    `page_lifetime` makes the session one of the hosted pages, which lives that long. Without `takes_over` a PENDING row
    is looked for only where one is in the way.

    Raises:
        UsernameTaken: another account has the username.
        AlreadyUsed: the proof was used before, or the address has an account by now.
        IdentityTaken: another account has the identity with which the sign-up began.
    """
    address = address_to_prove(proof.payload)
    brought = account_details(proof.payload, chosen_username)
    try:
        with atomic():
            with inserted_together():
                user = lifecycle.activate_user(brought, takes_over=takes_over, **{address.verified_field: client.at})
                record_event(
                    events.ACCOUNT_REGISTERED,
                    client,
                    user_id=user.id,
                    subject=proof.subject,
                    challenge_id=proof.id,
                    channel=address.channel,
                )
                proof.guess.settle()
                entered = _sign_in_or_remember_device(client, proof, user, address, page_lifetime, sign_in=sign_in)
            if isinstance(address, Phone):
                sms_costs.count_code_used(client.at)
    except (IntegrityError, IdentityTaken) as error:
        if not takes_over and lifecycle.find_pending_user(brought):
            return create_proved_account(client, proof, chosen_username, sign_in=sign_in, page_lifetime=page_lifetime)
        raise _conflict_refusal(proof, brought.username, address, error) from error
    return Registered(user=user, signed_in=entered)


def _sign_in_or_remember_device(
    client: Client,
    proof: Proof[SignUpPayload],
    user: User,
    address: Address,
    page_lifetime: timedelta | None,
    *,
    sign_in: bool,
) -> SignedIn | None:
    identity = _link_sealed_identity(client, user, proof.payload)
    said = devices.describe_user_agent(client.user_agent) if page_lifetime else proof.payload.device
    if not sign_in:
        devices.remember_device(user, said, client.at)
        return None
    typed = ["pwd"] if user.has_usable_password() else []
    authenticated = Authenticated(
        user=user,
        credentials=digest_credentials(user),
        amr=[*typed, *([FEDERATED] if identity else []), address.proof_method],
        via=Via.NEW_ACCOUNT,
        device_claims=said,
        page_lifetime=page_lifetime,
        identity_id=identity.pk if identity else None,
    )
    entered = complete(client, authenticated)
    return entered if isinstance(entered, SignedIn) else None


def _link_sealed_identity(client: Client, user: User, payload: SignUpPayload) -> Identity | None:
    """Link the identity at another provider with which the sign-up began, in the caller's transaction."""
    if payload.identity is None:
        return None
    answer = ProviderAnswer.from_json(payload.identity)
    identity = link_identity(user, answer, session_id=None, now=client.at)
    record_event(events.IDENTITY_LINKED, client, user_id=user.pk, provider=answer.provider)
    return identity


def _conflict_refusal(
    proof: Proof[SignUpPayload], username: Username | None, address: Address, error: Exception
) -> errors.Refusal:
    """Find out, after a rollback, which unique constraint refused. The identity is inserted before the rows that are
    held back, so that it is the first to be refused: where another is, too, that one counts."""
    if is_proof_recorded(proof.id):
        return errors.AlreadyUsed(subject=proof.subject)
    if username and directory.is_username_taken(username):
        return errors.UsernameTaken(subject=proof.subject)
    if isinstance(error, IdentityTaken) and directory.find_account_by_address(address) is None:
        return IdentityTaken()
    # The owner proved the address through another sign-up meanwhile: the person has an account and can sign in.
    return errors.AlreadyUsed(subject=proof.subject)
