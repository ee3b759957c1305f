"""The filters that write a moment as `<time>`: in the reader's language, and by script (house.js) in their zone."""

from datetime import datetime

from django import template
from django.template.defaultfilters import date
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def moment(at: datetime) -> SafeString:
    """A day and the time of day. Without a script it is in UTC, and says so."""
    return format_html('<time datetime="{}">{} UTC</time>', at.isoformat(), date(at, "DATETIME_FORMAT"))


@register.filter
def day(at: datetime) -> SafeString:
    """A day."""
    return format_html('<time datetime="{}" data-day>{}</time>', at.isoformat(), date(at, "DATE_FORMAT"))
