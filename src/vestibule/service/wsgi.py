"""The WSGI application, with a request class that reads bodies whole and refuses malformed media types."""

from typing import Any

from django.core.cache import close_caches
from django.core.handlers.wsgi import WSGIRequest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import reset_queries
from django.utils.http import parse_header_parameters

from vestibule.web import request_bodies

_MEDIA_TYPE_HEADERS = ("CONTENT_TYPE", "HTTP_ACCEPT")
_MAX_HEADER_LENGTH = 1024  # characters of a media type header


class Request(WSGIRequest):
    """Django's request, protected against headers that would raise before any of our code runs.

    Django reads a request in the codec that `charset` names, even one that decodes no text, and raises for parameters
    in an unknown charset (RFC 2231). Both happen while the request is created, and would be a 500 without a trace. A
    media type that cannot be parsed is removed, so that the answer is 415 or 406. `web.middleware` decides about the
    charset.
    """

    def __init__(self, environ: dict[str, Any]) -> None:
        request_bodies.buffer_chunked_body(environ)
        for name in _MEDIA_TYPE_HEADERS:
            if not _has_readable_media_types(environ.get(name, "")):
                environ[name] = ""
        super().__init__(environ)

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))


def _has_readable_media_types(header: str) -> bool:
    try:
        for media_type in header.split(","):
            parse_header_parameters(media_type)
    except (ValueError, LookupError):
        return False
    return len(header) <= _MAX_HEADER_LENGTH


# What nobody has here: a log of queries, which DEBUG alone keeps, and caches with connections.
request_started.disconnect(reset_queries)
request_finished.disconnect(close_caches)
application = get_wsgi_application()
application.request_class = Request
