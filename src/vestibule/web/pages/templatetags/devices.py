"""The filter that names a device (`web.pages.device_names`)."""

from django import template

from vestibule.sessions.models import Device
from vestibule.web.pages.device_names import name_device

register = template.Library()


@register.filter
def device_name(device: Device | None) -> str:
    """What it is called; also of a session that came from none."""
    return name_device(device)
