"""A port of its own for the metrics of a worker, which serves nothing else (WORKER_METRICS_PORT)."""

from collections.abc import Iterable
from socketserver import ThreadingMixIn
from threading import Thread
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.conf import settings
from prometheus_client import CONTENT_TYPE_LATEST

from vestibule.skins.operators import is_operator
from vestibule.skins.ops.exposition import exposition

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse


class Server(ThreadingMixIn, WSGIServer):
    """A thread a scrape."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of who went away, or sent nothing."""


class Handler(WSGIRequestHandler):
    """Prints nothing: standard output is for the logs."""

    timeout = 5.0  # seconds: who sends nothing, or does not read, holds a thread no longer

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def address() -> str:
    """Where the port is open: to this machine, and to others only where METRICS_TOKEN is asked of them."""
    return "0.0.0.0" if settings.METRICS_TOKEN else "127.0.0.1"  # noqa: S104


def serve(address: str, port: int) -> Server:
    """Serve the metrics at every path until the process ends, to whom `/metrics` is served."""
    server = make_server(address, port, _answer, server_class=Server, handler_class=Handler)
    Thread(target=server.serve_forever, name="vestibule-metrics", daemon=True).start()
    return server


def _answer(environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
    if not is_operator(environ):
        start_response("401 Unauthorized", [("WWW-Authenticate", "Bearer")])
        return []
    start_response("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
    return [exposition()]
