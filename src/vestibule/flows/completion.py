"""The one way into a session. Every way of signing in proves who the person is and hands the result to `complete`,
which decides whether the account may be entered, begins the session, remembers the device, and tells the owner about a
new one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from vestibule.accounts import lifecycle
from vestibule.accounts.models import Status, User
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges.configured_engine import challenges
from vestibule.courier import messages
from vestibule.flows import notices
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.limits.admission import admission
from vestibule.sessions import devices, refresh_tokens, registry
from vestibule.sessions.devices import Recognised
from vestibule.sessions.models import Session
from vestibule.sessions.refresh_tokens import IssuedTokens


class Via(Enum):
    """The credential that was proved. `complete` checks what each one rests on once more."""

    PASSWORD = "password"  # noqa: S105 - it is still the account's
    NEW_ACCOUNT = "new account"  # made by a proof of its address, in the transaction of the session


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticated:
    """A person proved who they are, which opens no session by itself.

    `user` is the account as it was when the credential was compared. `amr` says how it was proved (RFC 8176).
    `recognised` says whether the device or network was seen before.
    """

    user: User
    amr: Sequence[str]
    via: Via
    recognised: Recognised = devices.UNRECOGNISED


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A person is signed in. `tokens` is None for a session of the hosted pages, which a cookie carries."""

    user: User
    session: Session
    tokens: IssuedTokens | None

    @property
    def required_tokens(self) -> IssuedTokens:
        """The tokens of an API session.

        Raises:
            ValueError: the session belongs to the hosted pages and has no tokens.
        """
        if self.tokens is None:
            raise ValueError("a session of the pages has no tokens")
        return self.tokens


def complete(
    client: Client,
    authenticated: Authenticated,
    *,
    device_claims: Mapping[str, str] | None = None,
    page_lifetime: timedelta | None = None,
) -> SignedIn:
    """Begin a session for an authenticated person, in the caller's transaction.

    `device_claims` is what the client says about its device. `page_lifetime` makes a session of the hosted pages, which
    lives that long.

    Raises:
        InvalidCredentials: the credential was changed since it was compared.
        AccountSuspended: the account is suspended or closed.
    """
    user, recognised = _lock_entered_account(authenticated), authenticated.recognised
    is_new = authenticated.via is Via.NEW_ACCOUNT
    strange = not is_new and not recognised.is_known and Session.objects.filter(user=user).exists()
    device = devices.remember_device(user, device_claims, client.at, recognised=recognised.device)
    session = registry.create_session(client, user, amr=authenticated.amr, device=device, page_lifetime=page_lifetime)
    tokens = None if page_lifetime else refresh_tokens.issue_first_tokens(client, session)
    admission.remember_network(client)
    record_event(events.SESSION_OPENED, client, user_id=user.id, session=str(session.id))
    if not is_new and registry.revoke_oldest_sessions(user.id, client.at):
        record_event(events.SESSION_ENDED, client, user_id=user.id, code="crowded_out")
        notices.post_message(client, messages.SESSION_CROWDED_OUT, notices.contact_address(user), owner=user)
    if strange:
        notices.warn_owner(client, user, messages.NEW_SIGN_IN)
    return SignedIn(user=user, session=session, tokens=tokens)


def _lock_entered_account(authenticated: Authenticated) -> User:
    """Return the account with its row locked until the transaction ends, if it may be entered as it is now.

    Raises:
        InvalidCredentials: the credential was changed since it was compared.
        AccountSuspended: the account is suspended or closed.
    """
    compared = authenticated.user
    held = compared if authenticated.via is Via.NEW_ACCOUNT else lifecycle.lock_user(compared.pk)
    if held is None or held.password != compared.password:
        raise errors.InvalidCredentials
    if held.status != Status.ACTIVE:
        raise errors.AccountSuspended(subject=challenges.person_subject(held.pk))
    return held
