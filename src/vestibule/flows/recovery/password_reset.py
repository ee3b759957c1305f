"""Reset a forgotten password with a link or a code sent to a proved address; a newer one replaces the older.

The invitation of an admin uses the same link: it proves the address and sets the first password.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError

from vestibule.accounts import directory, lifecycle, passwords
from vestibule.accounts.account_details import AccountDetails
from vestibule.accounts.identifiers import FullName
from vestibule.accounts.models import Role, Status, User
from vestibule.addresses.address import Address, Email
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges import newest
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.newest import NewestPointer
from vestibule.challenges.payloads import PasswordResetPayload
from vestibule.challenges.policy import Purpose, SecretKind
from vestibule.challenges.results import Proof
from vestibule.challenges.store import Challenge
from vestibule.conf import conf
from vestibule.courier import messages, staff_messages
from vestibule.flows import notices, step_up
from vestibule.flows.flow import flow
from vestibule.flows.recovery import account_recovery
from vestibule.flows.sign_in import by_password
from vestibule.identities.links import list_identities, name_providers
from vestibule.kernel import entropy, errors
from vestibule.kernel.client import Client
from vestibule.kernel.linked_pages import LinkedPage
from vestibule.sessions import devices
from vestibule.storage.database import atomic

CONFIRM_PAGE: LinkedPage = "password_reset_confirm"
RESEND_PAUSE = timedelta(seconds=60)  # a second request within this time sends nothing: the first is on its way


@flow("password_reset.start")
def start(*, client: Client, address: Address, device_cookie: UUID | None = None) -> None:
    """Send a link and a code to the address, if an active account has proved it. The answer and the work are always the
    same.

    A device (`device_cookie`) or network that the account was signed in from has its own budget of messages, which
    strangers cannot spend.

    Raises:
        Unavailable: the database cannot be reached.
    """
    holder = directory.find_account_by_address(address)
    nobody = holder is None or holder.status != Status.ACTIVE
    known = devices.recognise_client(
        client, holder.pk if holder else entropy.random_uuid(), device_cookie=device_cookie
    )
    with atomic():
        place = newest.lock_pointer(Purpose.PASSWORD_RESET, address.all_digests, client.at)
        if not _is_under_way(place.challenge, client.at):
            _send_reset(client, place, address, holder, budget_key=known.origin_digest, is_decoy=nobody)


def send_to_owner(client: Client, user: User, address: Address) -> None:
    """Send a reset to the owner who proved this address, regardless of earlier requests, in the caller's transaction.
    The owner of a suspended account gets a notice instead."""
    if user.status == Status.ACTIVE:
        place = newest.lock_pointer(Purpose.PASSWORD_RESET, address.all_digests, client.at)
        _send_reset(client, place, address, user, budget_key=_proved_budget_key(address))
    else:
        notices.post_message(client, staff_messages.ACCOUNT_SUSPENDED, address, owner=user)


@flow("password_reset.read_link")
def read_link(*, client: Client, token: str) -> str:
    """Return the address that a link was sent to, if it can still be used. Changes nothing, because mail scanners open
    links.

    Raises:
        TokenInvalid: the link was not issued by this service.
        LinkExpired: the link is too old.
        AlreadyUsed: the link was used before, or a newer one replaced it.
        Unavailable: a store cannot be reached.
    """
    seen = _find_by_link(client, token)[0]
    try:
        return challenges.unseal_payload(seen, PasswordResetPayload).address or ""
    except errors.Expired as expired:
        raise errors.LinkExpired(subject=seen.subject) from expired


@flow("password_reset.confirm")
def confirm(
    *,
    client: Client,
    password: str,
    token: str = "",
    address: Address | None = None,
    otp: str = "",
) -> User:
    """Set the new password, if the link is right, or the code and the address that it was sent to.

    Every session, device and pending change ends, and the address counts as proved. Nobody is signed in.

    Raises:
        Invalid: the policy refuses the password. The proof stays valid.
        TokenInvalid: the link was not issued by this service.
        LinkExpired: the link is too old, or the account changed since it was sent.
        WrongSecret: the code is wrong.
        Exhausted: the code has no attempts left.
        Expired: the code is too old, or the account changed since it was sent.
        AlreadyUsed: the proof was used before, or a newer one replaced it.
        Locked: the address has no wrong codes left, or another request holds this proof.
        Unavailable: a store cannot be reached, or too many passwords are being hashed.
    """
    if token:
        seen, secret, by = *_find_by_link(client, token), SecretKind.LINK
    else:
        found = newest.find_newest(Purpose.PASSWORD_RESET, address.all_digests) if address else None
        if found is None:
            raise errors.Expired(subject=address.digest if address else None)
        seen, secret, by = found, otp, SecretKind.CODE
    with challenges.verify(seen, secret, PasswordResetPayload, now=client.at, by=by) as proof:
        try:
            user = (_create_admin if proof.payload.role else _set_new_password)(client, proof, password)
        except errors.LinkExpired as dead:
            raise dead if by is SecretKind.LINK else errors.Expired(subject=seen.subject) from dead
    account_recovery.retire_dead_challenges(client, user.pk)
    return user


@flow("password_reset.invite")
def invite_admin(*, client: Client, email: Email) -> None:
    """Send the address a link that creates an admin account once a password is chosen. No row and no role exist before.

    Raises:
        Unavailable: the database cannot be reached.
    """
    payload = PasswordResetPayload(user_id=entropy.random_uuid(), address=email.value, role=Role.ADMIN.value)
    with atomic():
        place = newest.lock_pointer(Purpose.PASSWORD_RESET, email.all_digests, client.at)
        notices.issue_and_send(
            client, place, staff_messages.ADMIN_INVITATION, email, payload, owner=None, link=CONFIRM_PAGE
        )
        record_event(events.ADMIN_INVITED, client, subject=email.digest)


def _find_by_link(client: Client, token: str) -> tuple[Challenge, str]:
    """Return the challenge of a link that can still be used, and the secret in the link."""
    seen, secret = challenges.find_live_link(Purpose.PASSWORD_RESET, token, client.at)
    if newest.is_superseded(seen):
        raise errors.AlreadyUsed(subject=seen.subject)
    return seen, secret


def _is_under_way(before: Challenge | None, now: datetime) -> bool:
    """Return whether a reset was sent within RESEND_PAUSE and can still be used."""
    return before is not None and before.sent_at > now - RESEND_PAUSE and not challenges.refusal_if_closed(before, now)


def _create_admin(client: Client, proof: Proof[PasswordResetPayload], password: str) -> User:
    """Create the account of an invited admin, whose mailbox the link proved."""
    email, role = Email(proof.payload.address or ""), Role(proof.payload.role)
    hashed = passwords.hash_password(step_up.validate_new_password(User(email=email.value), password))
    brought = AccountDetails(
        password=hashed,
        email=email,
        username=None,
        full_name=FullName(""),
        phone_number=None,
        language=client.language,
    )
    try:
        with atomic():
            user = lifecycle.activate_user(brought, email_verified_at=client.at)
            lifecycle.set_user_role(user.pk, role)
            record_event(
                events.ACCOUNT_REGISTERED, client, user_id=user.pk, subject=proof.subject, challenge_id=proof.id
            )
            record_event(events.ROLE_GIVEN, client, user_id=user.pk, code=role)
    except IntegrityError as error:  # the address has an account by now: `create-admin` again gives it the role
        raise errors.AlreadyUsed(subject=proof.subject) from error
    return user


def _set_new_password(client: Client, proof: Proof[PasswordResetPayload], password: str) -> User:
    user = User.objects.get(pk=proof.payload.user_id)
    hashed = passwords.hash_password(step_up.validate_new_password(user, password))
    with atomic():
        held, proved = account_recovery.lock_proved_account(client, proof)
        if _compared_fields(held) != _compared_fields(user) or held.status != Status.ACTIVE or proved.former_id:
            raise errors.LinkExpired(subject=proof.subject)  # a former owner has a link that takes the account back
        account_recovery.restore_to_owner(client, held, proved, hashed)
        by_password.reset_password_failures(user)
        record_event(events.PASSWORD_RESET, client, user_id=user.pk, subject=proof.subject, challenge_id=proof.id)
        linked = name_providers(list_identities(held))  # they stay, and their owner looks (docs/decisions/0121)
        kind = messages.PASSWORD_CHANGED_BESIDE_LINKS if linked else messages.PASSWORD_CHANGED
        notices.post_message(client, kind, proved.address, owner=user, providers=linked)
    return user


def _compared_fields(user: User) -> tuple[str | None, ...]:
    """Return the fields that a reset depends on. If one of them changes before the reset commits, the reset is
    refused."""
    return user.status, user.password, user.email, user.phone_number


def _proved_budget_key(address: Address) -> bytes:
    """Return the budget key of a person who proved the address."""
    return conf.keys.digest("proved", address.digest)


def _send_reset(
    client: Client,
    place: NewestPointer,
    address: Address,
    user: User | None,
    *,
    budget_key: bytes,
    is_decoy: bool = False,
) -> None:
    """Issue the challenge, send it and record the event, in the caller's transaction, which has locked `place`."""
    payload = notices.proof_payload(user, address)
    notices.issue_and_send(
        client,
        place,
        messages.PASSWORD_RESET,
        address,
        payload,
        owner=user,
        link=CONFIRM_PAGE,
        own=budget_key,
        nobody=is_decoy,
    )
    subject = address.digest
    record_event(events.PASSWORD_RESET_ASKED, client, user_id=user.pk if user else None, subject=subject)
