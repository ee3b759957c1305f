"""Sealing of a message's address and parameters while it waits."""

import json
from collections.abc import Mapping
from uuid import UUID

from vestibule.conf import conf
from vestibule.courier.models import Message
from vestibule.kernel import spans


def seal_content(id: UUID, to: str, params: Mapping[str, str | int]) -> bytes:
    """Seal address and parameters under the key ring, bound to the row that holds them, together with the current
    trace."""
    content = {"to": to, "params": dict(params), "trace": spans.current_traceparent()}
    return conf.keys.seal("message", json.dumps(content).encode(), context=id.bytes)


def unseal_content(message: Message) -> tuple[str, dict[str, str | int], str]:
    """Return address, parameters and trace of a message.

    Raises:
        Unsealable: the key that sealed it was retired.
    """
    opened = json.loads(conf.keys.unseal("message", bytes(message.sealed or b""), context=message.id.bytes))
    return opened["to"], opened["params"], opened.get("trace", "")
