"""What every way of signing in ends with: a session, its place in the list, and a word to the owner where it is new."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from vestibule.accounts.models import User
from vestibule.audit import events
from vestibule.audit.record import record
from vestibule.courier import messages
from vestibule.flows import owner
from vestibule.guards.admission import admission
from vestibule.kernel.client import Client
from vestibule.sessions import devices, refresh, roster
from vestibule.sessions.devices import Recognised
from vestibule.sessions.models import Session
from vestibule.sessions.refresh import Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A person is in: with tokens, or by a session of the pages, which has none."""

    user: User
    session: Session
    tokens: Tokens | None

    @property
    def with_tokens(self) -> Tokens:
        """The tokens of a session that is no page's."""
        if self.tokens is None:
            raise ValueError("a session of the pages has no tokens")
        return self.tokens


def enter(
    client: Client,
    user: User,
    *,
    amr: Sequence[str],
    said: Mapping[str, str] | None = None,
    recognised: Recognised | None = None,
    page: timedelta | None = None,
) -> SignedIn:
    """Begin a session, in the caller's transaction. `said` is what the client says of its device; `recognised`, whether
    it was seen before: None where that is no question (the account is new); `page`: the life of a page's session."""
    strange = recognised is not None and not recognised.seen_before and Session.objects.filter(user=user).exists()
    device = devices.remember(user, said, client.at, known=recognised.device if recognised else None)
    session = roster.begin(client, user, amr=amr, device=device, page=page)
    tokens = None if page else refresh.first(client, session)
    admission.remember(client)
    record(events.SESSION_OPENED, client, user_id=user.id, session=str(session.id))
    if recognised is not None and roster.crowd_out(user.id, client.at):
        record(events.SESSION_ENDED, client, user_id=user.id, code="crowded_out")
        owner.write(client, messages.SESSION_CROWDED_OUT, owner.reached_at(user))
    if strange:
        owner.warn(client, user, messages.NEW_SIGN_IN)
    return SignedIn(user=user, session=session, tokens=tokens)
