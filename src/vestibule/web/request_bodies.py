"""Request bodies: the limit of each path, and buffering of chunked bodies (RFC 9112, 7.1)."""

from io import BytesIO
from typing import Any

from vestibule.web import routes

KIB, MIB = 1024, 1024 * 1024


def limit_for_path(path: str) -> int:
    """Return how many bytes a body may have on this path."""
    return next((limit for start, limit in routes.longer_bodies() if path.startswith(start)), routes.BODY_LIMIT)


def format_limit(limit: int) -> str:
    """Return the limit in words."""
    return f"{limit // MIB} MB" if limit >= MIB else f"{limit // KIB} KiB"


def buffer_chunked_body(environ: dict[str, Any]) -> None:
    """Read a chunked body and give it a Content-Length, without which Django would read an empty body.

    At most one byte over the path's limit is read, and only if the server marks the end (`wsgi.input_terminated`).
    Otherwise the request stays as it is, and `web.middleware` refuses it.
    """
    if "HTTP_TRANSFER_ENCODING" in environ and environ.get("wsgi.input_terminated"):
        body = environ["wsgi.input"].read(limit_for_path(environ.get("PATH_INFO", "")) + 1)
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(body), str(len(body))
        del environ["HTTP_TRANSFER_ENCODING"]
