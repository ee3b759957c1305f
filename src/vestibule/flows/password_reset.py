"""Reset a forgotten password: a link or a code to a proved address, once; the newer kills the older. And the link that
an admin's account begins with: it proves the address and sets the first password."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError
from django.db.transaction import atomic

from vestibule.accounts import directory, identifiers, lifecycle, passwords
from vestibule.accounts.identifiers import Email, FullName, Phone
from vestibule.accounts.lifecycle import Particulars
from vestibule.accounts.models import Role, Status, User
from vestibule.audit import events
from vestibule.audit.record import record
from vestibule.challenges import newest
from vestibule.challenges.desk import challenges
from vestibule.challenges.newest import Place
from vestibule.challenges.policy import Purpose, Secret
from vestibule.challenges.results import Proof
from vestibule.challenges.store import Challenge
from vestibule.courier import messages
from vestibule.flows import owner, recovery, securing, sign_in
from vestibule.flows.flow import flow
from vestibule.kernel import entropy, errors
from vestibule.kernel.client import Client
from vestibule.sessions import devices

PATH = "password/reset/confirm"
SOON = timedelta(seconds=60)  # a second request within it sends nothing: the first message is on its way


@flow("password_reset.start")
def start(*, client: Client, address: Email | Phone, cookie: UUID | None = None, proved: bool = False) -> None:
    """Send a link and a code to the address, if an account that may sign in has proved it. Whoever asks is told
    nothing, and the work is the same. A device (its `cookie`) or network that the account was signed in from asks out
    of a budget of its own, which no stranger spends; and so, at once, does who `proved` to be the owner by another link
    of ours. Raises Unavailable.
    """
    by_mail = "@" in address
    holder = directory.holder_of_email(Email(address)) if by_mail else directory.holder_of_phone(Phone(address))
    nobody = holder is None or holder.status != Status.ACTIVE
    known = devices.recognise(client, holder.pk if holder else entropy.identifier(), cookie=cookie)
    with atomic():
        place = newest.hold(Purpose.PASSWORD_RESET, identifiers.digests(address), client.at)
        if not proved and _under_way(place.challenge, client.at):
            return
        own = _proved(address) if proved else known.place
        _send(client, place, address, holder, own=own, nobody=nobody)


def offer(client: Client, user: User, address: Email | Phone) -> None:
    """A reset to the owner, who proved this address, whatever anybody asked for a moment ago; a word, where the staff
    suspended the account. In the caller's transaction. Raises Throttled (what SMS may cost)."""
    if user.status == Status.ACTIVE:
        place = newest.hold(Purpose.PASSWORD_RESET, identifiers.digests(address), client.at)
        _send(client, place, address, user, own=_proved(address))
    else:
        owner.write(client, messages.ACCOUNT_SUSPENDED, address)


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
        seen, secret, by = *challenges.link(Purpose.PASSWORD_RESET, token, client.at), Secret.LINK
        if newest.replaced(seen):
            raise errors.AlreadyUsed(subject=seen.subject)
    else:
        found = newest.of(Purpose.PASSWORD_RESET, identifiers.digests(address)) if address else None
        if found is None:
            raise errors.Expired(subject=identifiers.digest(address) if address else None)
        seen, secret, by = found, otp, Secret.CODE
    with challenges.verify(seen, secret, now=client.at, by=by) as proof:
        try:
            user = (_admit if "role" in proof.payload else _set)(client, proof, password)
        except errors.LinkExpired as dead:
            raise dead if by is Secret.LINK else errors.Expired(subject=seen.subject) from dead
    recovery.tidy(client, user.pk)
    return user


@flow("password_reset.invite")
def invite(*, client: Client, email: Email) -> None:
    """Send the address a link: with a password chosen there it has an account, and the role of an admin. Until then
    there is no row and no role. Raises Unavailable."""
    payload = {"user_id": str(entropy.identifier()), "address": email, "role": Role.ADMIN.value}
    with atomic():
        place = newest.hold(Purpose.PASSWORD_RESET, identifiers.digests(email), client.at)
        owner.send(client, place, messages.ADMIN_INVITATION, email, payload, link=PATH)
        record(events.ADMIN_INVITED, client, subject=identifiers.digest(email))


def _under_way(before: Challenge | None, now: datetime) -> bool:
    """Whether a message went a moment ago, and works."""
    return before is not None and before.sent_at > now - SOON and not challenges.over(before, now)


def _admit(client: Client, proof: Proof, password: str) -> User:
    """The mailbox was proved by whom the house invited: an account, and its role."""
    email = Email(proof.payload["address"])
    hashed = passwords.hashed(securing.acceptable(User(email=email), password))
    brought = Particulars(password=hashed, email=email, username=None, full_name=FullName(""), phone_number=None)
    try:
        with atomic():
            user = lifecycle.activate(brought, email_at=client.at)
            lifecycle.give_role(user.pk, Role(proof.payload["role"]))
            record(events.ACCOUNT_REGISTERED, client, user_id=user.pk, subject=proof.subject, challenge_id=proof.id)
            record(events.ROLE_GIVEN, client, user_id=user.pk, code=proof.payload["role"])
    except IntegrityError as error:  # the address has an account by now: it is given the role by `create-admin` again
        raise errors.AlreadyUsed(subject=proof.subject) from error
    return user


def _set(client: Client, proof: Proof, password: str) -> User:
    user = User.objects.get(pk=UUID(proof.payload["user_id"]))
    hashed = passwords.hashed(securing.acceptable(user, password))
    with atomic():
        held, proved = recovery.held(client, proof)
        if _looked_at(held) != _looked_at(user) or held.status != Status.ACTIVE or proved.former:
            raise errors.LinkExpired(subject=proof.subject)  # who had the address before has a link that takes it back
        recovery.give_back(client, held, proved, hashed)
        sign_in.forgive(user)
        record(events.PASSWORD_RESET, client, user_id=user.pk, subject=proof.subject, challenge_id=proof.id)
        owner.write(client, messages.PASSWORD_CHANGED, proved.address)
    return user


def _looked_at(user: User) -> tuple[str | None, ...]:
    """What a reset is decided by: a change of any of it meanwhile calls the reset off."""
    return user.status, user.password, user.email, user.phone_number


def _proved(address: Email | Phone) -> bytes:
    """The budget of a person who proved the address."""
    return settings.KEYS.digest("proved", identifiers.digest(address))


def _send(
    client: Client, place: Place, address: Email | Phone, user: User | None, *, own: bytes, nobody: bool = False
) -> None:
    """The challenge, its message and the event, in the caller's transaction, which holds the place of the newest."""
    payload = owner.sealed(user, address)
    owner.send(client, place, messages.PASSWORD_RESET, address, payload, link=PATH, own=own, nobody=nobody)
    subject = identifiers.digest(address)
    record(events.PASSWORD_RESET_ASKED, client, user_id=user.pk if user else None, subject=subject)
