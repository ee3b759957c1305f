"""The WSGI application, and the request as it makes it: whole, in UTF-8, with media types that can be read."""

from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.utils.http import parse_header_parameters

from vestibule.web import request_bodies

_MEDIA_TYPE_HEADERS = ("CONTENT_TYPE", "HTTP_ACCEPT")
_MAX_HEADER_LENGTH = 1024  # characters of such a header


class Request(WSGIRequest):
    """Django's, without what a stranger could end it by before any of our code runs.

    Django reads a request in whatever codec `charset` names, also one that decodes no text, and raises on parameters
    in a charset that it does not know (RFC 2231): both while the request is made, which is a 500 without a trace. A
    media type that can't be read is none, so that the answer is 415 or 406; which charset a body may be in is
    web.middleware's to say.
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


application = get_wsgi_application()
application.request_class = Request
