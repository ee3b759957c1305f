"""The tags that carry the destination from page to page (`web.destination`)."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from vestibule.web import destination

register = template.Library()


@register.simple_tag(takes_context=True)
def carried_destination(context: Mapping[str, Any]) -> SafeString:
    """The hidden field of a form."""
    carried = context.get("destination")
    if carried is None:
        return SafeString()
    return format_html('<input type="hidden" name="{}" value="{}">', carried.field, carried.url)


@register.simple_tag(takes_context=True)
def url_with_destination(context: Mapping[str, Any], name: str, **parameters: str) -> str:
    """The address of a page that goes on with the flow, with these parameters; those without a value are left out."""
    return destination.url_with_destination(
        context.get("destination"), name, **{key: value for key, value in parameters.items() if value}
    )
