"""The hourly digest: one message an hour for what an account causes beyond its budget, with every undo link in it."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from vestibule.addresses.address import Address
from vestibule.courier import envelope
from vestibule.courier.message_kind import MessageKind
from vestibule.courier.messages import DIGEST
from vestibule.courier.models import Message, State
from vestibule.kernel.client import Client
from vestibule.kernel.sealing import Unsealable

HELD_FOR = timedelta(hours=1)  # after the first item, so that at most one digest goes in an hour
LINKS_PER_KIND = 20  # the newest; a person has at most 20 sessions, and one link ends them all

DigestItems = dict[str, dict[str, Any]]


def take_queued_items(client: Client, to: Address) -> tuple[DigestItems, Message | None]:
    """Return what the waiting digest for this address lists, and its row, which the caller's replaces. The row is
    abandoned, unless a worker is already sending it; then nothing is returned."""
    waits = Message.objects.filter(
        kind=DIGEST.name, channel=to.channel, recipient=to.digest, state=State.QUEUED, tries=0, due_at__gt=client.at
    )
    row = waits.first()
    if row is None or not _abandon_queued_digest(client, row):
        return {}, None
    try:
        _, params, _ = envelope.unseal_content(row)
    except Unsealable:
        return {}, None
    held: DigestItems = json.loads(str(params["held"]))
    return held, row


def params_with_item(items: DigestItems, kind: MessageKind, params: Mapping[str, str | int]) -> dict[str, str | int]:
    """Return the parameters of the digest with this message added."""
    before = items.get(kind.name, {"times": 0, "links": []})
    links = [str(params["link"]), *before["links"]] if params.get("link") else before["links"]
    facts = {
        "times": before["times"] + 1,
        "links": links[:LINKS_PER_KIND],
        "at": params["at"],
        "address": params["address"],
    }
    return {"held": json.dumps({**items, kind.name: facts}), "at": params["at"]}


def _abandon_queued_digest(client: Client, row: Message) -> bool:
    rows = Message.objects.filter(pk=row.pk, state=State.QUEUED, tries=0)
    return bool(rows.update(state=State.ABANDONED, trouble="superseded", sealed=None, ended_at=client.at))
