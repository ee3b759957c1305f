"""The bodies of requests: how long one may be, by its path, and the chunked ones made whole (RFC 9112, 7.1)."""

from io import BytesIO
from typing import Any

from django.conf import settings

KIB, MIB = 1024, 1024 * 1024


def limit_for_path(path: str) -> int:
    """How many bytes may be sent there."""
    longer = (limit for prefix, limit in settings.LONGER_BODIES.items() if path.startswith(prefix))
    return next(longer, settings.BODY_LIMIT)


def format_limit(limit: int) -> str:
    """The limit as people are told it; of a form with a file, what the file may have."""
    return f"{limit // MIB} MB" if limit >= MIB else f"{limit // KIB} KiB"


def buffer_chunked_body(environ: dict[str, Any]) -> None:
    """Give a body in chunks a length. Django reads as many bytes as Content-Length says: it would be an empty one. It
    is read here, to one byte over the limit of its path, where the server says where it ends (`wsgi.input_terminated`);
    else it stays what it is, and is refused (web.middleware)."""
    if "HTTP_TRANSFER_ENCODING" in environ and environ.get("wsgi.input_terminated"):
        body = environ["wsgi.input"].read(limit_for_path(environ.get("PATH_INFO", "")) + 1)
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(body), str(len(body))
        del environ["HTTP_TRANSFER_ENCODING"]
