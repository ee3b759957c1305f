"""Post a message: a row that commits with the change that it tells of; nothing leaves before."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.transaction import on_commit

from vestibule.courier import envelope, tasks
from vestibule.courier.messages import Kind
from vestibule.courier.models import Channel, Message, State
from vestibule.guards import ledger
from vestibule.guards.allowance import UNBOUNDED
from vestibule.kernel import entropy
from vestibule.kernel.client import Client


def post(
    client: Client,
    kind: Kind,
    *,
    to: str,
    hint: str,
    channel: Channel,
    recipient: bytes,
    params: Mapping[str, str | int],
    topic: UUID | None = None,
    useless_at: datetime | None = None,
) -> None:
    """Queue one message to `to`, in the caller's transaction. `hint` is the address masked, `recipient` its digest.

    A newer message of a topic takes the place of what still waits. Over the address's allowance (mails per hour and
    day over all kinds; notices per day of a kind) the row is kept as abandoned and nothing is sent: the caller, and
    so a stranger, sees no difference.
    """
    id = entropy.identifier()
    capped = not _allowed(client, kind, channel, recipient)
    if topic is not None:
        Message.objects.filter(topic=topic, state=State.QUEUED).update(
            state=State.ABANDONED, trouble="superseded", sealed=None, ended_at=client.at
        )
    Message.objects.create(
        id=id,
        kind=kind.name,
        channel=channel,
        recipient=recipient,
        recipient_hint=hint,
        topic=topic,
        sealed=None if capped else envelope.sealed(id, to, params),
        state=State.ABANDONED if capped else State.QUEUED,
        trouble="capped" if capped else "",
        created_at=client.at,
        due_at=client.at,
        useless_at=useless_at,
        ended_at=client.at if capped else None,
    )
    if not capped:
        on_commit(tasks.wake)


def _allowed(client: Client, kind: Kind, channel: Channel, recipient: bytes) -> bool:
    """Both counts for every kind, bounded or not: a notice to the owner of an account must cost the same work as a
    code to a stranger, or the time would tell them apart."""
    of_kind = settings.NOTICES_PER_ADDRESS if kind.notice else UNBOUNDED
    if ledger.spend(f"kind {kind.name}", recipient, client.at, of_kind):
        return False
    return ledger.spend(f"messages {channel}", recipient, client.at, settings.MESSAGES_PER_ADDRESS[channel]) == 0
