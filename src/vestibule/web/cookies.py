"""The cookies by which a browser is known, to the pages and the admin alike: its session, and its own mark."""

from uuid import UUID

from django.conf import settings

from vestibule.kernel.sealing import Unsealable

SESSION_PURPOSE, DEVICE_PURPOSE = "page session", "page device"


def unsign_id(purpose: str, cookie: str) -> UUID | None:
    """The id in a cookie that we signed for this purpose, or None."""
    try:
        return UUID(bytes=settings.KEYS.unsign(purpose, cookie))
    except (Unsealable, ValueError):
        return None
