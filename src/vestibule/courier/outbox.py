"""Post a message: a row that commits with the change that it tells of; nothing leaves before."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.transaction import on_commit

from vestibule.audit import events
from vestibule.audit.record import record
from vestibule.courier import envelope, feedback, tasks
from vestibule.courier.messages import Kind
from vestibule.courier.models import Channel, Feedback, Message, State
from vestibule.database.prepared import Prepared
from vestibule.database.rows import insert
from vestibule.guards import ledger, texting
from vestibule.guards.allowance import UNBOUNDED, Allowance
from vestibule.guards.ledger import Count
from vestibule.kernel import entropy
from vestibule.kernel.client import Client
from vestibule.kernel.errors import Throttled

TRIED_ALL_THE_SAME = Allowance(windows=((1, timedelta(days=1)),))  # mails to an address whose mail came back

_QUEUED = Prepared(Message.objects.filter(state=State.QUEUED).only("id"), "topic")


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
    first: bool = False,
    useless_at: datetime | None = None,
    muted: bool = False,
) -> None:
    """Queue one message to `to`, in the caller's transaction. `hint` is the address masked, `recipient` its digest.

    A newer message of a topic takes the place of what still waits, unless it is said to be the `first`. Over the
    address's allowance (mails per hour and day over all kinds; notices per day of a kind), and to an address whose mail
    came back, the row is kept as abandoned and nothing is sent: the caller, and so a stranger, sees no difference.
    `muted`: nobody has the address.
    Raises Throttled where an SMS would cost more than the house allows; the caller's transaction must not survive it.
    """
    id = entropy.row_id()
    stopped = _stopped(client, kind, channel, recipient) or ("nobody" if muted else "")
    if channel is Channel.SMS:
        _check_cost(client, to)
    if topic is not None and not first and _QUEUED.first(topic):
        Message.objects.filter(topic=topic, state=State.QUEUED).update(
            state=State.ABANDONED, trouble="superseded", sealed=None, ended_at=client.at
        )
    insert(
        Message(
            id=id,
            kind=kind.name,
            channel=channel,
            recipient=recipient,
            recipient_hint=hint,
            topic=topic,
            sealed=None if stopped else envelope.sealed(id, to, params),
            state=State.ABANDONED if stopped else State.QUEUED,
            trouble=stopped,
            created_at=client.at,
            due_at=client.at,
            useless_at=useless_at,
            ended_at=client.at if stopped else None,
        )
    )
    if not stopped:
        on_commit(tasks.wake)


def _stopped(client: Client, kind: Kind, channel: Channel, recipient: bytes) -> str:
    """Why nothing may be sent there, in one word; empty where it may.

    Both counts for every kind, bounded or not: a notice to the owner of an account must cost the same work as a code
    to a stranger, or the time would tell them apart.
    """
    of_kind = settings.NOTICES_PER_ADDRESS if kind.notice else UNBOUNDED
    counts = [Count(f"kind {kind.name}", recipient, of_kind)]
    if channel is Channel.EMAIL:
        whence = settings.KEYS.digest("network", recipient + client.network.encode())
        counts.append(Count("mails from", whence, _bound(client)))
    counts.append(Count(f"messages {channel}", recipient, settings.MESSAGES_PER_ADDRESS[channel]))
    if ledger.spend_all(client.at, *counts).wait:
        return "capped"
    return feedback.BOUNCED if _silent(kind, recipient, client.at) else ""


def _silent(kind: Kind, recipient: bytes, now: datetime) -> bool:
    """Whether nothing is sent because of what came back. What guards an account does not mind a complaint, and goes
    once a day to an address that bounced: it may be the only one that is left (docs/decisions/0060)."""
    marks = feedback.silent(recipient, now)
    if not kind.guards:
        return bool(marks)
    return Feedback.BOUNCED in marks and bool(ledger.spend("tried all the same", recipient, now, TRIED_ALL_THE_SAME))


def _bound(client: Client) -> Allowance:
    """What one network may send to one address; the house itself is no network."""
    return settings.MAILS_FROM_NETWORK if client.network else UNBOUNDED


def _check_cost(client: Client, number: str) -> None:
    if refused := texting.spend(number, client.network, client.at):
        cap, wait = refused
        record(events.SMS_REFUSED, client, code=cap)
        raise Throttled(retry_after=wait)
