"""A provider's view that meets what it cannot read."""

from collections.abc import Callable
from functools import wraps

import structlog
from django.http import HttpRequest, HttpResponseBase

from vestibule.skins import failures

_UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, RecursionError)

log = structlog.get_logger("vestibule.webhooks")


def refused(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The view, with 400 for a body of another shape than its provider documents: anymail's parsers raise whatever
    they stumble over, which would be a 500 for each junk that comes with the right secret, or without one."""

    @wraps(view)
    def careful(request: HttpRequest, *args: object, **names: object) -> HttpResponseBase:
        try:
            return view(request, *args, **names)
        except _UNREADABLE:
            log.warning("webhook.unreadable", exc_info=True)
            return failures.answer(request, "bad_request")

    return careful
