"""The last step of every way of signing in: begin a session, remember the device, and tell the owner about a new
one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from vestibule.accounts.models import User
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.courier import messages
from vestibule.flows import notices
from vestibule.kernel.client import Client
from vestibule.limits.admission import admission
from vestibule.sessions import devices, refresh_tokens, registry
from vestibule.sessions.devices import Recognised
from vestibule.sessions.models import Session
from vestibule.sessions.refresh_tokens import IssuedTokens


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


def complete_sign_in(
    client: Client,
    user: User,
    *,
    amr: Sequence[str],
    device_claims: Mapping[str, str] | None = None,
    recognised: Recognised | None = None,
    page_lifetime: timedelta | None = None,
) -> SignedIn:
    """Begin a session for the user, in the caller's transaction.

    `device_claims` is what the client says about its device. `recognised` says whether the device or network was seen
    before; it is None for a new account, where the question does not arise. `page_lifetime` makes a session of the
    hosted pages, which lives that long.
    """
    strange = recognised is not None and not recognised.is_known and Session.objects.filter(user=user).exists()
    device = devices.remember_device(
        user, device_claims, client.at, recognised=recognised.device if recognised else None
    )
    session = registry.create_session(client, user, amr=amr, device=device, page_lifetime=page_lifetime)
    tokens = None if page_lifetime else refresh_tokens.issue_first_tokens(client, session)
    admission.remember_network(client)
    record_event(events.SESSION_OPENED, client, user_id=user.id, session=str(session.id))
    if recognised is not None and registry.revoke_oldest_sessions(user.id, client.at):
        record_event(events.SESSION_ENDED, client, user_id=user.id, code="crowded_out")
        notices.post_message(client, messages.SESSION_CROWDED_OUT, notices.contact_address(user))
    if strange:
        notices.warn_owner(client, user, messages.NEW_SIGN_IN)
    return SignedIn(user=user, session=session, tokens=tokens)
