"""A port of its own for the metrics of a worker, which serves nothing else (WORKER_METRICS_PORT)."""

from collections.abc import Iterable
from socketserver import ThreadingMixIn
from threading import Thread
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CONTENT_TYPE_LATEST

from vestibule.skins.ops.exposition import exposition, may_scrape

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse


class Server(ThreadingMixIn, WSGIServer):
    """A thread a scrape."""

    daemon_threads = True


class Handler(WSGIRequestHandler):
    """Prints nothing: standard output is for the logs."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def serve(address: str, port: int) -> Server:
    """Serve the metrics at every path until the process ends; the bearer token is the one of `/metrics`."""
    server = make_server(address, port, _answer, server_class=Server, handler_class=Handler)
    Thread(target=server.serve_forever, name="vestibule-metrics", daemon=True).start()
    return server


def _answer(environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
    if not may_scrape(environ.get("HTTP_AUTHORIZATION", "")):
        start_response("401 Unauthorized", [("WWW-Authenticate", "Bearer")])
        return []
    start_response("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
    return [exposition()]
