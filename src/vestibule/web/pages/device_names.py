"""Devices by name, in the reader's language."""

from django.utils.translation import gettext as _

from vestibule.sessions.devices import describe_user_agent
from vestibule.sessions.models import Device


def name_device(device: Device | None) -> str:
    """Return what the person or an app called it; a name that was made of browser and system is made anew."""
    if device is None or not device.name:
        return _("A device")
    was_made = device.name == f"{device.browser} on {device.os}"
    return _join_names(device.browser, device.os) if was_made else device.name


def name_user_agent(user_agent: str) -> str:
    """Return browser and system of a browser that sends this; "" if it names neither."""
    told = describe_user_agent(user_agent)
    return _join_names(told["browser"], told["os"])


def _join_names(browser: str, system: str) -> str:
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system
