"""What a client says of its device: checked for shape, kept with the account, trusted by nobody yet."""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from vestibule.accounts.models import User
from vestibule.kernel.errors import FieldError, Invalid
from vestibule.sessions.models import Device, DeviceType

LONGEST = {"device_name": 100, "browser": 60, "os": 60, "fingerprint_hash": 256}  # characters


def declared(typed: Mapping[str, str] | None) -> dict[str, str] | None:
    """The device as it may be kept: the fingerprint as its keyed digest (hex), the rest as it was said.

    Fields: fingerprint_hash, device_name, device_type, browser, os; all optional. Raises Invalid.
    """
    if not typed:
        return None
    wrong = {
        f"device.{field}": [FieldError("invalid", _("Use at most %(n)d printable characters.") % {"n": longest})]
        for field, longest in LONGEST.items()
        if len(typed.get(field, "")) > longest or not typed.get(field, "").isprintable()
    }
    if typed.get("device_type", "") not in ("", *DeviceType.values):
        words = _("Use one of: %(types)s.") % {"types": ", ".join(DeviceType.values)}
        wrong["device.device_type"] = [FieldError("invalid_choice", words)]
    if wrong:
        raise Invalid(wrong)
    fingerprint = typed.get("fingerprint_hash", "")
    return {
        "fingerprint": settings.KEYS.digest("device", fingerprint.encode()).hex() if fingerprint else "",
        "name": typed.get("device_name", ""),
        "type": typed.get("device_type", ""),
        "browser": typed.get("browser", ""),
        "os": typed.get("os", ""),
    }


def remember(user: User, said: Mapping[str, str] | None, now: datetime) -> Device | None:
    """Keep the device with the account, untrusted, in the caller's transaction; None where nothing was said."""
    if not said:
        return None
    facts = {name: said[name] for name in ("name", "type", "browser", "os")}
    device, _made = Device.objects.update_or_create(
        user=user,
        fingerprint=bytes.fromhex(said["fingerprint"]) or None,
        defaults={**facts, "last_seen_at": now},
        create_defaults={**facts, "last_seen_at": now, "created_at": now},
    )
    return device
