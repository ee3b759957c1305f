"""Durations in words. The scripts of the pages round alike (static/vestibule/pages/house.js)."""

from django.utils.translation import ngettext

MINUTE, HOUR, DAY = 60, 60 * 60, 24 * 60 * 60  # seconds


def name_duration(seconds: int) -> str:
    """Return a duration in one unit, rounded up: a smaller unit is used up to two of the larger one."""
    if seconds < 2 * MINUTE and seconds % MINUTE:
        return ngettext("%(count)d second", "%(count)d seconds", seconds) % {"count": seconds}
    if seconds < 2 * HOUR:
        count = -(-seconds // MINUTE)
        return ngettext("%(count)d minute", "%(count)d minutes", count) % {"count": count}
    if seconds < 2 * DAY:
        count = -(-seconds // HOUR)
        return ngettext("%(count)d hour", "%(count)d hours", count) % {"count": count}
    count = -(-seconds // DAY)
    return ngettext("%(count)d day", "%(count)d days", count) % {"count": count}
