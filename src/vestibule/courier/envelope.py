"""The envelope: address and parameters of a message, sealed for as long as it waits."""

import json
from collections.abc import Mapping
from uuid import UUID

from django.conf import settings

from vestibule.courier.models import Message
from vestibule.kernel import spans


def seal_content(id: UUID, to: str, params: Mapping[str, str | int]) -> bytes:
    """Address and parameters under the key ring, bound to the row that holds them; and the trace that it belongs to."""
    content = {"to": to, "params": dict(params), "trace": spans.current_traceparent()}
    return settings.KEYS.seal("message", json.dumps(content).encode(), context=id.bytes)


def unseal_content(message: Message) -> tuple[str, dict[str, str | int], str]:
    """What `sealed` was given, and the trace. Raises Unsealable when its key was retired."""
    opened = json.loads(settings.KEYS.unseal("message", bytes(message.sealed or b""), context=message.id.bytes))
    return opened["to"], opened["params"], opened.get("trace", "")
