"""Protection of a provider's webhook view against malformed bodies."""

from collections.abc import Callable
from functools import wraps

import structlog
from django.http import HttpRequest, HttpResponseBase

from vestibule.web import error_responses

_PARSER_ERRORS = (ValueError, TypeError, LookupError, AttributeError, RecursionError)

log = structlog.get_logger("vestibule.webhooks")


def refuse_unreadable(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Make the view answer 400 to a body of another form than its provider documents. anymail's parsers raise various
    exceptions, and each would be a 500."""

    @wraps(view)
    def view_or_bad_request(request: HttpRequest, *args: object, **names: object) -> HttpResponseBase:
        try:
            return view(request, *args, **names)
        except _PARSER_ERRORS:
            log.warning("webhook.unreadable", exc_info=True)
            return error_responses.render_problem(request, "bad_request")

    return view_or_bad_request
