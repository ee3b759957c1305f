"""What another provider tells of a person's account there: what it vouched for is void, or the account is gone
(docs/decisions/0133)."""

from dataclasses import replace
from datetime import timedelta

from vestibule.accounts import lifecycle
from vestibule.accounts.lifecycle import LockedUser
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.courier import messages
from vestibule.flows import notices, step_up
from vestibule.flows.account.identities import remove_identities
from vestibule.flows.flow import flow
from vestibule.identities import links
from vestibule.identities.models import Identity
from vestibule.identities.providers import Provider, find_provider
from vestibule.identities.security_events import KEPT_FOR, SecurityEvent, verify_event_token
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.limits import ledger
from vestibule.limits.rolling_window import Allowance
from vestibule.storage.database import atomic

# What the provider vouched for before is void. Any other kind changes nothing here.
REVOKING = frozenset(
    {"sessions_revoked", "tokens_revoked", "account_disabled", "credential_change_required", "consent_revoked"}
)
DELETED = "account_deleted"  # the person comes from there no more
_ONE_USE = Allowance(windows=((1, KEPT_FOR + timedelta(days=1)),))  # longer than a token is accepted


@flow("social.receive_event")
def receive_event(*, client: Client, provider: str, token: str) -> None:
    """Act on what a provider tells us in a signed token, once however often it sends it. A person without an account
    here, and an event that we do not know, change nothing.

    Raises:
        NotFound: no provider with this id is configured to send events.
        TokenInvalid: the token is not of this provider, not for us, or too old.
        Unavailable: the provider's keys, or a store, cannot be read.
    """
    chosen = find_provider(provider)
    if not chosen.sends_events:
        raise errors.NotFound
    received = verify_event_token(chosen, token, client.at)
    teller = replace(Client.for_system("provider", client.at), request_id=client.request_id)
    with atomic():  # so that a token whose work fails is not used up
        if not ledger.spend("security event", received.replay_key, client.at, _ONE_USE):
            for event in received.events:
                _act_on(teller, chosen, event)


def _act_on(client: Client, provider: Provider, event: SecurityEvent) -> None:
    identity = links.find_identity(provider.issuer, event.subject) if event.subject else None
    user = lifecycle.lock_user(identity.user_id) if identity else None
    if identity is None or user is None:
        record_event(events.PROVIDER_EVENT_IGNORED, client, code=event.kind, provider=provider.id)
        return
    record_event(events.PROVIDER_EVENT_RECEIVED, client, code=event.kind, user_id=user.pk, provider=provider.id)
    if event.kind == DELETED:
        remove_identities(client, user, [identity], code=event.kind)
    elif event.kind in REVOKING:
        _revoke(client, user, identity)


def _revoke(client: Client, user: LockedUser, identity: Identity) -> None:
    """End what the identity has opened and has begun to open. The next sign-in there counts again."""
    links.revoke_identity(identity, client.at)
    if ended := step_up.end_identity_sessions(client, user.pk, identity.pk):
        record_event(events.SESSION_ENDED, client, code="cut_off", user_id=user.pk, sessions=ended)
    notices.warn_owner(client, user, messages.IDENTITY_REVOKED, providers=links.name_providers([identity]))
