"""The one way into a session. Every way of signing in proves who the person is and hands the result to `complete`,
which decides whether the account may be entered and whether a second factor is owed, begins the session, remembers the
device, and tells the owner about a new one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

from vestibule.accounts import lifecycle
from vestibule.accounts.credentials import are_credentials_unchanged
from vestibule.accounts.models import Status, User
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import SecondFactorPayload
from vestibule.challenges.policy import Purpose
from vestibule.conf import conf
from vestibule.courier import messages
from vestibule.factors import registry, remembered_devices
from vestibule.factors.registry import Method
from vestibule.flows import notices
from vestibule.identities.links import has_identity
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.limits.admission import admission
from vestibule.sessions import devices, refresh_tokens
from vestibule.sessions import registry as sessions
from vestibule.sessions.devices import Recognised
from vestibule.sessions.models import MULTI_FACTOR, Session
from vestibule.sessions.refresh_tokens import IssuedTokens
from vestibule.storage.prepared import PreparedQuery
from vestibule.storage.rows import inserted_together

_HOLDINGS = PreparedQuery(User.objects.only("id").annotate(**registry.FACTORS, **sessions.SESSIONS), "id")


class Via(Enum):
    """The credential that was proved first."""

    PASSWORD = "password"  # noqa: S105 - the name of a way in
    NEW_ACCOUNT = "new account"  # made by a proof of its address, in the transaction of the session
    MAGIC_LINK = "magic link"
    PASSKEY = "passkey"
    SOCIAL = "social"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticated:
    """A person proved who they are, which opens no session by itself.

    `user` is the account as it was when the proof was made, and `credentials` the digest of what guarded it
    (`accounts.credentials`): if that was changed since, the proof is void. `amr` says how it was proved (RFC 8176); it
    holds `mfa` after more than one factor. `recognised` says whether the device or network was seen before.
    `remembered` is the token of a device on which the second factor is not asked for. `device_claims` is what the
    client says about its device. `page_lifetime` makes a session of the hosted pages, which lives that long.
    `identity_id` is the identity at another provider that was proved, and `identity_proved_at` when. `settle` takes
    back what was counted before the proof was compared, in the transaction of what it leads to.
    """

    user: User
    credentials: bytes
    amr: Sequence[str]
    via: Via
    recognised: Recognised = devices.UNRECOGNISED
    remembered: str = ""
    device_claims: Mapping[str, str] | None = None
    page_lifetime: timedelta | None = None
    identity_id: UUID | None = None
    identity_proved_at: datetime | None = None
    settle: Callable[[], None] = lambda: None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentNeeded(SignedIn):
    """The person is signed in, and nothing but setting up a second factor is open: their role needs one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorNeeded:
    """Nobody is signed in: a second factor is owed. `ticket` stands for the first, for `expires_in` seconds; `methods`
    are the ways to prove the second."""

    ticket: str
    methods: Sequence[Method]
    expires_in: int


def complete(client: Client, authenticated: Authenticated) -> SignedIn | SecondFactorNeeded:
    """Begin a session for an authenticated person, or issue the ticket for the second factor that is owed, in the
    caller's transaction.

    Raises:
        InvalidCredentials: a credential was changed since it was compared, or the identity was taken off or revoked.
        AccountSuspended: the account is suspended or closed.
    """
    user, recognised = _lock_entered_account(authenticated), authenticated.recognised
    is_new = authenticated.via is Via.NEW_ACCOUNT
    methods, begun = ([], 0) if is_new else _read_holdings(user)
    if methods and MULTI_FACTOR not in authenticated.amr and not _is_remembered(client, user, authenticated):
        authenticated.settle()
        return _issue_ticket(client, authenticated, methods)
    strange = not is_new and not recognised.is_known and Session.objects.filter(user=user).exists()
    device = devices.remember_device(user, authenticated.device_claims, client.at, recognised=recognised.device)
    page_lifetime = authenticated.page_lifetime
    with inserted_together():
        session = sessions.create_session(
            client,
            user,
            amr=authenticated.amr,
            device=device,
            page_lifetime=page_lifetime,
            identity_id=authenticated.identity_id,
        )
        tokens = None if page_lifetime else refresh_tokens.issue_first_tokens(client, session)
        proved = " ".join(authenticated.amr)
        record_event(events.SESSION_OPENED, client, code=proved, user_id=user.id, session=str(session.id))
        authenticated.settle()
    admission.remember_network(client)
    if begun >= conf.sessions_per_person and sessions.revoke_oldest_sessions(user.id, client.at):
        record_event(events.SESSION_ENDED, client, user_id=user.id, code="crowded_out")
        notices.post_message(client, messages.SESSION_CROWDED_OUT, notices.contact_address(user), owner=user)
    if strange:
        notices.warn_owner(client, user, messages.NEW_SIGN_IN, session_id=session.pk)
    outcome = EnrolmentNeeded if not methods and registry.needs_second_factor(user) else SignedIn
    return outcome(user=user, session=session, tokens=tokens)


def _lock_entered_account(authenticated: Authenticated) -> User:
    """Return the account with its row locked until the transaction ends, if it may be entered as it is now.

    Raises:
        InvalidCredentials: a credential was changed since it was compared, or the identity was taken off or revoked.
        AccountSuspended: the account is suspended or closed.
    """
    if authenticated.via is Via.NEW_ACCOUNT:
        return authenticated.user
    held = lifecycle.lock_user(authenticated.user.pk)
    if held is None or not are_credentials_unchanged(held, authenticated.credentials):
        raise errors.InvalidCredentials(reason="credentials_changed")
    identity_id, proved_at = authenticated.identity_id, authenticated.identity_proved_at
    if identity_id and not (proved_at and has_identity(held, identity_id, proved_at)):
        raise errors.InvalidCredentials(reason="credentials_changed")
    if held.status != Status.ACTIVE:
        raise errors.AccountSuspended(subject=challenges.person_subject(held.pk))
    return held


def _read_holdings(user: User) -> tuple[list[Method], int]:
    """Return the second factors of a locked account, and how many sessions it began and did not end.

    Raises:
        DoesNotExist: the account is gone.
    """
    held = _HOLDINGS.first(user.pk)
    if held is None:
        raise User.DoesNotExist
    return registry.name_methods(user, held), getattr(held, sessions.SESSIONS_BEGUN) or 0


def _is_remembered(client: Client, user: User, authenticated: Authenticated) -> bool:
    if not authenticated.remembered:
        return False
    credentials = remembered_devices.find_credentials(user.pk, authenticated.remembered, client.at)
    return credentials is not None and are_credentials_unchanged(user, credentials)


def _issue_ticket(client: Client, authenticated: Authenticated, methods: Sequence[Method]) -> SecondFactorNeeded:
    """Issue the ticket that stands for the first factor. It is bound to the account and its credentials."""
    recognised, lifetime = authenticated.recognised, authenticated.page_lifetime
    payload = SecondFactorPayload(
        user_id=authenticated.user.pk,
        credentials=authenticated.credentials.hex(),
        amr=list(authenticated.amr),
        via=authenticated.via.value,
        device_claims=dict(authenticated.device_claims) if authenticated.device_claims else None,
        device_id=recognised.device.pk if recognised.device else None,
        origin=recognised.origin_digest.hex(),
        page_lifetime=int(lifetime.total_seconds()) if lifetime else None,
        identity_id=authenticated.identity_id,
    )
    subject = challenges.person_subject(authenticated.user.pk)
    issued = challenges.issue(Purpose.SECOND_FACTOR, subject=subject, payload=payload, now=client.at)
    record_event(events.SECOND_FACTOR_ASKED, client, user_id=authenticated.user.pk)
    return SecondFactorNeeded(ticket=issued.handle, methods=methods, expires_in=issued.status.expires_in)
