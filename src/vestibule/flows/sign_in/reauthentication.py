"""Prove again who it is, for what guards the account: with the password, or with a second factor if there is one."""

from dataclasses import dataclass
from functools import partial

from vestibule.accounts.models import User
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.factors import registry
from vestibule.factors.registry import Method
from vestibule.flows import step_up
from vestibule.flows.factor_proofs import find_factor_proof, verify_factor_once
from vestibule.flows.flow import flow
from vestibule.flows.sign_in import by_password
from vestibule.flows.sign_in.by_passkey import prove_passkey
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.sessions.models import MULTI_FACTOR, Session
from vestibule.storage.database import atomic


@flow("sign_in.reauthenticate")
def reauthenticate(*, client: Client, password: str = "", method: Method | None = None, secret: str = "") -> Session:
    """Set the session's `auth_time` to now, after the password, or after the second factor named by `method`: an
    account that has one must prove it. Failures count like those of a sign-in.

    A session of the hosted pages continues under a new id (ASVS 7.2.4). An API session keeps its id; its next access
    token carries the new `auth_time`.

    Raises:
        Unauthenticated: the client is not signed in.
        Invalid: the account has a second factor, and the password was sent.
        InvalidCredentials: the password is wrong.
        FactorInvalid: the second factor is wrong, or was used before.
        Locked: too many wrong ones were tried on this account.
        SessionRevoked: the session was ended meanwhile.
        Unavailable: the database cannot be reached, or too many passwords are being hashed.
    """
    if client.session_id is None:
        raise errors.Unauthenticated
    session = Session.objects.select_related("user").get(pk=client.session_id)
    if method is None and registry.has_second_factor(session.user):
        raise errors.Invalid({"method": [errors.FieldError("required", "second_factor_required")]})
    if method is Method.PASSKEY:
        return _by_passkey(client, session, secret)
    return _by_factor(client, session, method, secret) if method else _by_password(client, session, password)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReauthenticationWays:
    """How a signed-in person can prove again who they are: by one of the second factors if there are any, else by the
    password; by neither, only by signing in again."""

    methods: list[Method]
    has_password: bool


@flow("sign_in.reauthentication_ways")
def list_reauthentication_ways(*, client: Client) -> ReauthenticationWays:
    """Return how the client can prove again who it is.

    Raises:
        Unauthenticated: the client is not signed in.
        Unavailable: the database cannot be reached.
    """
    user = step_up.require_user(client)
    methods = list(registry.list_methods(user))
    if Method.SMS in methods:  # such a code belongs to the ticket of a sign-in
        methods.remove(Method.SMS)
    return ReauthenticationWays(methods=methods, has_password=user.has_usable_password())


def _by_password(client: Client, session: Session, password: str) -> Session:
    by_password.check_current_password(client, session.user, password)
    with atomic():
        return _renew_session(client, session, ["pwd"])


def _by_factor(client: Client, session: Session, method: Method, secret: str) -> Session:
    user: User = session.user
    compare = partial(find_factor_proof, client, user, method)
    try:
        with verify_factor_once(client, user, secret, compare) as proof, atomic():
            proof.record_use(client, user)
            return _renew_session(client, session, [*proof.amr, MULTI_FACTOR])
    except errors.WrongSecret as wrong:
        raise errors.FactorInvalid(subject=wrong.subject) from wrong


def _by_passkey(client: Client, session: Session, credential: str) -> Session:
    """Prove a passkey over a challenge of `login/passkey/options`. It cannot be guessed, and spends nobody's tries."""
    try:
        with prove_passkey(client, credential, owner=session.user) as (user, proof), atomic():
            proof.record_use(client, user)
            return _renew_session(client, session, [*proof.amr, MULTI_FACTOR])
    except errors.CredentialUnknown as unknown:
        raise errors.FactorInvalid from unknown


def _renew_session(client: Client, session: Session, amr: list[str]) -> Session:
    user: User = session.user
    step_up.lock_current_user(client, user)
    renewed = step_up.renew_session(session, client.at, amr)
    record_event(events.SESSION_REAUTHENTICATED, client, code=" ".join(amr))
    return renewed
