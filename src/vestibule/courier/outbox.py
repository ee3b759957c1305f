"""The outbox: a message is a row that commits with the change that it tells of; nothing is sent before."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from vestibule.addresses.address import Address
from vestibule.courier import allowances, envelope, hourly_digest, wake
from vestibule.courier.allowances import Permit
from vestibule.courier.message_kind import MessageKind
from vestibule.courier.messages import DIGEST
from vestibule.courier.models import HTTP, Message, State
from vestibule.kernel import entropy
from vestibule.kernel.client import Client
from vestibule.storage.database import on_commit
from vestibule.storage.prepared import PreparedQuery
from vestibule.storage.rows import insert_row

_MAX_HINT = 254  # characters
_QUEUED = PreparedQuery(Message.objects.filter(state=State.QUEUED).only("id"), "topic")


def post(
    client: Client,
    kind: MessageKind,
    to: Address,
    *,
    language: str,
    params: Mapping[str, str | int],
    topic: UUID | None = None,
    first: bool = False,
    useless_at: datetime | None = None,
    permit: Permit | None = None,
) -> None:
    """Queue one message to `to`, in the caller's transaction.

    `permit` is the result of `allowances.acquire_permit`, which
    is called here if the flow did not. A newer message of a topic replaces one that still waits, unless it is the
    `first`. A message that may not be sent is sealed, stored and ended by the worker like any other, so that the client
    sees no difference. A deferred message goes into the waiting digest.

    Raises:
        Throttled: an SMS would exceed the limits on SMS costs. The caller's transaction must not survive it.
    """
    permit = permit or allowances.acquire_permit(client, kind, to)
    due_at = client.at
    if permit.deferred:
        held, before = hourly_digest.take_queued_items(client, to)
        due_at = before.due_at if before else client.at + hourly_digest.HELD_FOR
        kind, params, topic, useless_at = DIGEST, hourly_digest.params_with_item(held, kind, params), None, None
    if topic is not None and not first and _QUEUED.first(topic):
        Message.objects.filter(topic=topic, state=State.QUEUED).update(
            state=State.ABANDONED, trouble="superseded", sealed=None, ended_at=client.at
        )
    id = entropy.row_id()
    insert_row(
        Message(
            id=id,
            kind=kind.name,
            channel=to.channel,
            recipient=to.digest,
            recipient_hint=to.masked,
            language=language,
            topic=topic,
            sealed=envelope.seal_content(id, to.value, params),
            trouble=permit.unsent_reason,
            created_at=client.at,
            due_at=due_at,
            useless_at=useless_at,
        )
    )
    on_commit(wake.wake_worker)


def post_request(kind: str, url: str, *, about: bytes, params: Mapping[str, str | int], now: datetime) -> None:
    """Queue one request to a program, in the caller's transaction. `about` is the digest of the account that it is
    about: with its rows it is exported and erased. What is sent is made of `params` when it is sent
    (`delivery.RequestSender`)."""
    id = entropy.row_id()
    insert_row(
        Message(
            id=id,
            kind=kind,
            channel=HTTP,
            recipient=about,
            recipient_hint=(urlsplit(url).hostname or "")[:_MAX_HINT],
            sealed=envelope.seal_content(id, url, params),
            created_at=now,
            due_at=now,
        )
    )
    on_commit(wake.wake_worker)
