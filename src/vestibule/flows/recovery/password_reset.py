"""Reset a forgotten password: a link or a code to a proved address, once; the newer kills the older. And the link that
an admin's account begins with: it proves the address and sets the first password."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError
from django.db.transaction import atomic

from vestibule.accounts import directory, identifiers, lifecycle, passwords
from vestibule.accounts.identifiers import Email, FullName, Phone
from vestibule.accounts.lifecycle import AccountDetails
from vestibule.accounts.models import Role, Status, User
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges import newest
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.newest import NewestPointer
from vestibule.challenges.policy import Purpose, SecretKind
from vestibule.challenges.results import Proof
from vestibule.challenges.store import Challenge
from vestibule.courier import messages
from vestibule.flows import notices, step_up
from vestibule.flows.flow import flow
from vestibule.flows.recovery import account_recovery
from vestibule.flows.sign_in import by_password
from vestibule.kernel import entropy, errors
from vestibule.kernel.client import Client
from vestibule.sessions import devices

CONFIRM_PATH = "password/reset/confirm"
RESEND_PAUSE = timedelta(seconds=60)  # a second request within it sends nothing: the first message is on its way


@flow("password_reset.start")
def start(
    *, client: Client, address: Email | Phone, device_cookie: UUID | None = None, proved_by_link: bool = False
) -> None:
    """Send a link and a code to the address, if an account that may sign in has proved it. Whoever asks is told
    nothing, and the work is the same. A device (its `cookie`) or network that the account was signed in from asks out
    of a budget of its own, which no stranger spends; and so, at once, does who `proved` to be the owner by another link
    of ours. Raises Unavailable.
    """
    by_mail = "@" in address
    holder = (
        directory.find_account_by_email(Email(address)) if by_mail else directory.find_account_by_phone(Phone(address))
    )
    nobody = holder is None or holder.status != Status.ACTIVE
    known = devices.recognise_client(
        client, holder.pk if holder else entropy.random_uuid(), device_cookie=device_cookie
    )
    with atomic():
        place = newest.lock_pointer(Purpose.PASSWORD_RESET, identifiers.all_address_digests(address), client.at)
        if not proved_by_link and _is_under_way(place.challenge, client.at):
            return
        own = _proved_budget_key(address) if proved_by_link else known.origin_digest
        _send_reset(client, place, address, holder, budget_key=own, is_decoy=nobody)


def send_to_owner(client: Client, user: User, address: Email | Phone) -> None:
    """A reset to the owner, who proved this address, whatever anybody asked for a moment ago; a word, where the staff
    suspended the account. In the caller's transaction. Raises Throttled (what SMS may cost)."""
    if user.status == Status.ACTIVE:
        place = newest.lock_pointer(Purpose.PASSWORD_RESET, identifiers.all_address_digests(address), client.at)
        _send_reset(client, place, address, user, budget_key=_proved_budget_key(address))
    else:
        notices.post_message(client, messages.ACCOUNT_SUSPENDED, address)


@flow("password_reset.confirm")
def confirm(
    *,
    client: Client,
    password: str,
    token: str = "",
    address: Email | Phone | None = None,
    otp: str = "",
) -> User:
    """The link, or the code with the address that it went to, and the new password: every session, device and pending
    change ends, the address is proved, and nobody is signed in.

    Raises Invalid (the password: the proof stays good), TokenInvalid, LinkExpired, WrongSecret, Exhausted, Expired,
    AlreadyUsed, Locked, Unavailable.
    """
    if token:
        seen, secret, by = *challenges.find_live_link(Purpose.PASSWORD_RESET, token, client.at), SecretKind.LINK
        if newest.is_superseded(seen):
            raise errors.AlreadyUsed(subject=seen.subject)
    else:
        found = (
            newest.find_newest(Purpose.PASSWORD_RESET, identifiers.all_address_digests(address)) if address else None
        )
        if found is None:
            raise errors.Expired(subject=identifiers.address_digest(address) if address else None)
        seen, secret, by = found, otp, SecretKind.CODE
    with challenges.verify(seen, secret, now=client.at, by=by) as proof:
        try:
            user = (_create_admin if "role" in proof.payload else _set_new_password)(client, proof, password)
        except errors.LinkExpired as dead:
            raise dead if by is SecretKind.LINK else errors.Expired(subject=seen.subject) from dead
    account_recovery.retire_dead_challenges(client, user.pk)
    return user


@flow("password_reset.invite")
def invite_admin(*, client: Client, email: Email) -> None:
    """Send the address a link: with a password chosen there it has an account, and the role of an admin. Until then
    there is no row and no role. Raises Unavailable."""
    payload = {"user_id": str(entropy.random_uuid()), "address": email, "role": Role.ADMIN.value}
    with atomic():
        place = newest.lock_pointer(Purpose.PASSWORD_RESET, identifiers.all_address_digests(email), client.at)
        notices.issue_and_send(client, place, messages.ADMIN_INVITATION, email, payload, link=CONFIRM_PATH)
        record_event(events.ADMIN_INVITED, client, subject=identifiers.address_digest(email))


def _is_under_way(before: Challenge | None, now: datetime) -> bool:
    """Whether a message went a moment ago, and works."""
    return before is not None and before.sent_at > now - RESEND_PAUSE and not challenges.refusal_if_closed(before, now)


def _create_admin(client: Client, proof: Proof, password: str) -> User:
    """The mailbox was proved by whom the house invited: an account, and its role."""
    email = Email(proof.payload["address"])
    hashed = passwords.hash_password(step_up.validate_new_password(User(email=email), password))
    brought = AccountDetails(password=hashed, email=email, username=None, full_name=FullName(""), phone_number=None)
    try:
        with atomic():
            user = lifecycle.activate_user(brought, email_verified_at=client.at)
            lifecycle.set_user_role(user.pk, Role(proof.payload["role"]))
            record_event(
                events.ACCOUNT_REGISTERED, client, user_id=user.pk, subject=proof.subject, challenge_id=proof.id
            )
            record_event(events.ROLE_GIVEN, client, user_id=user.pk, code=proof.payload["role"])
    except IntegrityError as error:  # the address has an account by now: it is given the role by `create-admin` again
        raise errors.AlreadyUsed(subject=proof.subject) from error
    return user


def _set_new_password(client: Client, proof: Proof, password: str) -> User:
    user = User.objects.get(pk=UUID(proof.payload["user_id"]))
    hashed = passwords.hash_password(step_up.validate_new_password(user, password))
    with atomic():
        held, proved = account_recovery.lock_proved_account(client, proof)
        if _compared_fields(held) != _compared_fields(user) or held.status != Status.ACTIVE or proved.former_id:
            raise errors.LinkExpired(subject=proof.subject)  # who had the address before has a link that takes it back
        account_recovery.restore_to_owner(client, held, proved, hashed)
        by_password.reset_password_failures(user)
        record_event(events.PASSWORD_RESET, client, user_id=user.pk, subject=proof.subject, challenge_id=proof.id)
        notices.post_message(client, messages.PASSWORD_CHANGED, proved.address)
    return user


def _compared_fields(user: User) -> tuple[str | None, ...]:
    """What a reset is decided by: a change of any of it meanwhile calls the reset off."""
    return user.status, user.password, user.email, user.phone_number


def _proved_budget_key(address: Email | Phone) -> bytes:
    """The budget of a person who proved the address."""
    return settings.KEYS.digest("proved", identifiers.address_digest(address))


def _send_reset(
    client: Client,
    place: NewestPointer,
    address: Email | Phone,
    user: User | None,
    *,
    budget_key: bytes,
    is_decoy: bool = False,
) -> None:
    """The challenge, its message and the event, in the caller's transaction, which holds the place of the newest."""
    payload = notices.proof_payload(user, address)
    notices.issue_and_send(
        client, place, messages.PASSWORD_RESET, address, payload, link=CONFIRM_PATH, own=budget_key, nobody=is_decoy
    )
    subject = identifiers.address_digest(address)
    record_event(events.PASSWORD_RESET_ASKED, client, user_id=user.pk if user else None, subject=subject)
