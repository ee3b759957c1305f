"""Sign in with a password; prove it once more."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.transaction import atomic

from vestibule.accounts import directory, identifiers, lifecycle, passwords
from vestibule.accounts.identifiers import Email, Name, Phone
from vestibule.accounts.lifecycle import Held
from vestibule.accounts.models import Status, User
from vestibule.audit import events
from vestibule.audit.record import record
from vestibule.challenges.desk import challenges
from vestibule.challenges.policy import Purpose
from vestibule.courier import messages
from vestibule.flows import owner, securing
from vestibule.flows.entering import SignedIn, enter
from vestibule.flows.flow import flow
from vestibule.guards import passwords as tries
from vestibule.guards.admission import HASH, admission
from vestibule.guards.captcha import asked_of_strangers
from vestibule.guards.passwords import Account, Attempt
from vestibule.kernel import entropy, errors
from vestibule.kernel.client import Client
from vestibule.sessions import devices, roster
from vestibule.sessions.models import Session


@flow("sign_in.sign_in")
def sign_in(
    *,
    client: Client,
    name: Name,
    password: str,
    said: Mapping[str, str] | None = None,
    cookie: UUID | None = None,
    page: timedelta | None = None,
) -> SignedIn:
    """The right password for the name opens a session. `said` and `cookie` are what the client shows of its device;
    `page`: the life of a session of the hosted pages.

    A wrong password, a name that nobody has and an account that must wait (over another of its names) are one answer
    after the same work. Raises InvalidCredentials, Locked (too many failures on this name) and CaptchaRequired
    (several, of strangers; the password is not looked at for either), AccountUnverified and AccountSuspended (the
    password is right), Unavailable.
    """
    user = directory.named(name)
    recognised = devices.recognise(client, user.pk if user else entropy.identifier(), said=said, cookie=cookie)
    account = account_of(user, name, recognised.place, shared=recognised.by_network)
    with _counted(client, account, user, refused=asked_of_strangers(client, account)) as attempt:
        if not passwords.of(passwords.normalised(password), user if attempt.allowed else None):
            waits = _waits(name, password) and attempt.allowed
            raise (errors.AccountUnverified if waits else errors.InvalidCredentials)(subject=account.key)
        if user is None or user.status != Status.ACTIVE:
            raise errors.AccountSuspended(subject=account.key)
        with atomic():
            held = _still(user)
            if held.status != Status.ACTIVE:
                raise errors.AccountSuspended(subject=account.key)
            tries.proved(account, attempt, client.at)
            return enter(client, held, amr=["pwd"], said=said, recognised=recognised, page=page)


@flow("sign_in.reauthenticate")
def reauthenticate(*, client: Client, password: str) -> Session:
    """The password once more: the session's `auth_time` is now, and a page's goes on under another id (ASVS 7.2.4; an
    API's, under another access token). Counted like every other try.

    Raises InvalidCredentials, Locked, Unauthenticated, Unavailable.
    """
    if client.session_id is None:
        raise errors.Unauthenticated
    session = Session.objects.select_related("user").get(pk=client.session_id)
    check(client, session.user, password)
    with atomic():
        securing.hold(client, session.user)
        renewed = roster.renew(session, client.at)
        record(events.SESSION_REAUTHENTICATED, client)
    return renewed


def check(client: Client, user: User, password: str) -> None:
    """The password of somebody who is signed in, counted in the account's own budget. Raises InvalidCredentials,
    Locked, Unavailable."""
    admission.take_place(HASH)  # before anything is counted
    place = settings.KEYS.digest("place", str(client.session_id).encode())
    account = account_of(user, None, place)
    with _counted(client, account, user) as attempt:
        if not passwords.of(passwords.normalised(password), user if attempt.allowed else None):
            raise errors.InvalidCredentials
    tries.proved(account, attempt, client.at)


def _still(compared: User) -> Held:
    """The account, its row locked until the caller's transaction ends. Raises InvalidCredentials where its password is
    another by now than the one that was compared."""
    held = lifecycle.hold(compared.pk)
    if held is None or held.password != compared.password:
        raise errors.InvalidCredentials
    return held


def account_of(user: User | None, name: Name | None, place: bytes = b"", *, shared: bool = False) -> Account:
    """Under which keys passwords for this account, or for this name that nobody has, are counted."""
    whose = user.pk.bytes if user else name.key if name else b""
    typed = settings.KEYS.digest("account", name.key) if name else b""
    return Account(settings.KEYS.digest("account", whose), typed, place, shared)


def keys_of(user: User) -> list[bytes]:
    """Every key under which passwords for this account, or one of its names, are counted."""
    return [account_of(user, None).key, *(account_of(None, name).name for name in directory.names_of(user))]


def forgive(user: User) -> None:
    """The owner proved an address: what was counted against the account and its names is forgotten, in the caller's
    transaction."""
    tries.forgive(*keys_of(user))


@contextmanager
def _counted(
    client: Client, account: Account, user: User | None = None, *, refused: errors.Refusal | None = None
) -> Iterator[Attempt]:
    """Count a password, and say whether it may open the account; where the body fails, and not because it is wrong,
    take it back."""
    attempt = tries.spend(account, client.at, refused)
    try:
        yield attempt
    except errors.InvalidCredentials:
        _tell_owner(client, attempt.in_a_row, user)
        if attempt.instead:
            raise attempt.instead from None
        raise
    except BaseException:
        tries.give_back(account, attempt, client.at)
        raise


def _tell_owner(client: Client, failures: int, user: User | None) -> None:
    """Once when strangers begin to wait, and once when the password is disabled."""
    if user is None or failures not in (tries.STRANGERS_WAIT_AFTER, tries.IN_A_ROW):
        return
    disabled = failures == tries.IN_A_ROW
    with atomic():
        if disabled:  # on the account itself: no key that is rotated and no sweep brings it back
            held = lifecycle.hold(user.pk)
            if held is None or held.password != user.password:
                return
            lifecycle.set_password(held, lifecycle.NO_PASSWORD, client.at)
        record(events.PASSWORD_DISABLED if disabled else events.SIGN_IN_SLOWED, client, user_id=user.pk)
        kind = messages.PASSWORD_DISABLED if disabled else messages.SIGN_IN_TROUBLE
        owner.write(client, kind, owner.reached_at(user))


def _waits(name: Name, password: str) -> bool:
    """Whether a sign-up that waits on this address was made with this password; the same work where none waits. Decoys
    count: a stranger who signed up with a known address must not learn here that it is known."""
    if name.kind == "username" or name.malformed:
        return False
    address = Email(name.value) if name.kind == "email" else Phone(name.value)
    newest = challenges.newest(Purpose.PENDING_REGISTRATION, identifiers.digests(address), limit=1)
    kept = [challenges.payload(seen)["password_hash"] for seen in newest]
    return passwords.right(passwords.normalised(password), "".join(kept))
