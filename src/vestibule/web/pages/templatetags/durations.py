"""The filters that name a duration (`web.durations`)."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from vestibule.web.durations import name_duration

register = template.Library()


@register.filter
def duration(seconds: int) -> str:
    """The duration in words."""
    return name_duration(seconds)


@register.filter
def countdown(seconds: int) -> SafeString:
    """The duration in words, which house.js counts down. It is no live region: nobody hears each second."""
    return format_html(
        '<span role="timer" aria-live="off" data-countdown="{}">{}</span>', seconds, name_duration(seconds)
    )
