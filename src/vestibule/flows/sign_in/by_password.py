"""Sign in with a password; check the password of a signed-in person again."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from uuid import UUID

from vestibule.accounts import directory, lifecycle, passwords
from vestibule.accounts.credentials import digest_credentials
from vestibule.accounts.identifiers import LoginName
from vestibule.accounts.models import User
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.captcha.verification import captcha_refusal
from vestibule.conf import conf
from vestibule.courier import messages
from vestibule.flows import notices, step_up
from vestibule.flows.completion import Authenticated, SecondFactorNeeded, SignedIn, Via, complete
from vestibule.flows.flow import flow
from vestibule.flows.sign_up.waiting import list_waiting_sign_ups
from vestibule.kernel import entropy, errors
from vestibule.kernel.client import Client
from vestibule.limits import password_attempts
from vestibule.limits.admission import HASH, admission
from vestibule.limits.password_attempts import CountedAccount, CountedAttempt
from vestibule.sessions import devices
from vestibule.storage.database import atomic


@flow("sign_in.sign_in")
def sign_in_by_password(
    *,
    client: Client,
    name: LoginName,
    password: str,
    device_claims: Mapping[str, str] | None = None,
    device_cookie: UUID | None = None,
    remembered: str = "",
    page_lifetime: timedelta | None = None,
) -> SignedIn | SecondFactorNeeded:
    """Open a session for the right password of this login name, or return the ticket for the second factor.

    `device_claims`, `device_cookie` and `remembered` are what the client shows of its device. `page_lifetime` makes the
    session one of the hosted pages, which lives that long. A wrong password, an unknown name and an account that must
    wait because of failures under another of its names get the same answer after the same work.

    Raises:
        InvalidCredentials: the name or the password is wrong.
        Locked: too many wrong passwords were tried for this name. The password is not compared.
        CaptchaRequired: strangers failed several times for this name. The password is not compared.
        AccountUnverified: the password is that of a sign-up that waits for its proof.
        AccountSuspended: the password is right and the account is suspended or closed.
        Unavailable: the database cannot be reached, or too many passwords are being hashed.
    """
    user = directory.find_account_by_login_name(name)
    recognised = devices.recognise_client(
        client, user.pk if user else entropy.random_uuid(), device_claims=device_claims, device_cookie=device_cookie
    )
    account = counted_account(user, name, recognised.origin_digest, shared=recognised.is_known_by_network_only)
    with _count_attempt(client, account, user, refusal=captcha_refusal(client, account)) as attempt:
        is_right = passwords.verify_user_password(
            passwords.normalise_password(password), user if attempt.allowed else None
        )
        if user is None or not is_right:
            waits = _has_waiting_sign_up(name, password) and attempt.allowed
            raise (errors.AccountUnverified if waits else errors.InvalidCredentials)(subject=account.key)
        authenticated = Authenticated(
            user=user,
            credentials=digest_credentials(user),
            amr=["pwd"],
            via=Via.PASSWORD,
            recognised=recognised,
            remembered=remembered,
            device_claims=device_claims,
            page_lifetime=page_lifetime,
            settle=partial(password_attempts.record_success, account, attempt, client.at),
        )
        with atomic():
            return complete(client, authenticated)


def require_recent_owner(client: Client, password: str, *, field: str = "password") -> User:
    """Return the account of a person whose sign-in is recent and, if the account has a password, who knows it. An
    account without one has nothing to compare: the recent sign-in guards it alone.

    Raises:
        Unauthenticated: the client is not signed in.
        StepUpRequired: the sign-in is not recent.
        Invalid: no password was typed in `field`, and the account has one.
        InvalidCredentials: the password is wrong.
        Locked: too many wrong passwords were tried on this account.
        Unavailable: the database cannot be reached, or too many passwords are being hashed.
    """
    user = step_up.require_recent_user(client)
    if user.has_usable_password():
        if not password:
            raise errors.Invalid({field: [errors.FieldError("required")]})
        check_current_password(client, user, password)
    return user


def check_current_password(client: Client, user: User, password: str) -> None:
    """Compare the password of a signed-in person, and count it against the account.

    Raises:
        InvalidCredentials: the password is wrong.
        Locked: too many wrong passwords were tried on this account.
        Unavailable: the database cannot be reached, or too many passwords are being hashed.
    """
    admission.acquire_place(HASH)  # before the attempt is counted: a full queue must not cost one
    place = conf.keys.digest("place", str(client.session_id).encode())
    account = counted_account(user, None, place)
    with _count_attempt(client, account, user) as attempt:
        if not passwords.verify_user_password(
            passwords.normalise_password(password), user if attempt.allowed else None
        ):
            raise errors.InvalidCredentials(reason="wrong_password")
    password_attempts.record_success(account, attempt, client.at)


def counted_account(
    user: User | None, name: LoginName | None, place: bytes = b"", *, shared: bool = False
) -> CountedAccount:
    """Return the keys under which passwords are counted for this account, or for a name that no account has."""
    whose = user.pk.bytes if user else name.attempts_key if name else b""
    typed = conf.keys.digest("account", name.attempts_key) if name else b""
    return CountedAccount(conf.keys.digest("account", whose), typed, place, shared)


def password_count_keys(user: User) -> list[bytes]:
    """Return every key under which passwords are counted for this account or one of its names."""
    return [
        counted_account(user, None).key,
        *(counted_account(None, name).name for name in directory.login_names_of(user)),
    ]


def reset_password_failures(user: User) -> None:
    """Forget the failures counted for the account and its names, in the caller's transaction. The owner proved an
    address."""
    password_attempts.reset_failures(*password_count_keys(user))


@contextmanager
def _count_attempt(
    client: Client, account: CountedAccount, user: User | None = None, *, refusal: errors.Refusal | None = None
) -> Iterator[CountedAttempt]:
    """Count an attempt before the password is compared, and yield whether it may be compared. If the body raises
    anything but InvalidCredentials, the count is taken back."""
    attempt = password_attempts.count_attempt(account, client.at, refusal)
    try:
        yield attempt
    except errors.InvalidCredentials:
        _tell_owner_of_failures(client, attempt.failures_in_a_row, user)
        if attempt.refusal_if_wrong:
            raise attempt.refusal_if_wrong from None
        raise
    except BaseException:
        password_attempts.take_back_attempt(account, attempt, client.at)
        raise


def _tell_owner_of_failures(client: Client, failures: int, user: User | None) -> None:
    """Tell the owner once when strangers have to wait, and once when the password is disabled."""
    if user is None or failures not in (password_attempts.STRANGERS_WAIT_AFTER, password_attempts.MOST_IN_A_ROW):
        return
    disabled = failures == password_attempts.MOST_IN_A_ROW
    with atomic():
        if disabled:  # on the account itself: neither key rotation nor the sweep of counts may enable it again
            held = lifecycle.lock_user(user.pk)
            if held is None or held.password != user.password:
                return
            lifecycle.set_password_hash(held, lifecycle.NO_PASSWORD, client.at)
        record_event(events.PASSWORD_DISABLED if disabled else events.SIGN_IN_SLOWED, client, user_id=user.pk)
        kind = messages.PASSWORD_DISABLED if disabled else messages.SIGN_IN_TROUBLE
        notices.post_message(client, kind, notices.contact_address(user), owner=user)


def _has_waiting_sign_up(name: LoginName, password: str) -> bool:
    """Return whether the newest sign-up that waits on this address has this password. The same work is done if none
    waits.

    Decoys count, too: a stranger who signed up with a known address must not learn here that it is known.
    """
    if name.address is None:
        return False
    kept = [payload.password_hash for _, payload in list_waiting_sign_ups(name.address, limit=1)]
    return passwords.verify_password_hash(passwords.normalise_password(password), "".join(kept))
