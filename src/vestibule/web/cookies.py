"""The signed cookies of a browser, for the pages and the admin: its session, and its device."""

from uuid import UUID

from vestibule.conf import conf
from vestibule.kernel.sealing import Unsealable

SESSION_PURPOSE, DEVICE_PURPOSE = "page session", "page device"


def unsign_id(purpose: str, cookie: str) -> UUID | None:
    """Return the id in a cookie that this service signed for this purpose, or None."""
    try:
        return UUID(bytes=conf.keys.unsign(purpose, cookie))
    except (Unsealable, ValueError):
        return None
