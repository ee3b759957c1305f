"""What an account itself causes beyond its budget: told together, in one message an hour, with every way back in it."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from vestibule.courier import envelope
from vestibule.courier.messages import DIGEST, MessageKind
from vestibule.courier.models import Channel, Message, State
from vestibule.kernel.client import Client
from vestibule.kernel.sealing import Unsealable

HELD_FOR = timedelta(hours=1)  # after the first that waits: so one comes an hour
LINKS_PER_KIND = 20  # of a kind, the newest: a person has so many sessions, and one link ends them all

DigestItems = dict[str, dict[str, Any]]


def take_queued_items(client: Client, channel: Channel, recipient: bytes) -> tuple[DigestItems, Message | None]:
    """What the digest that waits for this address lists, and its row, which the caller's replaces: it is abandoned,
    unless a worker has it in hand by now."""
    waits = Message.objects.filter(
        kind=DIGEST.name, channel=channel, recipient=recipient, state=State.QUEUED, tries=0, due_at__gt=client.at
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
    """The parameters of the digest with this message in it too."""
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
